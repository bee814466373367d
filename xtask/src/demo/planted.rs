//! The step planted in the package's Makefile, the canaries it reaches for, and the judgement of what it got.
//!
//! The judgement does not trust the step's own words: it looks at the canaries.

use crate::command::{self, Result, outcome, read_file, write_file};
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const SCRIPT: &str = include_str!("planted.sh");
const LOG: &str = "planted.log";

/// What `all` depends on from now on; make stops nothing because of it.
const RULE: &str = "\nall: planted-by-the-demo\n\
                    planted-by-the-demo:\n\t-@sh ./planted.sh > planted.log 2>&1\n\
                    .PHONY: planted-by-the-demo\n";

#[derive(Debug)]
pub(super) struct Planted {
    directory: PathBuf,
    home: PathBuf,
    secret: String,
    /// Listens where no view may connect.
    port: TcpListener,
    passwd: Vec<u8>,
    usr_canary: PathBuf,
}

impl Planted {
    /// Puts the step into the Makefile of `directory`, and the canaries where it looks for them.
    pub(super) fn plant(directory: &Path, scratch: &Path) -> Result<Planted> {
        let port = TcpListener::bind("127.0.0.1:0")?;
        port.set_nonblocking(true)?;
        let planted = Planted {
            directory: directory.to_path_buf(),
            home: scratch.join("home"),
            secret: format!("canary-{:x}", std::process::id() ^ port.local_addr()?.port() as u32),
            port,
            passwd: std::fs::read("/etc/passwd")?,
            usr_canary: format!("/usr/eyot-demo-canary-{}", std::process::id()).into(),
        };
        write_file(&planted.secret_file(), format!("{}\n", planted.secret))?;
        write_file(&directory.join("planted.sh"), format!("{}{SCRIPT}", planted.values()?))?;
        let makefile = ["Makefile.in", "Makefile"]
            .map(|name| directory.join(name))
            .into_iter()
            .find(|file| file.exists());
        let makefile = makefile.ok_or("the package has no Makefile to plant a step in")?;
        let text = read_file(&makefile)?;
        write_file(&makefile, text + RULE)?;
        Ok(planted)
    }

    /// The home of whoever starts the build.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// The attempts that change nothing must succeed on the bare host; else a refusal in the view would mean nothing.
    pub(super) fn prove_harmless_attempts(&self) -> Result {
        let control = command::read(
            Command::new("sh").arg("planted.sh").arg("harmless").current_dir(&self.directory),
        )?;
        print!("{}", table(&control));
        if !control.contains(&self.secret) || !self.somebody_connected()? {
            return Err(
                "the planted step finds no canary even on the bare host: the demo is broken".into(),
            );
        }
        Ok(())
    }

    /// Shows what the step got; an error if that was anything.
    pub(super) fn judge(&self) -> Result {
        let log = read_file(&self.directory.join(LOG))?;
        print!("{}", table(&log));
        let escapes = self.escapes(&log)?;
        if !escapes.is_empty() {
            return Err(format!("the view withheld too little: {}", escapes.join("; ")).into());
        }
        println!(
            "the canaries agree: the secret was not read, nobody connected, /etc/passwd and /usr are as they were"
        );
        Ok(())
    }

    fn escapes(&self, log: &str) -> Result<Vec<String>> {
        let mut escapes: Vec<_> =
            log.lines().filter(|line| line.starts_with("succeeded|")).map(str::to_owned).collect();
        if log.lines().filter(|line| line.contains('|')).count()
            != SCRIPT.matches("\nattempt \"").count()
        {
            escapes.push("the planted step did not come to its end".to_owned());
        }
        if log.contains(&self.secret) {
            escapes.push("the secret was read".to_owned());
        }
        if self.somebody_connected()? {
            escapes.push("somebody connected to the host's port".to_owned());
        }
        if std::fs::read("/etc/passwd")? != self.passwd {
            escapes.push("/etc/passwd is not what it was".to_owned());
        }
        if self.usr_canary.exists() {
            std::fs::remove_file(&self.usr_canary)?;
            escapes.push("a file was made in the host's /usr".to_owned());
        }
        Ok(escapes)
    }

    fn secret_file(&self) -> PathBuf {
        self.home.join(".ssh/id_canary")
    }

    fn somebody_connected(&self) -> Result<bool> {
        match self.port.accept() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The shell variables that the script starts with.
    fn values(&self) -> Result<String> {
        let passwd = std::fs::metadata("/etc/passwd")?;
        let disk = Disk::of_this_machine()?;
        Ok(format!(
            "SECRET={} PORT={} PASSWD={}:{} USR_CANARY={} DISK={} DISK_MAJOR={} DISK_MINOR={}\n",
            self.secret_file().display(),
            self.port.local_addr()?.port(),
            passwd.dev(),
            passwd.ino(),
            self.usr_canary.display(),
            disk.node,
            disk.major,
            disk.minor,
        ))
    }
}

#[derive(Debug)]
struct Disk {
    node: String,
    major: u32,
    minor: u32,
}

/// RAM disks and loop devices: they are empty, so to read one proves nothing.
const MEMORY_DISKS: [&str; 2] = ["1", "7"];

impl Disk {
    /// The one that holds `/`, or else any; /dev/sda's numbers where the kernel shows none.
    fn of_this_machine() -> Result<Disk> {
        let root =
            outcome(Command::new("findmnt").args(["--noheadings", "--output", "MAJ:MIN", "/"]))?;
        let root = String::from_utf8(root.stdout)?.trim().to_owned();
        let disks = std::fs::read_dir("/sys/dev/block").into_iter().flatten().flatten();
        let mut numbers = vec![root];
        numbers.extend(disks.map(|disk| disk.file_name().to_string_lossy().into_owned()));
        let found = numbers.iter().find_map(|numbers| Disk::from_sysfs(numbers));
        Ok(found.unwrap_or(Disk { node: "/dev/sda".to_owned(), major: 8, minor: 0 }))
    }

    fn from_sysfs(numbers: &str) -> Option<Disk> {
        let (major, minor) = numbers.split_once(':')?;
        if MEMORY_DISKS.contains(&major) {
            return None;
        }
        let event = std::fs::read_to_string(format!("/sys/dev/block/{numbers}/uevent")).ok()?;
        let name = event.lines().find_map(|line| line.strip_prefix("DEVNAME="))?;
        Some(Disk {
            node: format!("/dev/{name}"),
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }
}

/// The lines of the step's log, in columns.
fn table(log: &str) -> String {
    let row = |line: &str| match line.splitn(3, '|').collect::<Vec<_>>().as_slice() {
        [outcome, what, answer] => format!("  {outcome:<9}  {what}\n             {answer}\n"),
        _ => format!("  {line}\n"),
    };
    log.lines().map(row).collect()
}

//! Where the source package comes from: the Debian mirror that this machine uses, or examples/ where none answers.

use crate::command::{Result, is_root, read, run, write_file};
use crate::workspace;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Debug)]
pub(super) struct Source {
    /// The unpacked tree.
    pub(super) directory: PathBuf,
    /// Where it came from, for the reader.
    pub(super) origin: String,
    pub(super) build: &'static str,
    pub(super) try_out: &'static str,
}

const PACKAGE: &str = "hello";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// From a mirror, else from examples/; says which and why.
pub(super) fn fetch(scratch: &Path) -> Result<Source> {
    match from_mirror(scratch) {
        Ok(source) => Ok(source),
        Err(error) => {
            println!(
                "no mirror gives the source of '{PACKAGE}': {error}\nusing the small project in examples/hello-c"
            );
            example(scratch)
        }
    }
}

pub(super) fn example(scratch: &Path) -> Result<Source> {
    let directory = scratch.join("hello-c");
    run(Command::new("cp")
        .arg("-r")
        .arg(workspace::root().join("examples/hello-c"))
        .arg(&directory))?;
    Ok(Source {
        directory,
        origin: "examples/hello-c".to_owned(),
        build: "make && make check",
        try_out: "echo 'an eyot is an island' | ./hello",
    })
}

/// `apt-get source` with a list, an index and a cache of our own: the machine's are neither read nor changed.
fn from_mirror(scratch: &Path) -> Result<Source> {
    let apt = Apt::prepare(scratch)?;
    run(apt.command().arg("update"))?;
    run(apt.command().args(["source", "--quiet", PACKAGE]).current_dir(&apt.unpacked))?;
    let directory = only_directory_in(&apt.unpacked)?;
    let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Source {
        directory,
        origin: format!("{name}, from {}", apt.line),
        build: "./configure --quiet && make --quiet",
        try_out: "./hello && ./hello --version | head -n 1",
    })
}

#[derive(Debug)]
struct Apt {
    directory: PathBuf,
    unpacked: PathBuf,
    /// The one line of our list.
    line: String,
}

impl Apt {
    fn prepare(scratch: &Path) -> Result<Apt> {
        let directory = scratch.join("apt");
        let unpacked = scratch.join("source");
        for needed in [
            directory.join("lists/partial"),
            directory.join("cache/archives/partial"),
            unpacked.clone(),
        ] {
            std::fs::create_dir_all(needed)?;
        }
        let line = source_line()?;
        write_file(&directory.join("sources.list"), format!("{line}\n"))?;
        Ok(Apt { directory, unpacked, line })
    }

    fn command(&self) -> Command {
        let mut apt = Command::new("apt-get");
        let ours =
            |name: &str, place: &str| format!("{name}={}", self.directory.join(place).display());
        let mut options = vec![
            ours("Dir::Etc::sourcelist", "sources.list"),
            "Dir::Etc::sourceparts=-".to_owned(),
            ours("Dir::State::lists", "lists"),
            ours("Dir::Cache", "cache"),
            "Acquire::Retries=1".to_owned(),
            "Acquire::http::Timeout=20".to_owned(),
        ];
        if is_root() {
            // The user _apt could not write into a directory of ours.
            options.push("APT::Sandbox::User=root".to_owned());
        }
        for option in options {
            apt.args(["-o", &option]);
        }
        apt
    }
}

/// The `deb-src` line for the release this machine runs, at the mirror that it gets its packages from.
fn source_line() -> Result<String> {
    let release = std::fs::read_to_string("/etc/os-release")?;
    let codename = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let codename = codename.ok_or("/etc/os-release names no release")?.trim_matches('"');
    // apt's own answer, so that every form of its lists is understood.
    let format = "$(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)";
    let targets = read(Command::new("apt-get").args([
        "indextargets",
        "--no-release-info",
        "--format",
        format,
    ]))?;
    let mirror = mirror_in(&targets, codename)
        .ok_or_else(|| format!("no list of this machine names '{codename}'"))?;
    let signed =
        if Path::new(KEYRING).exists() { format!("[signed-by={KEYRING}] ") } else { String::new() };
    Ok(format!("deb-src {signed}{mirror} {codename} main"))
}

fn mirror_in<'a>(targets: &'a str, codename: &str) -> Option<&'a str> {
    targets.lines().find_map(|line| match line.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["Packages", mirror, release, "main"] if *release == codename => Some(*mirror),
        _ => None,
    })
}

fn only_directory_in(unpacked: &Path) -> Result<PathBuf> {
    let mut entries = std::fs::read_dir(unpacked)?.flatten().map(|entry| entry.path());
    entries.find(|path| path.is_dir()).ok_or_else(|| "apt-get unpacked no directory".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_the_one_of_this_release() {
        let targets = "Packages http://deb.example.org/security/ bookworm-security main\n\
                       Translations http://deb.example.org/debian/ bookworm main\n\
                       Packages http://deb.example.org/debian/ bookworm contrib\n\
                       Packages http://deb.example.org/debian/ bookworm main\n";
        assert_eq!(mirror_in(targets, "bookworm"), Some("http://deb.example.org/debian/"));
        assert_eq!(mirror_in(targets, "trixie"), None);
    }
}

//! `cargo xtask soak`: starts views for a long time, kills some at a bad moment, and looks for what stays behind.

use crate::command::{Result, is_root, outcome, read_file};
use crate::setup::{self, Section};
use crate::workspace::{self, Profile};
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How long; a part of a minute is a decimal fraction
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Repeats the choices of an earlier soak
    #[arg(long)]
    seed: Option<u64>,
    /// Use this executable rather than building one
    #[arg(long)]
    eyot: Option<PathBuf>,
}

pub(crate) fn soak(arguments: &Arguments) -> Result {
    setup::ensure(&[Section::Build])?;
    let eyot = match &arguments.eyot {
        Some(eyot) => std::path::absolute(eyot)?,
        None => workspace::build_eyot(Profile::Dev)?,
    };
    let seed = arguments.seed.unwrap_or_else(|| std::process::id().into());
    println!("soak: seed {seed}, {} minutes", arguments.minutes);
    let mut soak =
        Soak { eyot, choices: Choices(seed | 1), marker: format!("9999.{}", std::process::id()) };

    // The first starts make what is meant to stay, such as the nursery.
    for _ in 0..WARM_UP {
        soak.start(Ending::Natural)?;
    }
    let before = soak.settled()?;
    let end = Instant::now() + Duration::try_from_secs_f64(arguments.minutes * 60.0)?;
    let mut starts = 0;
    while Instant::now() < end {
        let ending = if soak.choices.one_in(5) { Ending::Killed } else { Ending::Natural };
        soak.start(ending)?;
        starts += 1;
    }
    let after = soak.settled()?;
    let left: Vec<_> = after.difference(&before).collect();
    println!("soak: {starts} starts, {} things left behind", left.len());
    for thing in &left {
        println!("  {thing}");
    }
    if left.is_empty() { Ok(()) } else { Err("something stays behind".into()) }
}

const WARM_UP: usize = 20;

/// What dies a little after its view does: namespaces and cgroups go when their last process has been reaped.
const SETTLE: Duration = Duration::from_secs(2);

/// Option groups; any of them may be given together with any others.
const OPTIONS: &[&[&str]] = &[
    &["--net", "loopback"],
    &["--hostname", "soak"],
    &["--tmpfs", "/scratch"],
    &["--ro", "/usr/share:/data"],
    &["--workdir", "/tmp"],
    &["--env", "SOAK=1"],
    &["--processes", "100"],
    &["--memory", "256M"],
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// The command exits, and leaves a child of its own behind in the view.
    Natural,
    /// The supervisor is killed at a random moment of the start.
    Killed,
}

#[derive(Debug)]
struct Soak {
    eyot: PathBuf,
    choices: Choices,
    /// An argument that no other process of this machine has.
    marker: String,
}

impl Soak {
    fn start(&mut self, ending: Ending) -> Result {
        let mut command = Command::new(&self.eyot);
        command.arg("run");
        for options in OPTIONS {
            if self.choices.one_in(3) {
                command.args(*options);
            }
        }
        command
            .args(["--", "sh", "-c", "sleep \"$1\" >/dev/null 2>&1 & exit 7", "sh", &self.marker])
            .stdin(Stdio::null());
        match ending {
            Ending::Natural => expect_seven(&mut command),
            Ending::Killed => self.kill_during(command.stdout(Stdio::null()).stderr(Stdio::null())),
        }
    }

    fn kill_during(&mut self, command: &mut Command) -> Result {
        let mut child = command.spawn()?;
        sleep(Duration::from_micros(self.choices.below(12_000)));
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    fn settled(&self) -> Result<BTreeSet<String>> {
        sleep(SETTLE);
        let mut things = BTreeSet::new();
        things.extend(mounts()?);
        things.extend(self.processes()?);
        for place in ["/run/eyot", "/sys/fs/cgroup"] {
            things.extend(
                paths_below(Path::new(place)).into_iter().filter(|path| path.contains("eyot")),
            );
        }
        if !is_root()
            && let Some(runtime) = std::env::var_os("XDG_RUNTIME_DIR")
        {
            things.extend(paths_below(&Path::new(&runtime).join("eyot")));
        }
        Ok(things)
    }

    /// Processes that run our executable, by whatever name, or our marked command.
    fn processes(&self) -> Result<Vec<String>> {
        let ours = std::fs::metadata(&self.eyot)?;
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let words = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
            let runs_eyot = std::fs::metadata(entry.path().join("exe"))
                .is_ok_and(|program| (program.dev(), program.ino()) == (ours.dev(), ours.ino()));
            if name.parse::<u32>().is_ok() && (runs_eyot || words.contains(&self.marker)) {
                found.push(format!("process {name}: {}", words.replace('\0', " ")));
            }
        }
        Ok(found)
    }
}

fn expect_seven(command: &mut Command) -> Result {
    let answer = outcome(command)?;
    match answer.status.code() {
        Some(7) => Ok(()),
        _ => Err(format!(
            "{command:?}: {}\n{}",
            answer.status,
            String::from_utf8_lossy(&answer.stderr)
        )
        .into()),
    }
}

/// The mounts of this namespace without their ids; the second at one place is told from the first.
fn mounts() -> Result<Vec<String>> {
    let table = read_file(Path::new("/proc/self/mountinfo"))?;
    let mut places: Vec<String> = Vec::new();
    for place in table.lines().filter_map(|line| line.split(' ').nth(4)) {
        let nth = places.iter().filter(|known| known.split(' ').nth(1) == Some(place)).count();
        places.push(format!("mount {place} ({nth})"));
    }
    Ok(places)
}

/// Every path below `top`, as far as it can be read; links are not followed.
fn paths_below(top: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(top).into_iter().flatten().flatten();
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.path().display().to_string());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            paths.extend(paths_below(&entry.path()));
        }
    }
    paths
}

/// Pseudo-random choices that a seed repeats (xorshift64).
#[derive(Debug)]
struct Choices(u64);

impl Choices {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

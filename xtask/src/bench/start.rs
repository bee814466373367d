//! `cargo xtask bench start`: the time from the start of the command to the exit of a program that does nothing.
//!
//! A host with thousands of mounts is imitated in a private mount namespace, which is gone afterwards.

use super::contestant::{Field, Name};
use super::measure::{Answer, Job, Kind};
use super::report::{self, Results};
use crate::command::{Result, is_root, read, run, write_file};
use crate::setup::{self, Section};
use crate::workspace::{self, Profile};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Starts of each contestant on a host with few mounts; fewer are made where one takes long
    #[arg(long, default_value_t = 200)]
    runs: usize,
    /// How many mounts the host has
    #[arg(long, value_delimiter = ',', default_values_t = [30, 300, 3_000, 10_000])]
    mounts: Vec<usize>,
    /// How many views are started at once
    #[arg(long, default_value_t = 1_000)]
    parallel: usize,
    /// Leave a contestant out; then docs/ is left as it is
    #[arg(long)]
    without: Vec<Name>,
    /// Measure this executable rather than building one
    #[arg(long)]
    eyot: Option<PathBuf>,
}

pub(crate) fn start(arguments: &Arguments) -> Result {
    setup::ensure(&[Section::Build, Section::Bench])?;
    if !is_root() {
        return Err("the benchmark makes thousands of mounts for itself: start it as root".into());
    }
    let eyot = match (&arguments.eyot, arguments.without.contains(&Name::Eyot)) {
        (_, true) => None,
        (Some(eyot), false) => Some(std::path::absolute(eyot)?),
        (None, false) => Some(workspace::build_eyot(Profile::Release)?),
    };
    let host = Host::prepare()?;
    let results = measure_all(arguments, &host, eyot.as_deref());
    host.remove()?;
    let results = results?;
    if arguments.without.is_empty() { report::write(&results) } else { report::show(&results) }
}

fn measure_all(arguments: &Arguments, host: &Host, eyot: Option<&Path>) -> Result<Results> {
    let programs = host.programs();
    let field = Field { eyot, programs: &programs, without: &arguments.without };
    let program = programs.join("true").display().to_string();
    let starting = field.running(&[program.as_str()]);
    let job =
        |kind, runs| Job { kind, runs, directory: programs.clone(), contestants: starting.clone() };
    let few = arguments.mounts.first().copied().unwrap_or(30);

    let mut starts = Vec::new();
    for &mounts in &arguments.mounts {
        starts.push(host.measure(mounts, &job(Kind::Starts, runs_at(arguments.runs, mounts)))?);
    }
    let work = host.measure(few, &job(Kind::Work, arguments.runs))?;
    let parallel = host.measure(few, &job(Kind::Parallel, arguments.parallel))?;
    let sleeping =
        Job { contestants: field.running(&["/usr/bin/sleep", "60"]), ..job(Kind::Memory, 20) };
    let memory = host.measure(few, &sleeping)?;
    Ok(Results { starts, work, parallel, memory, at_once: arguments.parallel })
}

/// A start that copies a long mount table takes a hundred times as long, and varies less.
fn runs_at(runs: usize, mounts: usize) -> usize {
    match mounts {
        0..1_000 => runs,
        1_000..5_000 => runs.div_ceil(2),
        _ => runs.div_ceil(4),
    }
}

/// What the benchmark keeps on disk: below /tmp, since a view on unprivileged ids cannot reach into a home.
#[derive(Debug)]
struct Host {
    directory: PathBuf,
}

const PROGRAMS: [&str; 3] = ["true", "baseline", "host_mounts"];

impl Host {
    fn prepare() -> Result<Host> {
        let host = Host {
            directory: std::env::temp_dir().join(format!("eyot-bench-{}", std::process::id())),
        };
        for directory in [host.directory.clone(), host.programs(), host.mounts()] {
            std::fs::DirBuilder::new().mode(0o755).create(&directory)?;
        }
        for program in PROGRAMS {
            let source = workspace::root().join(format!("benches/start/{program}.c"));
            let mut compiler = Command::new("cc");
            compiler
                .args(["-O2", "-Wall", "-Wextra", "-static", "-o"])
                .arg(host.programs().join(program))
                .arg(source);
            run(&mut compiler)?;
        }
        Ok(host)
    }

    /// Only what we made, by name: a recursive removal near mounts is how machines lose their files.
    fn remove(&self) -> Result {
        for program in PROGRAMS {
            std::fs::remove_file(self.programs().join(program))?;
        }
        std::fs::remove_file(self.job())?;
        for directory in [self.programs(), self.mounts(), self.directory.clone()] {
            std::fs::remove_dir(directory)?;
        }
        Ok(())
    }

    fn programs(&self) -> PathBuf {
        self.directory.join("programs")
    }

    /// Apart from the programs: what shows the programs must not show the mounts.
    fn mounts(&self) -> PathBuf {
        self.directory.join("mounts")
    }

    fn job(&self) -> PathBuf {
        self.directory.join("job")
    }

    fn measure(&self, mounts: usize, job: &Job) -> Result<Answer> {
        println!("{:?}: {} runs at {mounts} mounts", job.kind, job.runs);
        write_file(&self.job(), serde_json::to_string(job)?)?;
        let mut measuring = match std::thread::available_parallelism()?.get() {
            // The promise is for two cores; a bigger machine lends two of them.
            3.. => {
                let mut pinned = Command::new("taskset");
                pinned.args(["--cpu-list", "0,1"]).arg(self.programs().join("host_mounts"));
                pinned
            }
            _ => Command::new(self.programs().join("host_mounts")),
        };
        measuring.arg(mounts.to_string()).arg(self.mounts()).arg(std::env::current_exe()?);
        measuring.args(["bench", "measure"]).arg(self.job());
        Ok(serde_json::from_str(&read(&mut measuring)?)?)
    }
}

//! The measuring process. `start` runs it on each prepared host; it reads a job and prints what it measured as JSON.

use super::contestant::{Contestant, Name};
use crate::command::{Result, outcome, read_file};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    job: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) kind: Kind,
    pub(super) runs: usize,
    /// Where the starts happen: in a view, the current directory is visible.
    pub(super) directory: PathBuf,
    pub(super) contestants: Vec<Contestant>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Kind {
    /// Milliseconds of each start, one after the other, contestants in turn.
    Starts,
    /// Processes made and context switches of one start.
    Work,
    /// Starts a second, with all of them begun before any is waited for.
    Parallel,
    /// KiB that are private to all of a view but its command, and to its init where it has one.
    Memory,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Answer {
    /// Mounts of this host.
    pub(super) mounts: usize,
    pub(super) samples: BTreeMap<Name, Vec<f64>>,
}

pub(crate) fn measure(arguments: &Arguments) -> Result {
    let job: Job = serde_json::from_str(&read_file(&arguments.job)?)?;
    for contestant in &job.contestants {
        check(&job, contestant)?;
    }
    let samples = match job.kind {
        Kind::Starts => starts(&job)?,
        Kind::Work => each(&job, work)?,
        Kind::Parallel => each(&job, parallel)?,
        Kind::Memory => each(&job, memory)?,
    };
    let mounts = read_file(Path::new("/proc/self/mountinfo"))?.lines().count();
    println!("{}", serde_json::to_string(&Answer { mounts, samples })?);
    Ok(())
}

/// Starts it once with its complaints kept: a contestant that fails fast must not win. Also warms the caches.
fn check(job: &Job, contestant: &Contestant) -> Result {
    if matches!(job.kind, Kind::Memory) {
        return Ok(());
    }
    let answer = outcome(&mut command(job, contestant))?;
    if !answer.status.success() {
        let complaint = String::from_utf8_lossy(&answer.stderr);
        return Err(format!(
            "{} cannot start a view: {}\n{complaint}",
            contestant.name.shown(),
            answer.status
        )
        .into());
    }
    Ok(())
}

fn command(job: &Job, contestant: &Contestant) -> Command {
    let mut command = Command::new(&contestant.words[0]);
    command.args(&contestant.words[1..]).current_dir(&job.directory).stdin(Stdio::null());
    command
}

fn begin(job: &Job, contestant: &Contestant) -> Result<Child> {
    Ok(command(job, contestant).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
}

/// A start from our spawn to our wait, in milliseconds.
fn one_start(job: &Job, contestant: &Contestant) -> Result<f64> {
    let begun = Instant::now();
    let status = begin(job, contestant)?.wait()?;
    let taken = begun.elapsed();
    if !status.success() {
        return Err(format!("{}: a start failed: {status}", contestant.name.shown()).into());
    }
    Ok(taken.as_secs_f64() * 1e3)
}

/// In turn, so that a noisy second hits every contestant.
fn starts(job: &Job) -> Result<BTreeMap<Name, Vec<f64>>> {
    let mut samples: BTreeMap<Name, Vec<f64>> = BTreeMap::new();
    for _ in 0..job.runs {
        for contestant in &job.contestants {
            samples.entry(contestant.name).or_default().push(one_start(job, contestant)?);
        }
    }
    Ok(samples)
}

fn each(
    job: &Job,
    of: fn(&Job, &Contestant) -> Result<Vec<f64>>,
) -> Result<BTreeMap<Name, Vec<f64>>> {
    job.contestants.iter().map(|contestant| Ok((contestant.name, of(job, contestant)?))).collect()
}

const BATCH: usize = 10;

/// The kernel counts for the whole machine, so the quietest of several batches is nearest to the truth.
fn work(job: &Job, contestant: &Contestant) -> Result<Vec<f64>> {
    let mut least = [f64::INFINITY; 2];
    for _ in 0..job.runs.div_ceil(BATCH) {
        let before = machine_counts()?;
        for _ in 0..BATCH {
            one_start(job, contestant)?;
        }
        let after = machine_counts()?;
        for (least, (after, before)) in least.iter_mut().zip(after.iter().zip(before)) {
            *least = least.min((after - before) / BATCH as f64);
        }
    }
    Ok(least.to_vec())
}

/// Processes ever made, and context switches, of this machine.
fn machine_counts() -> Result<[f64; 2]> {
    let statistics = read_file(Path::new("/proc/stat"))?;
    let count = |name: &str| {
        let line = statistics.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse().ok())
            .ok_or_else(|| format!("/proc/stat has no '{name}'"))
    };
    Ok([count("processes ")?, count("ctxt ")?])
}

fn parallel(job: &Job, contestant: &Contestant) -> Result<Vec<f64>> {
    let begun = Instant::now();
    let children = (0..job.runs).map(|_| begin(job, contestant)).collect::<Result<Vec<_>>>()?;
    let mut failed = 0;
    for mut child in children {
        failed += usize::from(!child.wait()?.success());
    }
    let taken = begun.elapsed();
    if failed > 0 {
        return Err(format!(
            "{}: {failed} of {} parallel starts failed",
            contestant.name.shown(),
            job.runs
        )
        .into());
    }
    Ok(vec![job.runs as f64 / taken.as_secs_f64()])
}

/// Time enough for a view to have started its command, which then only sleeps.
const SETTLED: Duration = Duration::from_millis(500);

/// Of several views at once, the middle one's.
fn memory(job: &Job, contestant: &Contestant) -> Result<Vec<f64>> {
    let mut views = (0..job.runs).map(|_| begin(job, contestant)).collect::<Result<Vec<_>>>()?;
    sleep(SETTLED);
    let measured = private_memory(&views);
    for view in &mut views {
        view.kill()?;
        view.wait()?;
    }
    let (inits, wholes) = measured?;
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    Ok([middle(wholes), middle(inits)].into_iter().flatten().collect())
}

fn private_memory(views: &[Child]) -> Result<(Vec<f64>, Vec<f64>)> {
    let processes = Process::all()?;
    let (mut inits, mut wholes): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    for view in views {
        let members = Process::descending_from(&processes, view.id());
        if !members.iter().any(|process| process.is_command()) {
            return Err("a view did not come to its command in time".into());
        }
        let ours = members.iter().filter(|process| !process.is_command());
        wholes.push(ours.clone().map(|process| process.private_kib()).sum::<u32>().into());
        inits.extend(
            ours.filter(|process| process.is_init())
                .map(|process| f64::from(process.private_kib())),
        );
    }
    Ok((inits, wholes))
}

#[derive(Debug)]
struct Process {
    id: u32,
    status: String,
}

impl Process {
    fn all() -> Result<Vec<Process>> {
        let entries = std::fs::read_dir("/proc")?.flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        // One that ends meanwhile is left out.
        let read = |id| {
            Some(Process {
                id,
                status: std::fs::read_to_string(format!("/proc/{id}/status")).ok()?,
            })
        };
        Ok(ids.filter_map(read).collect())
    }

    fn descending_from(processes: &[Process], first: u32) -> Vec<&Process> {
        let mut ids = vec![first];
        let mut at = 0;
        while let Some(&parent) = ids.get(at) {
            ids.extend(
                processes
                    .iter()
                    .filter(|process| process.parent() == Some(parent))
                    .map(|process| process.id),
            );
            at += 1;
        }
        processes.iter().filter(|process| ids.contains(&process.id)).collect()
    }

    fn field(&self, name: &str) -> Option<&str> {
        let lines = self.status.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| *key == name).map(|(_, value)| value.trim()).next()
    }

    fn parent(&self) -> Option<u32> {
        self.field("PPid")?.parse().ok()
    }

    fn is_command(&self) -> bool {
        self.field("Name") == Some("sleep")
    }

    /// The first process of a pid namespace below ours.
    fn is_init(&self) -> bool {
        let ids: Vec<_> = self.field("NSpid").unwrap_or_default().split_whitespace().collect();
        ids.len() > 1 && ids.last() == Some(&"1")
    }

    fn private_kib(&self) -> u32 {
        let rollup =
            std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.id)).unwrap_or_default();
        let private = rollup.lines().filter(|line| line.starts_with("Private_"));
        private.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u32>().ok()).sum::<u32>()
    }
}

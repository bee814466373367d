//! eyot is killed at any moment of a start, and nothing of the view stays.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::case::{Outcome, cases};
use crate::cases::limits::groups_of_views;
use crate::executable::{AT, eyot};

cases! {
    userns: nothing_stays_after_a_kill, no_reserved_name_stays_after_a_kill;
    root: nothing_stays_after_a_kill_of_roots_views;
    cgroups: nothing_of_limited_views_stays_after_a_kill;
}

/// A start takes some milliseconds; these delays lie before, in and behind it, the same in every run.
fn delays() -> impl Iterator<Item = Duration> {
    let mut state: u64 = 42;
    std::iter::from_fn(move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some(Duration::from_micros((state >> 33) % 15_000))
    })
}

/// Starts eyot with `words` and kills it, `times` times; returns how many views had begun to run their command.
fn kill_starts(words: &[&str], times: usize) -> Result<usize, Box<dyn std::error::Error>> {
    let mut ran = 0;
    for delay in delays().take(times) {
        let _ = fs::remove_file("/tmp/ran");
        let mut eyot = Command::new(AT).args(words).stdin(Stdio::null()).spawn()?;
        sleep(delay);
        eyot.kill()?;
        eyot.wait()?;
        ran += usize::from(fs::exists("/tmp/rw/ran")?);
        let _ = fs::remove_file("/tmp/rw/ran");
    }
    Ok(ran)
}

/// What is there now and will be told apart from what a view leaves.
#[derive(Debug, PartialEq, Eq)]
struct Traces {
    processes: Vec<String>,
    mounts: usize,
    sockets: usize,
    /// Blocks of ids that are taken.
    blocks: usize,
    run: Vec<String>,
}

fn traces() -> Result<Traces, Box<dyn std::error::Error>> {
    let mut processes = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            // A dead one that nobody waits for is none: the case is init of its PID namespace.
            let stat = fs::read_to_string(format!("/proc/{name}/stat")).unwrap_or_default();
            let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
            if !matches!(state, None | Some('Z' | 'X')) {
                processes.push(stat.split(' ').nth(1).unwrap_or_default().to_owned());
            }
        }
    }
    processes.sort();
    let mut run: Vec<String> = match Path::new("/run/eyot").read_dir() {
        Ok(entries) => entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<std::io::Result<_>>()?,
        Err(_) => Vec::new(),
    };
    run.sort();
    let sockets = fs::read_to_string("/proc/net/unix")?;
    Ok(Traces {
        processes,
        mounts: fs::read_to_string("/proc/self/mountinfo")?.lines().count(),
        sockets: sockets.lines().filter(|line| line.contains("@eyot/view/")).count(),
        blocks: locks_of_blocks()?,
        run,
    })
}

/// The locks that all processes hold on the file of ids (`proc_locks(5)`).
fn locks_of_blocks() -> std::io::Result<usize> {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(ids) = fs::metadata("/run/eyot/ids") else { return Ok(0) };
    let device = (ids.dev() >> 8 & 0xfff, ids.dev() & 0xff | ids.dev() >> 12 & 0xfff00);
    let file = format!(" {:02x}:{:02x}:{} ", device.0, device.1, ids.ino());
    Ok(fs::read_to_string("/proc/locks")?.lines().filter(|line| line.contains(&file)).count())
}

/// The ends of processes and namespaces take a moment after the kill.
fn wait_for(before: &Traces) -> Outcome {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let now = traces()?;
        if now == *before {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("before {before:?}, after {now:?}").into());
        }
        sleep(Duration::from_millis(10));
    }
}

fn nothing_stays(times: usize) -> Outcome {
    fs::create_dir("/tmp/rw")?;
    // The first start makes what lasts: the nursery and the locks.
    eyot(["run", "true"])?.fine()?;
    let before = traces()?;
    let words = ["run", "--rw", "/tmp/rw", "--", "sh", "-c", "echo > /tmp/rw/ran; sleep 100"];
    let ran = kill_starts(&words, times)?;
    wait_for(&before)?;
    // Some were killed before their command ran and some after it: the delays reach both sides.
    assert!(ran > 0 && ran < times, "{ran} of {times} ran");
    eyot(["run", "true"])?.fine().map(drop).map_err(Into::into)
}

fn nothing_stays_after_a_kill() -> Outcome {
    nothing_stays(100)
}

fn nothing_stays_after_a_kill_of_roots_views() -> Outcome {
    fs::create_dir("/tmp/rw")?;
    std::os::unix::fs::chown("/tmp/rw", Some(65_534), Some(65_534))?;
    fs::rename("/tmp/rw", "/tmp/rw-of-nobody")?;
    let words = [
        "run",
        "--rw",
        "/tmp/rw-of-nobody:/tmp/rw",
        "--",
        "sh",
        "-c",
        "echo > /tmp/rw/ran; sleep 100",
    ];
    eyot(["run", "true"])?.fine()?;
    let before = traces()?;
    let mut ran = 0;
    for chunk in 0..4 {
        kill_starts(&words, 25)?;
        ran += usize::from(fs::exists("/tmp/rw-of-nobody/ran")?);
        let _ = fs::remove_file("/tmp/rw-of-nobody/ran");
        wait_for(&before).map_err(|error| format!("after {} kills: {error}", 25 * (chunk + 1)))?;
    }
    assert!(ran > 0, "no view lived long enough to run its command");
    eyot(["run", "true"])?.fine().map(drop).map_err(Into::into)
}

/// What holds reserved names of a project is made on the host, so a guard takes it away.
fn no_reserved_name_stays_after_a_kill() -> Outcome {
    fs::create_dir("/tmp/project")?;
    std::env::set_current_dir("/tmp/project")?;
    eyot(["run", "--profile", "agent", "true"])?.fine()?;
    let before = traces()?;
    kill_starts(&["run", "--profile", "agent", "--", "sleep", "100"], 60)?;
    wait_for(&before)?;
    let left: Vec<_> = fs::read_dir("/tmp/project")?.collect::<std::io::Result<_>>()?;
    assert!(left.is_empty(), "{left:?}");
    Ok(())
}

fn nothing_of_limited_views_stays_after_a_kill() -> Outcome {
    let limits = ["run", "--memory", "64M", "--processes", "20", "--cpus", "1", "--"];
    let words = |command: &[&'static str]| [&limits, command].concat();
    eyot(words(&["true"]))?.fine()?;
    let before = traces()?;
    // While it lives all of it is there, or nothing could be missed below.
    let mut view = Command::new(AT).args(words(&["sleep", "100"])).spawn()?;
    sleep(Duration::from_millis(300));
    let during = (traces()?, groups_of_views()?);
    view.kill()?;
    view.wait()?;
    assert_eq!((during.0.blocks, during.1.len()), (1, 3), "{during:?}");
    for _ in 0..4 {
        kill_starts(&words(&["sleep", "100"]), 25)?;
        wait_for(&before)?;
        // The guard, which is one of the processes, has removed them before it ended.
        assert_eq!(groups_of_views()?, Vec::<String>::new());
    }
    eyot(words(&["true"]))?.fine().map(drop).map_err(Into::into)
}

//! The end of a control group.

use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use eyot_sys::{Errno, Error};

/// So long a group may take to become empty: its processes are killed, but one in the middle of a disk's answer ends late.
const PATIENCE: Duration = Duration::from_secs(10);
const SIGKILL: i32 = 9;

/// Kills what is in the group `name` below `parent` and removes it; a group that is not there is no error.
pub(crate) fn remove(parent: BorrowedFd<'_>, name: &CStr) -> Result<(), Error> {
    let group = match eyot_sys::open_directory_below(parent, name) {
        Err(error) if error.errno == Errno::NOENT => return Ok(()),
        result => result?,
    };
    let until = Instant::now() + PATIENCE;
    let mut pause = Duration::from_micros(200);
    loop {
        match eyot_sys::remove_directory_below(parent, name) {
            Err(error) if error.errno == Errno::NOENT => return Ok(()),
            Err(error) if error.errno == Errno::BUSY && Instant::now() < until => {}
            result => return result,
        }
        kill_all(&group)?;
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

fn kill_all(group: &OwnedFd) -> Result<(), Error> {
    match eyot_sys::write_below(group, c"cgroup.kill", "1") {
        // Version 1, and before Linux 5.14: one after the other.
        Err(error) if error.errno == Errno::NOENT => kill_each(group),
        result => result,
    }
}

fn kill_each(group: &OwnedFd) -> Result<(), Error> {
    for pid in members(group)? {
        // Held first and looked for again: in between the number could have gone to a stranger.
        let Ok(process) = eyot_sys::open_process(pid) else { continue };
        if members(group)?.contains(&pid) {
            // It may have ended by itself.
            let _ = eyot_sys::send_signal(&process, SIGKILL);
        }
    }
    Ok(())
}

fn members(group: &OwnedFd) -> Result<Vec<i32>, Error> {
    let text = eyot_sys::read_below(group, c"cgroup.procs")?;
    // 0 stands for a process of another PID namespace.
    Ok(text.lines().filter_map(|line| line.parse().ok()).filter(|pid| *pid > 0).collect())
}

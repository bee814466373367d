//! The first process of a view: reaps what others leave and passes signals on to the command.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use eyot_sys::{Change, Ending, SignalSet};

use crate::command::Command;
use crate::diagnose::Place;
use crate::error::LaunchError;
use crate::terminal::{self, Role};

/// What is passed on: everything that a person or a service manager sends to end or prod a program.
pub(crate) const FORWARDED: &[i32] = &[
    1,  // SIGHUP
    2,  // SIGINT
    3,  // SIGQUIT
    10, // SIGUSR1
    12, // SIGUSR2
    15, // SIGTERM
    28, // SIGWINCH
];

const SIGCHLD: i32 = 17;
pub(crate) const SIGCONT: i32 = 18;

/// Starts the command and stays as init until it has ended. Comes back only with an error.
///
/// `while_it_starts` is done beside the command's first steps, before init closes its descriptors.
/// Init keeps two descriptors at most: `lock`, because the view's block of ids is free only when init has ended too, and
/// the channel over which it tells that a command on a terminal has stopped.
pub(crate) fn run(
    command: &Command<'_>,
    failed: &OwnedFd,
    lock: Option<BorrowedFd<'_>>,
    while_it_starts: impl FnOnce(),
) -> LaunchError {
    // The command's process borrows our memory until it has become the command: nothing is copied for it.
    let mut run = || command.run_and_report(Role::Command, failed);
    let pid = match eyot_sys::fork_in_borrowed_memory(&mut run) {
        Err(error) => return LaunchError::step("start the command", Place::UserNamespace, error),
        Ok(pid) => pid,
    };
    while_it_starts();
    // Init began as a copy of the supervisor: anybody inside could read the caller's command line.
    eyot_sys::forget_arguments();
    // Whoever reads the command's output must see its end when the command ends, and a file held open here would be a
    // way out. The supervisor sees the report's end when the command has the other copy closed.
    let channel = command.channel();
    let keep: Vec<i32> = lock.into_iter().chain(channel).map(|kept| kept.as_raw_fd()).collect();
    // A descriptor that cannot be closed was none.
    let _ = eyot_sys::close_all_from(0, &keep);
    eyot_sys::end(wait_for(pid, channel).code())
}

fn wait_for(command: i32, channel: Option<BorrowedFd<'_>>) -> Ending {
    let wanted: Vec<i32> = FORWARDED.iter().copied().chain([SIGCHLD, SIGCONT]).collect();
    let signals = SignalSet::of(&wanted);
    loop {
        match signals.wait() {
            SIGCHLD => {
                while let Some((pid, change)) = eyot_sys::next_change() {
                    match (pid == command, change) {
                        // With init every other process of the PID namespace ends (pid_namespaces(7)).
                        (true, Change::Ended(ending)) => return ending,
                        (true, Change::Stopped) => {
                            channel.into_iter().for_each(terminal::tell_stopped)
                        }
                        (false, Change::Ended(_) | Change::Stopped) => {}
                    }
                }
            }
            // Ctrl-Z stops a whole process group, so all of it goes on.
            SIGCONT => eyot_sys::kill(-command, SIGCONT),
            number => eyot_sys::kill(command, number),
        }
    }
}

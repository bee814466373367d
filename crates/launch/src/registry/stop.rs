use std::os::fd::AsFd as _;
use std::time::Duration;

use super::ask::{self, PATIENCE};
use super::attend::Question;
use super::name::Target;
use super::refused;
use crate::diagnose::Place;
use crate::error::LaunchError;
use crate::supervise::SIGKILL;

/// How a view came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The command ended by itself, asked by `SIGTERM`.
    Gracefully,
    /// It was killed when the time of grace was over.
    Killed,
    /// Its supervisor no longer answered and was killed, and the view with it.
    SupervisorKilled,
}

/// Asks the view's command to end, kills the view after `grace`, and waits for its end.
pub fn stop(target: &Target, grace: Duration) -> Result<Stopped, LaunchError> {
    let what = format!("stop '{target}'");
    let step = |error: eyot_sys::Error| LaunchError::step(&*what, Place::Host, error);
    let view = ask::find(&what, target)?;
    let supervisor = view.process().map_err(step)?;
    let ended_within = |time| eyot_sys::wait_readable(&[supervisor.as_fd()], Some(time)) == [true];
    // For a supervisor that answers nobody, the time of grace would run for nothing.
    if view.description().is_some() {
        view.ask(Question::Terminate).map_err(step)?;
        if ended_within(grace) {
            return Ok(Stopped::Gracefully);
        }
        // The view may end in this very moment, and nobody be left to ask.
        let _ = view.ask(Question::Kill);
        if ended_within(PATIENCE) {
            return Ok(Stopped::Killed);
        }
    }
    // The view's init dies with its supervisor, and everything in the view with init.
    eyot_sys::send_signal(&supervisor, SIGKILL).map_err(step)?;
    match ended_within(PATIENCE) {
        true => Ok(Stopped::SupervisorKilled),
        false => Err(refused(
            what,
            "its supervisor was killed and does not end",
            "look with 'ps' what it waits for; a process in uninterruptible sleep ends when the kernel lets it",
        )),
    }
}

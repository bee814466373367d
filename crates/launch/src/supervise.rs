//! What the supervisor does while a view lives: pass signals on, keep the time, tell how it ended.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use eyot_plan::Plan;
use eyot_sys::{Ending, SignalSet};

use crate::error::LaunchError;
use crate::init::FORWARDED;
use crate::report;
use crate::start::Started;

/// How a view ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub ending: Ending,
    pub lived: Duration,
    /// The view was ended because its time was over.
    pub timed_out: bool,
    pub init_pid: i32,
    pub host_ids: (u32, u32),
    pub notes: Vec<String>,
}

const SIGKILL: i32 = 9;

pub(crate) fn supervise(
    started: Started,
    plan: &Plan,
    _options: &crate::RunOptions,
) -> Result<Outcome, LaunchError> {
    let begun = Instant::now();
    let timed_out = wait_for_end(&started, begun, plan.limits.wall_time)?;
    let ending = started
        .init
        .wait()
        .map_err(|error| LaunchError::step("wait for the view", crate::Place::Host, error))?;
    if let Some(error) = report::receive(&started.report) {
        return Err(error);
    }
    Ok(Outcome {
        ending,
        lived: begun.elapsed(),
        timed_out,
        init_pid: started.init.pid,
        host_ids: started.host_ids,
        notes: started.notes,
    })
}

/// Waits until the view's init has ended; says whether it had to be killed for its time.
fn wait_for_end(
    started: &Started,
    begun: Instant,
    wall_time: Option<Duration>,
) -> Result<bool, LaunchError> {
    let step = |error| LaunchError::step("pass signals on", crate::Place::Host, error);
    let signals = SignalSet::of(FORWARDED).descriptor().map_err(step)?;
    loop {
        let left = wall_time.map(|limit| limit.saturating_sub(begun.elapsed()));
        let ready = eyot_sys::wait_readable(&[started.init.as_fd(), signals.as_fd()], left);
        if ready[0] {
            return Ok(false);
        }
        if ready[1] {
            while let Some(number) = eyot_sys::read_signal(&signals) {
                // The init may have ended in this very moment; the next round sees it.
                let _ = started.init.signal(number);
            }
        }
        if wall_time.is_some_and(|limit| begun.elapsed() >= limit) {
            let _ = started.init.signal(SIGKILL);
            return Ok(true);
        }
    }
}

//! What the supervisor does while a view lives: pass signals on, keep the time, tell how it ended.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use eyot_plan::Plan;
use eyot_sys::{Child, Ending, SignalSet};

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
    /// The limits that the view ran into, in words.
    pub limits_hit: Vec<String>,
    pub notes: Vec<String>,
}

pub(crate) const SIGKILL: i32 = 9;

pub(crate) fn supervise(
    mut started: Started,
    plan: &Plan,
    options: &crate::RunOptions,
) -> Result<Outcome, LaunchError> {
    let begun = Instant::now();
    let mut attendants: Vec<Box<dyn Attendant>> = Vec::new();
    if let (Some(why), Some(calls)) = (&options.why, started.calls.take()) {
        attendants.push(crate::why::attend(why, plan, calls));
    }
    let timed_out = wait_for_end(&started, begun, plan.limits.wall_time, &mut attendants)?;
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
        limits_hit: timed_out.then(|| "wall-time".to_owned()).into_iter().collect(),
        notes: started.notes,
    })
}

/// Somebody who has to do something while a view lives: the terminal, the registry, the explainer.
pub(crate) trait Attendant {
    /// What to wait for.
    fn descriptors(&self) -> Vec<BorrowedFd<'_>>;

    /// The descriptor at `index` of [`descriptors`](Attendant::descriptors) is readable.
    fn ready(&mut self, index: usize, init: &Child);

    /// The supervisor got this signal; whether it is dealt with and must not be passed on.
    fn signal(&mut self, number: i32, init: &Child) -> Dealt;

    /// The view has ended.
    fn end(&mut self) {}
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dealt {
    With,
    PassOn,
}

/// Waits until the view's init has ended; says whether it had to be killed for its time.
fn wait_for_end(
    started: &Started,
    begun: Instant,
    wall_time: Option<Duration>,
    attendants: &mut [Box<dyn Attendant>],
) -> Result<bool, LaunchError> {
    let step = |error| LaunchError::step("pass signals on", crate::Place::Host, error);
    let signals = SignalSet::of(FORWARDED).descriptor().map_err(step)?;
    let mut timed_out = false;
    loop {
        let left = wall_time.map(|limit| limit.saturating_sub(begun.elapsed()));
        let mut watched = vec![started.init.as_fd(), signals.as_fd()];
        let mut owners = Vec::new();
        for (number, attendant) in attendants.iter().enumerate() {
            for (index, descriptor) in attendant.descriptors().into_iter().enumerate() {
                watched.push(descriptor);
                owners.push((number, index));
            }
        }
        let ready = eyot_sys::wait_readable(&watched, if timed_out { None } else { left });
        drop(watched);
        for ((number, index), _) in owners.iter().zip(&ready[2..]).filter(|(_, ready)| **ready) {
            attendants[*number].ready(*index, &started.init);
        }
        while let Some(number) = eyot_sys::read_signal(&signals) {
            let dealt = |attendant: &mut Box<dyn Attendant>| {
                attendant.signal(number, &started.init) == Dealt::With
            };
            if !attendants.iter_mut().any(dealt) {
                // The init may have ended in this very moment; the next round sees it.
                let _ = started.init.signal(number);
            }
        }
        if ready[0] {
            attendants.iter_mut().for_each(|attendant| attendant.end());
            return Ok(timed_out);
        }
        if !timed_out && wall_time.is_some_and(|limit| begun.elapsed() >= limit) {
            timed_out = true;
            let _ = started.init.signal(SIGKILL);
        }
    }
}

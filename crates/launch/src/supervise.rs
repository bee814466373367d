//! What the supervisor does while a view lives: pass signals on, keep the time, tell how it ended.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use eyot_plan::Plan;
use eyot_sys::{Child, Ending, Readiness, SignalSet};

use crate::error::LaunchError;
use crate::init::FORWARDED;
use crate::registry::{Registered, Registrar};
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

/// Who sends one of these wants an end now, not after the last line of output.
const ENDING: &[i32] = &[
    1,  // SIGHUP
    2,  // SIGINT
    3,  // SIGQUIT
    15, // SIGTERM
];

pub(crate) fn supervise(
    mut started: Started,
    plan: &Plan,
    options: &crate::RunOptions,
    registered: Option<Registered>,
) -> Result<Outcome, LaunchError> {
    let begun = Instant::now();
    let (calls, relay) = (started.calls.take(), started.relay.take());
    let mut attendants: Vec<Box<dyn Attendant + '_>> = Vec::new();
    if let (Some(why), Some(calls)) = (&options.why, calls) {
        attendants.push(crate::why::attend(why, plan, calls));
    }
    if let Some(relay) = relay {
        attendants.push(Box::new(relay));
    }
    if let Some(registered) = registered {
        attendants.push(Box::new(Registrar::new(registered, plan, &started)));
    }
    let timed_out = wait_for_end(&started, begun, plan.limits.wall_time, &mut attendants)?;
    drop(attendants);
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
    fn watched(&self) -> Vec<Watch<'_>>;

    /// What was watched under this token is ready.
    ///
    /// Something else that was ready too may have been dealt with before, so nothing here may wait.
    fn ready(&mut self, token: usize, init: &Child);

    /// The signals it wants to see besides those that are passed on.
    fn signals(&self) -> &'static [i32] {
        &[]
    }

    /// The supervisor got this signal; whether it is dealt with and must not be passed on.
    fn signal(&mut self, number: i32, init: &Child) -> Dealt;

    /// The view has ended.
    fn end(&mut self) {}

    /// Whether the supervisor may end, after the view has.
    fn finished(&self) -> bool {
        true
    }
}

/// One thing that an attendant waits for, and its own name for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch<'a> {
    pub(crate) token: usize,
    pub(crate) readiness: Readiness<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dealt {
    With,
    PassOn,
}

/// Waits until the view's init has ended and nobody has anything left to do; says whether it had to be killed for its
/// time.
fn wait_for_end(
    started: &Started,
    begun: Instant,
    wall_time: Option<Duration>,
    attendants: &mut [Box<dyn Attendant + '_>],
) -> Result<bool, LaunchError> {
    let step = |error| LaunchError::step("pass signals on", crate::Place::Host, error);
    let wanted = attendants.iter().flat_map(|attendant| attendant.signals());
    let wanted: Vec<i32> = FORWARDED.iter().chain(wanted).copied().collect();
    let signals = SignalSet::of(&wanted).descriptor().map_err(step)?;
    let mut timed_out = false;
    loop {
        let left = wall_time.map(|limit| limit.saturating_sub(begun.elapsed()));
        let init = Readiness::Readable(started.init.as_fd());
        let own = [Readiness::Readable(signals.as_fd()), init];
        let ready = wait(&own, attendants, if timed_out { None } else { left });
        for (number, token) in ready.attendants {
            attendants[number].ready(token, &started.init);
        }
        while let Some(number) = eyot_sys::read_signal(&signals) {
            deal_with(number, &started.init, attendants);
        }
        if ready.own[1] {
            finish(&signals, attendants, &started.init);
            return Ok(timed_out);
        }
        if !timed_out && wall_time.is_some_and(|limit| begun.elapsed() >= limit) {
            timed_out = true;
            let _ = started.init.signal(SIGKILL);
        }
    }
}

/// The view has ended: lets the attendants finish, unless somebody has no patience for it.
fn finish(signals: &OwnedFd, attendants: &mut [Box<dyn Attendant + '_>], init: &Child) {
    attendants.iter_mut().for_each(|attendant| attendant.end());
    while !attendants.iter().all(|attendant| attendant.finished()) {
        let ready = wait(&[Readiness::Readable(signals.as_fd())], attendants, None);
        for (number, token) in ready.attendants {
            attendants[number].ready(token, init);
        }
        while let Some(number) = eyot_sys::read_signal(signals) {
            if deal_with(number, init, attendants) == Dealt::PassOn && ENDING.contains(&number) {
                return;
            }
        }
    }
}

/// Asks the attendants about a signal, and passes it on if none of them has dealt with it.
fn deal_with(number: i32, init: &Child, attendants: &mut [Box<dyn Attendant + '_>]) -> Dealt {
    if attendants.iter_mut().any(|attendant| attendant.signal(number, init) == Dealt::With) {
        return Dealt::With;
    }
    // The init may have ended in this very moment; the next round sees it.
    let _ = init.signal(number);
    Dealt::PassOn
}

/// What is ready: of the supervisor's own, and attendants by number with their tokens.
struct Ready {
    own: Vec<bool>,
    attendants: Vec<(usize, usize)>,
}

fn wait(
    own: &[Readiness<'_>],
    attendants: &[Box<dyn Attendant + '_>],
    timeout: Option<Duration>,
) -> Ready {
    let mut wanted = own.to_vec();
    let mut owners = Vec::new();
    for (number, attendant) in attendants.iter().enumerate() {
        for watch in attendant.watched() {
            wanted.push(watch.readiness);
            owners.push((number, watch.token));
        }
    }
    let mut ready = eyot_sys::wait_ready(&wanted, timeout);
    let theirs = ready.split_off(own.len());
    let ready_owners = owners.into_iter().zip(theirs).filter(|(_, ready)| *ready);
    Ready { own: ready, attendants: ready_owners.map(|(owner, _)| owner).collect() }
}

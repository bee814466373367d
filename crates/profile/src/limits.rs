use eyot_plan::{
    Facts, LimitSet, LimitedBy, Origin, PlanError, UserNamespace, parse_duration, parse_size,
};

use crate::identity::Who;
use crate::isolation::parsed;
use crate::request::{Chosen, Request, refuse};

/// The limits, and what of them this machine cannot hold for the view as a whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) set: LimitSet,
    /// Whether a control group was asked for in effect.
    pub(crate) asked: bool,
    /// Why, and who asked for the limit.
    pub(crate) missing: Vec<(String, Origin)>,
    pub(crate) notes: Vec<String>,
}

impl Limits {
    pub(crate) fn decide(
        request: Request<'_>,
        facts: &Facts,
        who: &Who,
        user: UserNamespace,
    ) -> Result<Self, PlanError> {
        let mut limits = Limits::default();
        limits.memory(request, facts)?;
        limits.processes(request, facts, who, user)?;
        limits.cpus(request, facts)?;
        if let Some(files) = request.last("open-files", |view| view.open_files) {
            limits.set.open_files = Some(at_least_one(&files)?);
        }
        if let Some(time) = request.last("wall-time", |view| view.wall_time.as_deref()) {
            limits.set.wall_time = Some(parsed(&time, parse_duration)?);
        }
        let set = &limits.set;
        limits.asked = set.memory.is_some()
            || set.processes.is_some()
            || set.open_files.is_some()
            || set.wall_time.is_some()
            || set.milli_cpus.is_some()
            || !limits.missing.is_empty();
        Ok(limits)
    }

    fn memory(&mut self, request: Request<'_>, facts: &Facts) -> Result<(), PlanError> {
        let Some(memory) = request.last("memory", |view| view.memory.as_deref()) else {
            return Ok(());
        };
        self.set.memory = Some(parsed(&memory, parse_size)?);
        if let Err(why) = &facts.machine.memory_controller {
            // getrlimit(2): each process may have that much, so many have much more.
            self.set.memory_by = LimitedBy::Rlimit;
            let why = format!("no control group limits the memory of the view as a whole: {why}");
            self.missing.push((why, memory.by));
        }
        Ok(())
    }

    fn processes(
        &mut self,
        request: Request<'_>,
        facts: &Facts,
        who: &Who,
        user: UserNamespace,
    ) -> Result<(), PlanError> {
        let Some(processes) = request.last("processes", |view| view.processes) else {
            return Ok(());
        };
        self.set.processes = Some(at_least_one(&processes)?);
        if let Err(why) = &facts.machine.pids_controller {
            self.set.processes_by = LimitedBy::Rlimit;
            match user {
                // The kernel counts processes of a user in a user namespace, so this holds as well.
                UserNamespace::Block | UserNamespace::CallersId => {
                    self.notes.push(format!("processes are limited by RLIMIT_NPROC: {why}"));
                }
                UserNamespace::Host => {
                    let root = if who.uid == 0 {
                        ", and RLIMIT_NPROC never stops root"
                    } else {
                        ", and RLIMIT_NPROC counts the user's other processes too"
                    };
                    let why =
                        format!("no control group limits the number of processes: {why}{root}");
                    self.missing.push((why, processes.by));
                }
            }
        }
        Ok(())
    }

    fn cpus(&mut self, request: Request<'_>, facts: &Facts) -> Result<(), PlanError> {
        let Some(cpus) = request.last("cpus", |view| view.cpus) else { return Ok(()) };
        // The kernel takes no quota below 1 ms of a period of 100 ms.
        if !(0.01..=100_000.0).contains(&cpus.value) {
            let what = format!("'{}' is no number of processors (0.01 or more)", cpus.value);
            return Err(refuse(what, &cpus.by));
        }
        match &facts.machine.cpu_controller {
            Ok(()) => self.set.milli_cpus = Some((cpus.value * 1000.0).round() as u64),
            Err(why) => {
                let why = format!("no control group limits processor time: {why}");
                self.missing.push((why, cpus.by));
            }
        }
        Ok(())
    }
}

fn at_least_one(number: &Chosen<u64>) -> Result<u64, PlanError> {
    match number.value {
        0 => Err(refuse("a limit of 0 lets nothing run", &number.by)),
        value => Ok(value),
    }
}

//! The start of a view, step by step. Three processes take part:
//!
//! - the *supervisor*, which the user started: gathers, waits, passes signals on;
//! - the *maker*, first process of the new PID namespace: assembles the view, drops its rights and becomes init;
//! - the *command*, the maker's child.

use std::cell::Cell;
use std::collections::HashMap;
use std::os::fd::OwnedFd;

use eyot_plan::{CgroupLayout, Facts, Init, Network, Plan, Sharing, UserNamespace};
use eyot_sys::{Child, Errno, Error, Fork, IdRange, Namespaces, SignalSet};

use crate::assemble::{Surroundings, assemble};
use crate::cgroup::Groups;
use crate::command;
use crate::confine::confine;
use crate::descriptors;
use crate::diagnose::Place;
use crate::error::LaunchError;
use crate::guard::Chore;
use crate::holdings::Holdings;
use crate::ids::IdBlock;
use crate::init;
use crate::own_program::OwnProgram;
use crate::prepare::{Ids, Prepared, prepare};
use crate::registry::{Channel, HandedOver, Registered};
use crate::report;
use crate::run_directory::RunDirectory;
use crate::sources::Sources;
use crate::terminal::{CallersTerminal, Relay, Role, ViewTerminal};
use crate::why::Why;
use crate::{nursery, supervise};

/// A view that is being made, or lives.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) init: Child,
    /// Where the maker and the command say what went wrong; at its end the command runs.
    pub(crate) report: OwnedFd,
    /// The host ids of the view's user, for the run report.
    pub(crate) host_ids: (u32, u32),
    pub(crate) notes: Vec<String>,
    /// Where the command's calls are handed over, if somebody wants to hear of them.
    pub(crate) calls: Option<OwnedFd>,
    /// Where the view has a terminal of its own.
    pub(crate) relay: Option<Relay>,
    /// Where the view's namespaces came, if the supervisor could not open them itself.
    pub(crate) handed_over: Option<HandedOver>,
}

/// The maker's exit status when nobody is left to see it.
pub(crate) const ORPHANED: u8 = 125;

/// What the supervisor hands to the processes it starts.
pub(crate) struct Start<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) facts: &'a Facts,
    pub(crate) sources: &'a Sources,
    /// The signal mask that the command shall have.
    pub(crate) mask: SignalSet,
    pub(crate) caller: (u32, u32),
    pub(crate) descriptors: HashMap<i32, Vec<u8>>,
    pub(crate) why: Option<&'a Why>,
    /// What the view's terminal is shown on, where it gets one.
    pub(crate) terminal: Option<CallersTerminal>,
    /// For whoever enters the view later; taken by the supervisor and by the maker, each in its own copy.
    pub(crate) channel: Cell<Option<Channel>>,
}

/// What the maker still needs when the view is made.
struct Made {
    own_proc: Option<OwnedFd>,
    own_program: Option<OwnProgram>,
}

/// The maker's ends of what leads to the supervisor's attendants.
struct Lines {
    calls: Option<OwnedFd>,
    terminal: Option<OwnedFd>,
}

/// What the new mount namespace is a copy of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surrounding {
    Nursery,
    CopyOfHost,
}

impl Start<'_> {
    /// Starts the view, waits for its end and takes away what it had on the host.
    fn run_guarded(
        &self,
        options: &crate::RunOptions,
        registered: Option<Registered>,
    ) -> Result<crate::Outcome, LaunchError> {
        let place = self.place();
        let mut holdings = Holdings::make(self.plan, self.sources, place, self.chores()?)?;
        let outcome = self
            .begin(&mut holdings)
            .and_then(|started| supervise::supervise(started, self.plan, options, registered));
        let limits_hit = holdings.limits_hit();
        let clean = holdings.give_up();
        let mut outcome = outcome?;
        outcome.limits_hit.extend(limits_hit);
        if !clean.map_err(|error| LaunchError::step("wait for the guard", place, error))? {
            outcome.notes.push("not everything could be cleaned up after the view".into());
        }
        Ok(outcome)
    }

    /// What has to be done at the end besides what the holdings ask for.
    fn chores(&self) -> Result<Vec<Chore>, LaunchError> {
        let terminal = self.terminal.as_ref().map(CallersTerminal::chore).transpose();
        let terminal = terminal.map_err(|error| {
            LaunchError::step("keep the terminal's settings", self.place(), error)
        })?;
        Ok(terminal.into_iter().collect())
    }

    /// Starts the view. What fails here has left nothing; what fails later comes through the report.
    pub(crate) fn begin(&self, holdings: &mut Holdings) -> Result<Started, LaunchError> {
        let place = self.place();
        let step = |what: &str, error: Error| LaunchError::step(what, place, error);
        let (report, failed) = eyot_sys::pipe().map_err(|error| step("make a pipe", error))?;

        let (calls, caller) = match self.why {
            None => (None, None),
            Some(_) => eyot_sys::handover_channel()
                .map(|(calls, caller)| (Some(calls), Some(caller)))
                .map_err(|error| step("make a channel", error))?,
        };
        let (relay, channel) =
            self.relay().map_err(|error| step("prepare for a terminal", error))?.unzip();

        let nursery = self.nursery();
        let mut ids = self.ids()?;
        let prepared = match place {
            // A mount can be cloned only where it belongs, so root does it here, before the nursery.
            Place::Host => prepare(self.plan, self.sources, &mut ids, place)?,
            Place::UserNamespace | Place::Unprivileged => Prepared::default(),
        };
        let notes = prepared.notes.clone();
        let host_ids = ids.host;
        let gate = Gate::before(holdings).map_err(|error| step("make a pipe", error))?;
        let forked = self.fork(holdings, nursery.as_ref());
        match forked.map_err(|error| step("make the view's namespaces", error))? {
            Fork::Parent(init) => {
                if let Err(error) = self.settle_in(&init, holdings, gate) {
                    let _ = init.signal(supervise::SIGKILL).and_then(|()| init.wait());
                    return Err(error);
                }
                let handed_over = self.channel.take().map(Channel::supervisors_end);
                Ok(Started { init, report, host_ids, notes, calls, relay, handed_over })
            }
            Fork::Child => {
                drop((report, calls, relay));
                let surrounding = match &nursery {
                    Some(_) => Surrounding::Nursery,
                    None => Surrounding::CopyOfHost,
                };
                let settled =
                    self.settle_down(holdings, gate).and_then(|()| self.enter_nursery(nursery));
                let error = match settled {
                    Ok(()) => {
                        let lines = Lines { calls: caller, terminal: channel };
                        self.make(prepared, ids, surrounding, holdings, lines, &failed)
                    }
                    Err(error) => error,
                };
                report::send(&failed, &error);
                eyot_sys::end(error.exit_code())
            }
        }
    }

    fn fork(&self, holdings: &Holdings, nursery: Option<&OwnedFd>) -> Result<Fork, Error> {
        let namespaces = match nursery {
            None => self.namespaces(holdings) | Namespaces::MOUNT,
            // Copied from the nursery, by the maker: see `enter_nursery`.
            Some(_) => self.namespaces(holdings),
        };
        match holdings.groups.as_ref().and_then(Groups::birthplace) {
            None => eyot_sys::fork_into(namespaces, None),
            Some(group) => match eyot_sys::fork_into(namespaces, Some(group)) {
                // clone3 is missing or filtered out: the maker moves by itself.
                Err(error) if error.errno == Errno::NOSYS => eyot_sys::fork_into(namespaces, None),
                forked => forked,
            },
        }
    }

    /// The maker's own mount namespace, as a copy of the nursery instead of the host's.
    fn enter_nursery(&self, nursery: Option<OwnedFd>) -> Result<(), LaunchError> {
        let Some(nursery) = nursery else { return Ok(()) };
        eyot_sys::join(&nursery, Namespaces::MOUNT)
            .and_then(|()| eyot_sys::unshare(Namespaces::MOUNT))
            .map_err(|error| LaunchError::step("copy the nursery", self.place(), error))
    }

    /// The supervisor's part after the fork: where systemd has to move the maker, it does, and the maker may go on.
    fn settle_in(
        &self,
        maker: &Child,
        holdings: &mut Holdings,
        gate: Option<Gate>,
    ) -> Result<(), LaunchError> {
        let place = self.place();
        let (Some(groups), Some(gate)) = (&mut holdings.groups, gate) else { return Ok(()) };
        groups
            .take(maker)
            .map_err(|cause| LaunchError::step("have systemd limit the view", place, cause))?;
        gate.open().map_err(|error| LaunchError::step("let the maker go on", place, error))
    }

    /// The maker's part after the fork.
    fn settle_down(&self, holdings: &mut Holdings, gate: Option<Gate>) -> Result<(), LaunchError> {
        let step = |what: &str, error: Error| LaunchError::step(what, self.place(), error);
        if let Some(guard) = holdings.guard.take() {
            guard.wait_for_caller().map_err(|error| step("tell the guard", error))?;
        }
        self.enter_groups(holdings, gate)
            .map_err(|error| step("enter the view's control groups", error))
    }

    /// The groups come first, because the root of a control group namespace is where its maker was
    /// (`cgroup_namespaces(7)`).
    fn enter_groups(&self, holdings: &Holdings, gate: Option<Gate>) -> Result<(), Error> {
        let Some(groups) = &holdings.groups else { return Ok(()) };
        if gate.is_some_and(|gate| !gate.pass()) {
            // The supervisor has given up.
            eyot_sys::end(ORPHANED);
        }
        groups.join()?;
        match self.plan.isolation.cgroup {
            Sharing::Own => eyot_sys::unshare(Namespaces::CGROUP),
            Sharing::Host => Ok(()),
        }
    }

    /// The maker: everything between the fork and init's loop. Comes back only with an error.
    fn make(
        &self,
        prepared: Prepared,
        mut ids: Ids,
        surrounding: Surrounding,
        holdings: &Holdings,
        lines: Lines,
        failed: &OwnedFd,
    ) -> LaunchError {
        let made = self.make_or_fail(prepared, &mut ids, surrounding, holdings);
        let Made { own_proc, own_program } = match made {
            Ok(made) => made,
            Err(error) => return error,
        };
        // A supervisor that ended before this process asked to die with it sends no signal (PR_SET_PDEATHSIG(2const)),
        // but it no longer reads either.
        if !eyot_sys::has_reader(failed) {
            eyot_sys::end(ORPHANED);
        }
        let terminal = self.terminal.as_ref().zip(lines.terminal);
        let terminal = match terminal.map(|(like, channel)| ViewTerminal::open(like, channel)) {
            None => {
                // Out of the supervisor's process group: what the caller's terminal sends to that, the supervisor passes
                // on, and the view would get it twice. As a group leader of nothing this cannot fail.
                let _ = eyot_sys::new_session();
                None
            }
            Some(Ok(terminal)) => Some(terminal),
            Some(Err(error)) => {
                return LaunchError::step("make the view's terminal", self.place(), error);
            }
        };
        let hand_over = || {
            if let (Some(channel), Some(own)) = (self.channel.take(), &own_proc) {
                // What does not come cannot be entered, and whoever tries is told.
                let _ = channel.hand_over(own, &self.plan.isolation);
            }
        };
        let mut command = command::Command::new(self.plan, self.mask, terminal);
        command.execute_by(own_program);
        if let (Some(why), Some(calls)) = (self.why, lines.calls) {
            command.hand_calls_over(&why.filter, calls);
        }
        match self.plan.process.init {
            Init::Command => {
                hand_over();
                command.run(Role::Leader, failed)
            }
            Init::Eyot => {
                let lock = ids.block.as_ref().map(IdBlock::descriptor);
                init::run(&command, failed, lock, hand_over)
            }
        }
    }

    fn make_or_fail(
        &self,
        prepared: Prepared,
        ids: &mut Ids,
        surrounding: Surrounding,
        holdings: &Holdings,
    ) -> Result<Made, LaunchError> {
        let place = self.place();
        let step = |what: &str, error: Error| LaunchError::step(what, place, error);
        let own_proc = self.own_outer_namespace()?;
        eyot_sys::set_umask(0);
        if surrounding == Surrounding::CopyOfHost {
            eyot_sys::make_all_private()
                .map_err(|error| step("cut the view off from the host's mounts", error))?;
        }
        let mut prepared = match place {
            Place::Host => prepared,
            Place::UserNamespace | Place::Unprivileged => {
                prepare(self.plan, self.sources, ids, place)?
            }
        };
        self.set_up_namespaces().map_err(|error| step("set the view's namespaces up", error))?;
        let around = Surroundings {
            plan: self.plan,
            owner: ids.host,
            place,
            surrounding,
            cgroups: self.shown_layout(holdings),
            limited: holdings.groups.as_ref().map(Groups::version_1).unwrap_or_default(),
            descriptors: &self.descriptors,
        };
        let own_program = prepared.own_program.take();
        assemble(&around, prepared)?;
        self.drop_rights(ids, own_proc.as_ref())
            .map_err(|error| step("drop the view's rights", error))?;
        Ok(Made { own_proc, own_program })
    }

    /// On a hybrid machine the view's groups can be of version 2 all the same.
    fn shown_layout(&self, holdings: &Holdings) -> CgroupLayout {
        match &holdings.groups {
            Some(groups) if groups.version_1().is_empty() => CgroupLayout::Unified,
            Some(_) | None => self.facts.machine.cgroups,
        }
    }

    /// An ordinary user's outer user namespace, which owns the mounts, maps the caller's ids to themselves.
    fn own_outer_namespace(&self) -> Result<Option<OwnedFd>, LaunchError> {
        if self.plan.isolation.user != UserNamespace::CallersId {
            return Ok(None);
        }
        let itself = |id| IdRange { inside: id, outside: id, count: 1 };
        let own = eyot_sys::open_own_proc();
        let mapped = own.and_then(|own| {
            eyot_sys::map_own_ids(&own, itself(self.caller.0), itself(self.caller.1))?;
            Ok(Some(own))
        });
        mapped.map_err(|error| LaunchError::step("map the caller's ids", self.place(), error))
    }

    /// What shows the view's terminal, and the maker's channel to it.
    fn relay(&self) -> Result<Option<(Relay, OwnedFd)>, Error> {
        let Some(terminal) = &self.terminal else { return Ok(None) };
        let (channel, its_channel) = eyot_sys::handover_channel()?;
        Ok(Some((terminal.relay(channel)?, its_channel)))
    }

    fn set_up_namespaces(&self) -> Result<(), Error> {
        if let (Some(name), Sharing::Own) = (&self.plan.process.hostname, self.plan.isolation.uts) {
            eyot_sys::set_host_name(name)?;
        }
        match self.plan.isolation.network {
            Network::Loopback => eyot_sys::bring_loopback_up(),
            Network::None | Network::Host => Ok(()),
        }
    }

    /// From here on this process can change neither its mounts nor its rights.
    fn drop_rights(&self, ids: &Ids, own_proc: Option<&OwnedFd>) -> Result<(), Error> {
        let identity = &self.plan.identity;
        match self.plan.isolation.user {
            UserNamespace::Block => {
                if let Some(namespace) = &ids.namespace {
                    eyot_sys::join(namespace, Namespaces::USER)?;
                }
                eyot_sys::drop_groups()?;
                eyot_sys::set_ids(identity.uid, identity.gid)?;
            }
            UserNamespace::CallersId => {
                eyot_sys::unshare(Namespaces::USER)?;
                let map = |inside, outside| IdRange { inside, outside, count: 1 };
                if let Some(own) = own_proc {
                    let uid = map(identity.uid, self.caller.0);
                    eyot_sys::map_own_ids(own, uid, map(identity.gid, self.caller.1))?;
                }
                eyot_sys::set_ids(identity.uid, identity.gid)?;
            }
            UserNamespace::Host => {
                eyot_sys::drop_groups()?;
                eyot_sys::keep_capabilities_over_ids(identity.uid, identity.gid)?;
            }
        }
        confine(self.plan)
    }

    /// Without it a start is as good, only slower; a view is never refused for it.
    fn nursery(&self) -> Option<OwnedFd> {
        match self.place() {
            Place::Host => RunDirectory::open().and_then(|run| nursery::open(&run)).ok(),
            Place::UserNamespace | Place::Unprivileged => None,
        }
    }

    fn ids(&self) -> Result<Ids, LaunchError> {
        let place = self.place();
        let step = |error: Error| LaunchError::step("make the view's user namespace", place, error);
        let block = match self.plan.isolation.user {
            UserNamespace::Block => {
                let run = RunDirectory::open().map_err(step)?;
                Some(IdBlock::take(&run, eyot_sys::own_pid() as u32)?)
            }
            UserNamespace::CallersId | UserNamespace::Host => None,
        };
        Ids::new(self.plan, block, self.caller).map_err(step)
    }

    fn namespaces(&self, holdings: &Holdings) -> Namespaces {
        let isolation = &self.plan.isolation;
        let own = |sharing, namespace| match sharing {
            Sharing::Own => namespace,
            Sharing::Host => Namespaces::NONE,
        };
        let network = match isolation.network {
            Network::None | Network::Loopback => Namespaces::NETWORK,
            Network::Host => Namespaces::NONE,
        };
        let user = match isolation.user {
            UserNamespace::CallersId => Namespaces::USER,
            UserNamespace::Block | UserNamespace::Host => Namespaces::NONE,
        };
        let cgroup = match &holdings.groups {
            None => own(isolation.cgroup, Namespaces::CGROUP),
            // Made later: see `enter_groups`.
            Some(_) => Namespaces::NONE,
        };
        own(isolation.pid, Namespaces::PID)
            | own(isolation.ipc, Namespaces::IPC)
            | own(isolation.uts, Namespaces::UTS)
            | cgroup
            | network
            | user
    }

    fn place(&self) -> Place {
        match self.facts.caller.privileged {
            true => Place::Host,
            false => Place::UserNamespace,
        }
    }
}

/// What the maker waits at while somebody else moves it into its control group.
struct Gate {
    wait: OwnedFd,
    release: OwnedFd,
}

impl Gate {
    /// A gate where `holdings` need one.
    fn before(holdings: &Holdings) -> Result<Option<Self>, Error> {
        match holdings.groups.as_ref().is_some_and(Groups::somebody_else_moves_the_maker) {
            true => eyot_sys::pipe().map(|(wait, release)| Some(Self { wait, release })),
            false => Ok(None),
        }
    }

    fn open(self) -> Result<(), Error> {
        eyot_sys::write_all(&self.release, b"1")
    }

    /// Waits; `false` when the supervisor has gone.
    fn pass(self) -> bool {
        drop(self.release);
        eyot_sys::read_byte(&self.wait).is_some()
    }
}

/// Runs `plan` and waits for its end; see [`crate::run`].
pub(crate) fn run(
    plan: &Plan,
    facts: &Facts,
    sources: &Sources,
    options: &crate::RunOptions,
) -> Result<crate::Outcome, LaunchError> {
    descriptors::refuse_ways_out(plan)?;
    let descriptors = descriptors::read_texts(plan)?;
    eyot_sys::keep_ended_children();
    let terminal = CallersTerminal::of(plan).map_err(|error| {
        LaunchError::step("open the terminal again", Place::Unprivileged, error)
    })?;
    let registered = Registered::take(plan, options)?;
    let channel = Channel::before(&plan.isolation)
        .map_err(|error| LaunchError::step("make a channel", Place::Unprivileged, error))?;
    // Blocked in all three processes from before the fork, so that no signal falls between two of them.
    let mask = SignalSet::all().block();
    let caller = (facts.caller.uid, facts.caller.gid);
    let why = options.why.as_ref();
    let channel = Cell::new(channel);
    let start = Start { plan, facts, sources, mask, caller, descriptors, why, terminal, channel };
    let outcome = start.run_guarded(options, registered);
    mask.block();
    outcome
}

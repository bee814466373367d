//! Runs another command in a living view, confined as the view's own.
//!
//! Nothing of the host must come within reach of the view on the way: the process that enters cannot be inspected from
//! the moment before it joins until it has become the command, has no descriptor into the host by then, and does not
//! offer the host's eyot for writing (CVE-2016-9962, CVE-2019-5736; [`own_program`]).

use std::ffi::OsString;
use std::os::fd::OwnedFd;

use eyot_plan::{Plan, UserNamespace};
use eyot_sys::{Errno, Error, Fork, Namespaces, SignalSet};

use super::ask::{self, Connection};
use super::attend::{Question, same_namespace};
use super::details::Details;
use super::group::Groups;
use super::join::CommandNamespaces;
use super::name::Target;
use super::refused;
use crate::command::Command;
use crate::confine::confine;
use crate::diagnose::Place;
use crate::error::LaunchError;
use crate::guard::Guard;
use crate::own_program::{self, OwnProgram};
use crate::start::{ORPHANED, Started};
use crate::supervise::{Outcome, supervise};
use crate::terminal::{CallersTerminal, Relay, Role, ViewTerminal};

/// More than a view's environment and filter take.
const LONGEST_DETAILS: u64 = 16 << 20;

/// Runs `command` in the living view `target` and waits for its end.
pub fn enter(target: &Target, command: Vec<OsString>) -> Result<Outcome, LaunchError> {
    let what = format!("enter '{target}'");
    let view = ask::find(&what, target)?;
    check_supervisor(&what, &view)?;
    let step = |error: Error| LaunchError::step(&*what, Place::Host, error);
    view.ask(Question::Enter).map_err(step)?;
    let Some((namespaces, details)) = CommandNamespaces::receive(&view).map_err(step)? else {
        let why = "the view is still being made, or has just ended";
        return Err(refused(what, why, "try again in a moment"));
    };
    let details = read(&what, details)?;
    if !namespaces.number_is(details.namespaces) {
        let why = "its namespaces could not all be handed over";
        return Err(refused(
            what,
            why,
            "look whether the supervisor may open more descriptors (ulimit -n)",
        ));
    }
    let groups = match details.grouped {
        true => Groups::of(details.init_pid()).map_err(step)?,
        false => Groups::default(),
    };
    let host_ids = details.host_ids;
    let terminal = match details.terminals && eyot_sys::on_terminal() {
        true => Some(CallersTerminal::open().map_err(step)?),
        false => None,
    };
    let plan = details.into_plan(command).map_err(|error| unreadable(&what, &error))?;
    // Blocked from before the fork, as at the start of a view.
    let mask = SignalSet::all().block();
    let chore = terminal.as_ref().map(CallersTerminal::chore).transpose().map_err(step);
    let guard = chore.and_then(|chore| Guard::start(chore.into_iter().collect()).map_err(step));
    let visitor = Visitor { plan: &plan, namespaces, groups, mask, host_ids, terminal };
    let outcome = guard.and_then(|guard| {
        let options = crate::RunOptions::default();
        let started = visitor.begin();
        let outcome = started.and_then(|started| supervise(started, &plan, &options, None));
        let clean = guard.map_or(Ok(true), Guard::finish).map_err(step)?;
        outcome.map(|mut outcome| {
            if !clean {
                outcome.notes.push("the terminal's settings could not be restored".into());
            }
            outcome
        })
    });
    mask.block();
    outcome
}

/// What enters runs with the caller's rights until it is confined as the supervisor says, so that must be one that the
/// caller could have started: root does not believe a user's supervisor.
fn check_supervisor(what: &str, view: &Connection) -> Result<(), LaunchError> {
    let (caller, _) = eyot_sys::effective_ids();
    let uid = view.peer.uid;
    if uid != caller {
        let remedy = format!("enter it as that user: setpriv --reuid {uid} …");
        return Err(refused(what, format!("the view belongs to user {uid}"), &remedy));
    }
    // A process in a view that shares the network could pose as a supervisor of the same user. Whatever else it shares,
    // no view has the mounts of its supervisor.
    let here = |kind: &str| {
        let (theirs, own) =
            (format!("/proc/{}/ns/{kind}", view.peer.pid), format!("/proc/self/ns/{kind}"));
        same_namespace(theirs, own) == Some(true)
    };
    // Asked last: as long as the process itself lives, its number was nobody else's when its namespaces were looked at.
    let same = ["user", "pid", "mnt"].into_iter().all(here);
    match same && view.process().is_ok_and(|it| eyot_sys::is_alive(&it)) {
        true => Ok(()),
        false => Err(refused(
            what,
            "the process that answers for it is in another user, PID or mount namespace",
            "enter it from where it was started",
        )),
    }
}

fn read(what: &str, file: OwnedFd) -> Result<Details, LaunchError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let read = std::fs::File::from(file).take(LONGEST_DETAILS).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(what, &error))?;
    serde_json::from_slice(&bytes).map_err(|error| unreadable(what, &error))
}

fn unreadable(what: &str, error: &dyn std::error::Error) -> LaunchError {
    let why = format!("what its supervisor says cannot be read: {error}");
    refused(what, why, "use the same version of eyot that started the view")
}

/// The process that enters, and what it needs for that.
struct Visitor<'a> {
    plan: &'a Plan,
    namespaces: CommandNamespaces,
    groups: Groups,
    mask: SignalSet,
    host_ids: (u32, u32),
    /// What the command's own terminal is shown on.
    terminal: Option<CallersTerminal>,
}

impl Visitor<'_> {
    fn begin(self) -> Result<Started, LaunchError> {
        let step = |what: &str, error: Error| LaunchError::step(what, self.place(), error);
        let (report, failed) = eyot_sys::pipe().map_err(|error| step("make a pipe", error))?;
        let (relay, channel) =
            self.relay().map_err(|error| step("prepare for a terminal", error))?.unzip();
        let own_program = self.join().map_err(|error| step("join the view", error))?;
        match eyot_sys::fork_into(Namespaces::NONE, None) {
            // The PID namespace takes nobody in any more (pid_namespaces(7)).
            Err(error) if error.errno == Errno::NOMEM => {
                Err(refused("join the view", "the view has just ended", "start it again"))
            }
            Err(error) => Err(step("start the command", error)),
            Ok(Fork::Parent(child)) => Ok(Started {
                init: child,
                report,
                host_ids: self.host_ids,
                notes: Vec::new(),
                calls: None,
                relay,
                handed_over: None,
            }),
            Ok(Fork::Child) => {
                drop((report, relay));
                let terminal = match self.become_one_of_the_view(channel) {
                    Ok(terminal) => terminal,
                    Err(error) => {
                        let error = step("become a process of the view", error);
                        crate::report::send(&failed, &error);
                        eyot_sys::end(error.exit_code())
                    }
                };
                // As for a view's maker: a supervisor that ended before sends no signal.
                if !eyot_sys::has_reader(&failed) {
                    eyot_sys::end(ORPHANED);
                }
                let mut command = Command::new(self.plan, self.mask, terminal);
                command.execute_by(own_program);
                eyot_sys::end(command.run_and_report(Role::Leader, &failed) as u8)
            }
        }
    }

    /// Takes this process where its child shall be born.
    fn join(&self) -> Result<Option<OwnProgram>, Error> {
        eyot_sys::forbid_inspection()?;
        let own_program = match self.plan.isolation.user {
            UserNamespace::Block | UserNamespace::Host => {
                own_program::prepare(self.plan, self.host_ids, Place::Host)?
            }
            UserNamespace::CallersId => {
                self.namespaces.join_owner()?;
                self.own_program_of_ordinary_user()?
            }
        };
        self.namespaces.join_places()?;
        // A change of rights sets this to what fs.suid_dumpable says (proc_sys_fs(5)).
        eyot_sys::forbid_inspection()?;
        Ok(own_program)
    }

    /// Mounts can be cloned only in a mount namespace that the rights reach: a copy serves.
    fn own_program_of_ordinary_user(&self) -> Result<Option<OwnProgram>, Error> {
        if !own_program::is_needed(self.plan, self.host_ids)? {
            return Ok(None);
        }
        eyot_sys::unshare(Namespaces::MOUNT)?;
        own_program::prepare(self.plan, self.host_ids, Place::UserNamespace)
    }

    fn become_one_of_the_view(
        &self,
        channel: Option<OwnedFd>,
    ) -> Result<Option<ViewTerminal>, Error> {
        self.groups.join()?;
        let identity = &self.plan.identity;
        match self.plan.isolation.user {
            UserNamespace::Block => {
                self.namespaces.join_user()?;
                eyot_sys::drop_groups()?;
                eyot_sys::set_ids(identity.uid, identity.gid)?;
            }
            UserNamespace::CallersId => {
                self.namespaces.join_user()?;
                eyot_sys::set_ids(identity.uid, identity.gid)?;
            }
            UserNamespace::Host => {
                eyot_sys::drop_groups()?;
                eyot_sys::keep_capabilities_over_ids(identity.uid, identity.gid)?;
            }
        }
        confine(self.plan)?;
        let terminal = self.terminal.as_ref().zip(channel);
        terminal.map(|(like, channel)| ViewTerminal::open(like, channel)).transpose()
    }

    /// What shows the command's terminal, and the command's channel to it.
    fn relay(&self) -> Result<Option<(Relay, OwnedFd)>, Error> {
        let Some(terminal) = &self.terminal else { return Ok(None) };
        let (channel, its_channel) = eyot_sys::handover_channel()?;
        Ok(Some((terminal.relay(channel)?, its_channel)))
    }

    fn place(&self) -> Place {
        match self.plan.isolation.user {
            UserNamespace::Block | UserNamespace::Host => Place::Host,
            UserNamespace::CallersId => Place::UserNamespace,
        }
    }
}

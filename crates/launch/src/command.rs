use std::ffi::{CString, OsStr, OsString};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use eyot_plan::{Filter, LimitedBy, Plan, Seccomp, Sharing};
use eyot_sys::{Error, FilterInstruction, Listener, Program, Resource, SignalSet};

use crate::diagnose::Place;
use crate::error::{Attempt, LaunchError};
use crate::own_program::OwnProgram;
use crate::report;
use crate::start::ORPHANED;
use crate::terminal::{Role, ViewTerminal};

/// The last steps before the command, and the command.
pub(crate) struct Command<'a> {
    plan: &'a Plan,
    mask: SignalSet,
    program: Program,
    filter: Option<Vec<FilterInstruction>>,
    /// To whoever hears of the calls that the filter notifies of.
    calls: Option<OwnedFd>,
    terminal: Option<ViewTerminal>,
    /// What this process becomes first, where the command could write eyot's executable.
    own_program: Option<OwnProgram>,
}

impl<'a> Command<'a> {
    pub(crate) fn new(plan: &'a Plan, mask: SignalSet, terminal: Option<ViewTerminal>) -> Self {
        let filter = match &plan.confinement.seccomp {
            Seccomp::Off => None,
            Seccomp::Filter { filter, .. } => Some(raw(filter)),
        };
        Self {
            plan,
            mask,
            program: program_of(plan),
            filter,
            calls: None,
            terminal,
            own_program: None,
        }
    }

    /// Has the command executed by `own_program`.
    pub(crate) fn execute_by(&mut self, own_program: Option<OwnProgram>) {
        self.own_program = own_program;
    }

    /// Puts `filter` up in the place of the plan's and hands its listener over.
    pub(crate) fn hand_calls_over(&mut self, filter: &Filter, to: OwnedFd) {
        self.filter = Some(raw(filter));
        self.calls = Some(to);
    }

    /// Where init tells that the command has stopped.
    pub(crate) fn channel(&self) -> Option<BorrowedFd<'_>> {
        self.terminal.as_ref().map(ViewTerminal::channel)
    }

    /// Becomes the command; comes back only with the reason why not.
    pub(crate) fn run(&self, role: Role, failed: &OwnedFd) -> LaunchError {
        let step = |what: &str, error: Error| LaunchError::step(what, Place::UserNamespace, error);
        if let Err((what, error)) = self.get_ready(role) {
            return step(what, error);
        }
        if self.plan.isolation.pid == Sharing::Host && !eyot_sys::has_reader(failed) {
            // Init ended with the supervisor before this process was bound to it.
            eyot_sys::end(ORPHANED);
        }
        if let Err(error) = self.filter_calls() {
            return step("put the system-call filter up", error);
        }
        let refused = match &self.own_program {
            None => self.program.execute(),
            Some(own) => own.execute(&self.program, failed),
        };
        let program = self.plan.process.command.first().map(|name| name.to_string_lossy());
        LaunchError {
            attempt: Attempt::Command { program: program.unwrap_or_default().into_owned() },
            cause: Box::new(refused.into()),
            place: Place::UserNamespace,
        }
    }

    /// Runs the command; comes back, with the exit status, only when that failed and has been reported.
    pub(crate) fn run_and_report(&self, role: Role, failed: &OwnedFd) -> i32 {
        let error = self.run(role, failed);
        report::send(failed, &error);
        error.exit_code().into()
    }

    fn get_ready(&self, role: Role) -> Result<(), (&'static str, Error)> {
        let process = &self.plan.process;
        match &self.terminal {
            None => eyot_sys::new_session().map_err(|error| ("start a session", error))?,
            Some(terminal) => {
                terminal.take(role).map_err(|error| ("take the view's terminal", error))?;
            }
        }
        eyot_sys::change_directory(process.workdir.as_path())
            .map_err(|error| ("enter the working directory", error))?;
        self.limit().map_err(|error| ("set the limits", error))?;
        if self.plan.isolation.pid == Sharing::Host {
            // Elsewhere the kernel ends it with init, the first process of the PID namespace.
            eyot_sys::die_with_parent().map_err(|error| ("be bound to init", error))?;
        }
        eyot_sys::set_umask(0o022);
        eyot_sys::close_on_exec_from(3).map_err(|error| ("close descriptors", error))?;
        for descriptor in &process.keep_fds {
            eyot_sys::keep_on_exec(*descriptor).map_err(|error| ("keep a descriptor", error))?;
        }
        eyot_sys::end_at_broken_pipes();
        self.mask.block();
        Ok(())
    }

    fn filter_calls(&self) -> Result<(), Error> {
        match (&self.filter, &self.calls) {
            (None, _) => Ok(()),
            (Some(filter), None) => eyot_sys::set_syscall_filter(filter, Listener::None).map(drop),
            (Some(filter), Some(calls)) => crate::why::hand_over(calls.as_fd(), filter),
        }
    }

    fn limit(&self) -> Result<(), Error> {
        let limits = &self.plan.limits;
        if !self.plan.confinement.core_dumps {
            eyot_sys::limit_resource(Resource::Core, 0)?;
        }
        if let Some(files) = limits.open_files {
            eyot_sys::limit_resource(Resource::OpenFiles, files)?;
        }
        if let (Some(memory), LimitedBy::Rlimit) = (limits.memory, limits.memory_by) {
            eyot_sys::limit_resource(Resource::AddressSpace, memory)?;
        }
        if let (Some(processes), LimitedBy::Rlimit) = (limits.processes, limits.processes_by) {
            eyot_sys::limit_resource(Resource::Processes, processes)?;
        }
        Ok(())
    }
}

fn raw(filter: &Filter) -> Vec<FilterInstruction> {
    filter.instructions.iter().map(|i| (i.code, i.jt, i.jf, i.k)).collect()
}

fn program_of(plan: &Plan) -> Program {
    let process = &plan.process;
    let empty = OsString::new();
    let name = process.command.first().unwrap_or(&empty);
    let path = process.environment.iter().find(|(key, _)| key == "PATH").map(|(_, value)| value);
    let pair = |(key, value): &(OsString, OsString)| {
        let bytes = [key.as_bytes(), b"=", value.as_bytes()].concat();
        CString::new(bytes).ok()
    };
    Program {
        candidates: candidates(name, path.map_or(OsStr::new(""), OsString::as_os_str)),
        arguments: process.command.iter().filter_map(|text| c_string(text)).collect(),
        environment: process.environment.iter().filter_map(pair).collect(),
    }
}

/// Where to look for a program: as it is when it names a place, else in every directory of the view's `PATH`.
fn candidates(name: &OsStr, path: &OsStr) -> Vec<CString> {
    if name.as_bytes().contains(&b'/') {
        return c_string(name).into_iter().collect();
    }
    let directories =
        path.as_bytes().split(|byte| *byte == b':').filter(|part| part.starts_with(b"/"));
    directories
        .filter_map(|directory| CString::new([directory, b"/", name.as_bytes()].concat()).ok())
        .collect()
}

fn c_string(text: &OsStr) -> Option<CString> {
    CString::new(text.as_bytes()).ok()
}

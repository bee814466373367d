//! A small process that outlives the supervisor, however that ends, and takes away what no kernel object takes away by
//! itself. It is started before anything of that kind is made, so that there is no moment at which killing the
//! supervisor leaves something behind; and only where there is something to take away.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use eyot_sys::{Child, Ending, Error, Fork, Namespaces, SignalSet, TerminalSettings};

use crate::{cgroup, placeholder};

/// Something to be done when the view has ended, with everything it needs as descriptors.
#[derive(Debug)]
pub(crate) enum Chore {
    /// Only if it still is as the supervisor has made it.
    RestoreTerminal { terminal: OwnedFd, settings: TerminalSettings },
    /// Kills what is left in the group `name` of the group `parent` and removes it.
    RemoveControlGroup { parent: OwnedFd, name: CString },
    /// Removes the placeholder `name` if no other view shares it, and the one that was never finished.
    RemovePlaceholder { directory: OwnedFd, name: CString, temporary: CString, text: String },
}

impl Chore {
    /// Does it. A second time, or when there is nothing to do, changes nothing.
    fn carry_out(&self) -> Result<(), Error> {
        match self {
            Chore::RestoreTerminal { terminal, settings } => settings.restore(terminal),
            Chore::RemoveControlGroup { parent, name } => cgroup::remove(parent.as_fd(), name),
            Chore::RemovePlaceholder { directory, name, temporary, text } => {
                placeholder::remove(directory.as_fd(), name, temporary, text)
            }
        }
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        match self {
            Chore::RestoreTerminal { terminal, .. } => terminal.as_fd(),
            Chore::RemoveControlGroup { parent, .. } => parent.as_fd(),
            Chore::RemovePlaceholder { directory, .. } => directory.as_fd(),
        }
    }
}

/// The supervisor's side. Dropping it, or ending, lets the guard begin.
#[derive(Debug)]
pub(crate) struct Guard {
    process: Child,
    /// The guard learns from its closing that nobody will send any more.
    line: OwnedFd,
}

/// What is sent over the line.
///
/// A process that is ending closes its descriptors one after the other, so the end of the line does not say that it has
/// let go of everything else. That is what the pidfds are for.
mod message {
    /// The maker's pidfd, from the maker.
    pub(super) const MAKER: u8 = b'm';
    /// The supervisor holds nothing any more and waits for the guard; the descriptor is only a companion.
    pub(super) const FINISH: u8 = b'f';
}

impl Guard {
    /// Starts the guard; none if there is nothing to do.
    ///
    /// To be called before what `chores` take away is made.
    pub(crate) fn start(chores: Vec<Chore>) -> Result<Option<Self>, Error> {
        if chores.is_empty() {
            return Ok(None);
        }
        let (line, its_line) = eyot_sys::handover_channel()?;
        let supervisor = eyot_sys::open_process(eyot_sys::own_pid())?;
        match eyot_sys::fork_into(Namespaces::NONE, None)? {
            Fork::Parent(process) => Ok(Some(Self { process, line })),
            Fork::Child => {
                drop(line);
                stand_by(&its_line, supervisor, &chores)
            }
        }
    }

    /// Lets the chores wait for the end of the calling process: the maker, which keeps the line open until then.
    pub(crate) fn wait_for_caller(&self) -> Result<(), Error> {
        let maker = eyot_sys::open_process(eyot_sys::own_pid())?;
        eyot_sys::send_descriptor(&self.line, message::MAKER, maker.as_fd())
    }

    /// Has the chores done and waits for it; says whether all succeeded.
    pub(crate) fn finish(self) -> Result<bool, Error> {
        eyot_sys::send_descriptor(&self.line, message::FINISH, self.process.as_fd())?;
        drop(self.line);
        Ok(self.process.wait()? == Ending::Exited(0))
    }
}

/// The guard's life.
fn stand_by(line: &OwnedFd, supervisor: OwnedFd, chores: &[Chore]) -> ! {
    // Nothing that ends or stops the supervisor reaches a session of its own with every signal blocked, but SIGKILL
    // sent to the guard itself.
    SignalSet::all().block();
    // A child that was just forked leads no group, which is all that setsid(2) asks for.
    let _ = eyot_sys::new_session();
    eyot_sys::set_own_name(c"eyot-guard");
    // Not to keep the directory's file system busy.
    let _ = eyot_sys::change_directory(Path::new("/"));
    // Who reads the supervisor's output shall see its end, and nothing else of the supervisor's is to be held either.
    let descriptors = chores.iter().map(|chore| chore.descriptor().as_raw_fd());
    let own = [line.as_raw_fd(), supervisor.as_raw_fd()];
    let keep: Vec<i32> = descriptors.chain(own).collect();
    let _ = eyot_sys::close_all_from(0, &keep);

    for process in wait_for_line(line, supervisor) {
        while !eyot_sys::wait_readable(&[process.as_fd()], None).contains(&true) {}
    }
    let failed = chores.iter().filter(|chore| chore.carry_out().is_err()).count();
    eyot_sys::end(u8::from(failed > 0))
}

/// Waits until nobody can send any more; answers whose end has to come before the chores.
///
/// With a view's init, which the maker becomes, every process of its PID namespace has ended (`pid_namespaces(7)`).
fn wait_for_line(line: &OwnedFd, supervisor: OwnedFd) -> Vec<OwnedFd> {
    let mut makers = Vec::new();
    let mut supervisor = Some(supervisor);
    while let Ok(Some((kind, process))) = eyot_sys::receive_descriptor(line) {
        match kind {
            message::FINISH => supervisor = None,
            _ => makers.push(process),
        }
    }
    makers.into_iter().chain(supervisor).collect()
}

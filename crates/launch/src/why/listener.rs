//! Hears the calls that a filter hands over, and answers them.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use eyot_sys::{
    Error, FilterInstruction, Handle, Heard, LastLink, Notification, SyscallListener,
    set_syscall_filter,
};

/// What the descriptors that are handed over are.
const ROOT: u8 = b'r';
const LISTENER: u8 = b'l';

/// Calls answered before the supervisor looks at signals and the clock again.
const AT_A_TIME: usize = 256;

/// Puts the filter over this process and gives the supervisor its listener, with the root that paths start from.
pub(crate) fn hand_over(to: BorrowedFd<'_>, filter: &[FilterInstruction]) -> Result<(), Error> {
    let root = Handle::open(Path::new("/"), LastLink::Follow)?;
    eyot_sys::send_descriptor(to, ROOT, root.as_fd())?;
    let listener = set_syscall_filter(filter, eyot_sys::Listener::New)?;
    // From here until the supervisor has it, a call that the filter notifies of would wait for ever: sendmsg and close
    // must not be among those.
    match &listener {
        Some(listener) => eyot_sys::send_descriptor(to, LISTENER, listener.as_fd()),
        None => Ok(()),
    }
}

/// Who says what becomes of a call.
pub(super) trait Hearer {
    /// The view's root, before the first call.
    fn root(&mut self, root: OwnedFd);

    fn hear(&mut self, call: &Notification, listener: &SyscallListener) -> Answer;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The kernel carries it out, with every check it has.
    Proceed,
    Refuse(u16),
}

/// The supervisor's end.
#[derive(Debug)]
pub(super) enum Ear {
    /// Nothing came yet.
    Channel(OwnedFd),
    Listener(SyscallListener),
    /// No process has the filter (any more).
    Deaf,
}

impl Ear {
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Ear::Channel(channel) => Some(channel.as_fd()),
            Ear::Listener(listener) => Some(listener.as_fd()),
            Ear::Deaf => None,
        }
    }

    /// Something came.
    pub(super) fn ready(&mut self, hearer: &mut dyn Hearer) {
        let next = match self {
            Ear::Channel(channel) => receive(channel, hearer),
            Ear::Listener(listener) => answer_all(listener, hearer),
            Ear::Deaf => None,
        };
        if let Some(next) = next {
            *self = next;
        }
    }
}

fn receive(channel: &OwnedFd, hearer: &mut dyn Hearer) -> Option<Ear> {
    match eyot_sys::receive_descriptor(channel) {
        Ok(Some((ROOT, root))) => {
            hearer.root(root);
            None
        }
        // A listener that cannot be used is closed here, and the kernel refuses the calls with ENOSYS.
        Ok(Some((LISTENER, listener))) => {
            Some(SyscallListener::new(listener).map_or(Ear::Deaf, Ear::Listener))
        }
        Ok(Some(_)) => None,
        Ok(None) | Err(_) => Some(Ear::Deaf),
    }
}

fn answer_all(listener: &SyscallListener, hearer: &mut dyn Hearer) -> Option<Ear> {
    for _ in 0..AT_A_TIME {
        match listener.hear() {
            Ok(Heard::Call(call)) => match hearer.hear(&call, listener) {
                Answer::Proceed => listener.proceed(&call),
                Answer::Refuse(errno) => listener.refuse(&call, errno),
            },
            Ok(Heard::Nothing) => return None,
            Ok(Heard::Ended) | Err(_) => return Some(Ear::Deaf),
        }
    }
    None
}

//! A terminal of the view's own, so that nothing inside can reach the one that eyot was started from.
//!
//! The maker opens it in the finished view, without rights, and hands its master to the supervisor, which shows it on
//! the caller's terminal. The maker leads the session on it and the command its foreground group, as a login and its
//! shell do: a command that Ctrl-Z stops has a parent in its session who notices, and eyot stops as well.
//!
//! Deliberately absent: a key that detaches. Every byte that is typed belongs to the view.

mod buffer;
mod relay;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use eyot_plan::{KernelFilesystem, Plan, What};
use eyot_sys::{Error, Standing, TerminalSettings};

use crate::guard::Chore;
pub(crate) use relay::Relay;

/// What the maker says over the channel.
const MASTER: u8 = b'm';
const STOPPED: u8 = b's';

/// The terminal that eyot was started from.
#[derive(Debug)]
pub(crate) struct CallersTerminal {
    descriptor: OwnedFd,
    /// As they were before eyot changed anything.
    settings: TerminalSettings,
    standing: Standing,
}

impl CallersTerminal {
    /// The caller's terminal if the view of `plan` gets one of its own.
    pub(crate) fn of(plan: &Plan) -> Result<Option<Self>, Error> {
        if !plan.process.terminal || !has_terminals(plan) {
            return Ok(None);
        }
        Self::open().map(Some)
    }

    /// The terminal that the caller's standard descriptors are on.
    pub(crate) fn open() -> Result<Self, Error> {
        let input = std::io::stdin();
        // One that cannot be opened again blocks now and then, when whoever shows it is slower than the view.
        let descriptor = match eyot_sys::open_terminal_again(input.as_fd()) {
            Ok(own) => own,
            Err(_) => eyot_sys::copy_descriptor(input.as_fd())?,
        };
        let settings = TerminalSettings::of(&descriptor)?;
        let standing = eyot_sys::standing_on(&descriptor);
        Ok(Self { descriptor, settings, standing })
    }

    /// What the guard has to do if the supervisor cannot.
    pub(crate) fn chore(&self) -> Result<Chore, Error> {
        let terminal = eyot_sys::copy_descriptor(self.descriptor.as_fd())?;
        Ok(Chore::RestoreTerminal { terminal, settings: self.settings.clone() })
    }

    /// What shows the view's terminal, whose master will come over `channel`, on this one.
    pub(crate) fn relay(&self, channel: OwnedFd) -> Result<Relay, Error> {
        Relay::new(eyot_sys::copy_descriptor(self.descriptor.as_fd())?, channel)
    }
}

/// Whether the view of `plan` can make terminals.
pub(crate) fn has_terminals(plan: &Plan) -> bool {
    plan.entries.iter().any(|entry| {
        entry.at.as_path() == Path::new("/dev/pts")
            && matches!(entry.what, What::Kernel { filesystem: KernelFilesystem::Devpts })
    })
}

/// The maker's and the command's end of the view's terminal.
#[derive(Debug)]
pub(crate) struct ViewTerminal {
    slave: OwnedFd,
    channel: OwnedFd,
}

impl ViewTerminal {
    /// Makes the terminal, hands its master over `channel` and makes the caller the leader of a session on it.
    ///
    /// To be called in the finished view with the view's rights, so that terminal and user belong together.
    pub(crate) fn open(like: &CallersTerminal, channel: OwnedFd) -> Result<Self, Error> {
        let (master, slave) = eyot_sys::new_terminal()?;
        // In the background a shell has the settings of its own line editor there.
        if like.standing == Standing::Foreground {
            like.settings.apply(&slave)?;
        }
        eyot_sys::copy_window_size(&like.descriptor, &master)?;
        eyot_sys::new_session()?;
        eyot_sys::take_control(&slave)?;
        eyot_sys::send_descriptor(&channel, MASTER, master.as_fd())?;
        Ok(Self { slave, channel })
    }

    /// Makes the caller the one who is typed to.
    pub(crate) fn take(&self, role: Role) -> Result<(), Error> {
        match role {
            Role::Leader => {}
            Role::Command => eyot_sys::lead_foreground(&self.slave)?,
        }
        eyot_sys::make_standard(&self.slave)
    }

    /// Where init tells that the command has stopped.
    pub(crate) fn channel(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}

/// Who the command is in the session on the view's terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is the first process of the view itself.
    Leader,
    Command,
}

/// Init's word to the supervisor that the command has stopped.
pub(crate) fn tell_stopped(channel: BorrowedFd<'_>) {
    // A supervisor that is gone takes the view with it.
    let _ = eyot_sys::write_all(channel, &[STOPPED]);
}

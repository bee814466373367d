//! The control groups of a view that has limits: one new group in each hierarchy that has a controller for them.
//!
//! Nothing is written outside the new groups, with one exception: in the root group of version 2 a controller may have
//! to be enabled for the groups below. Where the caller's own group lets none be made below it, systemd is asked.

mod events;
mod hierarchy;
mod home;
mod remove;
mod scope;
mod survey;

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use eyot_plan::{LimitSet, LimitedBy};
use eyot_sys::{Child, Error};

use crate::error::Cause;
use crate::guard::Chore;
use home::{Home, Seat};

pub use survey::survey_limits;

pub(crate) use hierarchy::Version;
pub(crate) use remove::remove;

/// What a limit is held by, with the kernel's name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Controller {
    Memory,
    Processes,
    Cpus,
}

impl Controller {
    pub(crate) const ALL: [Self; 3] = [Self::Memory, Self::Processes, Self::Cpus];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Controller::Memory => "memory",
            Controller::Processes => "pids",
            Controller::Cpus => "cpu",
        }
    }
}

/// The control groups of one view.
#[derive(Debug)]
pub(crate) struct Groups {
    name: CString,
    limits: LimitSet,
    home: Home,
    /// The groups once they are made, in the order of the seats.
    made: Vec<OwnedFd>,
}

impl Groups {
    /// Finds the place for the groups that `limits` need; nothing is made yet.
    pub(crate) fn choose(limits: &LimitSet) -> Result<Self, Cause> {
        let home = home::find(&wanted(limits))?;
        let number = eyot_sys::random_number();
        let name = format!("eyot-{}-{number:016x}", eyot_sys::own_pid());
        let name = CString::new(name).unwrap_or_default();
        Ok(Self { name, limits: *limits, home, made: Vec::new() })
    }

    /// What takes the groups away again. A scope goes by itself when its last process has ended.
    pub(crate) fn chores(&self) -> Result<Vec<Chore>, Error> {
        let chore = |seat: &Seat| {
            let parent = eyot_sys::duplicate(seat.parent.as_fd())?;
            Ok(Chore::RemoveControlGroup { parent, name: self.name.clone() })
        };
        self.seats().iter().map(chore).collect()
    }

    /// Makes the groups and sets their limits.
    pub(crate) fn make(&mut self) -> Result<(), Error> {
        let Home::Below(seats) = &self.home else { return Ok(()) };
        for seat in seats {
            self.made.push(seat.make(&self.name, &self.limits)?);
        }
        Ok(())
    }

    /// The group that the maker can be born in.
    pub(crate) fn birthplace(&self) -> Option<BorrowedFd<'_>> {
        let version_2 = |(seat, _): &(&Seat, &OwnedFd)| seat.version == Version::Two;
        self.seats().iter().zip(&self.made).find(version_2).map(|(_, made)| made.as_fd())
    }

    /// Moves the calling process into every group. Born in one already, it stays there.
    pub(crate) fn join(&self) -> Result<(), Error> {
        for made in &self.made {
            // 0 is the writing process (cgroups(7)).
            eyot_sys::write_below(made, c"cgroup.procs", "0")?;
        }
        Ok(())
    }

    /// Has systemd put the maker into a scope with the limits, where that is how it goes.
    pub(crate) fn take(&mut self, maker: &Child) -> Result<(), Cause> {
        let Home::Scope(scope) = &self.home else { return Ok(()) };
        let name = self.name.to_string_lossy();
        self.made = vec![scope.take(&name, &self.limits, maker.pid)?];
        Ok(())
    }

    /// Whether the maker has to wait until [`Groups::take`] is done.
    pub(crate) fn somebody_else_moves_the_maker(&self) -> bool {
        matches!(self.home, Home::Scope(_))
    }

    /// Which limits the view ran into, in words.
    pub(crate) fn hit(&self) -> Vec<String> {
        wanted(&self.limits)
            .into_iter()
            .filter_map(|controller| {
                self.made.iter().find_map(|made| events::hit(made, controller))
            })
            .collect()
    }

    /// The hierarchies of version 1 with a group of the view's, each as the list of its controllers.
    pub(crate) fn version_1(&self) -> Vec<String> {
        let seats = self.seats().iter().filter(|seat| seat.version == Version::One);
        seats.map(|seat| seat.hierarchy.clone()).collect()
    }

    fn seats(&self) -> &[Seat] {
        match &self.home {
            Home::Below(seats) => seats,
            Home::Scope(_) => &[],
        }
    }
}

/// The controllers that `limits` need.
fn wanted(limits: &LimitSet) -> Vec<Controller> {
    let asked = |controller: &Controller| match controller {
        Controller::Memory => {
            limits.memory.is_some() && limits.memory_by == LimitedBy::ControlGroup
        }
        Controller::Processes => {
            limits.processes.is_some() && limits.processes_by == LimitedBy::ControlGroup
        }
        Controller::Cpus => limits.milli_cpus.is_some(),
    };
    Controller::ALL.into_iter().filter(asked).collect()
}

//! What a view has on the host for as long as it lives, beside kernel objects that end with their last descriptor:
//! control groups and placeholders, with the guard that takes them away.

use std::os::fd::OwnedFd;

use eyot_plan::Plan;
use eyot_sys::Error;

use crate::cgroup::Groups;
use crate::diagnose::Place;
use crate::error::LaunchError;
use crate::guard::{Chore, Guard};
use crate::placeholder::{self, Reservation};
use crate::sources::Sources;

#[derive(Debug, Default)]
pub(crate) struct Holdings {
    pub(crate) guard: Option<Guard>,
    pub(crate) groups: Option<Groups>,
    placeholders: Vec<OwnedFd>,
}

impl Holdings {
    /// Makes what `plan` needs, after starting the guard; `more` are the chores of others.
    pub(crate) fn make(
        plan: &Plan,
        sources: &Sources,
        place: Place,
        more: Vec<Chore>,
    ) -> Result<Self, LaunchError> {
        let groups = match plan.limits.needs_cgroup() {
            true => Some(Groups::choose(&plan.limits).map_err(|cause| {
                LaunchError::step("find a control group for the limits", place, cause)
            })?),
            false => None,
        };
        let reservations = placeholder::reservations(plan, sources, place)?;
        let chores = chores(more, groups.as_ref(), &reservations);
        let guard = chores.and_then(Guard::start);
        let guard = guard.map_err(|error| LaunchError::step("start the guard", place, error))?;

        let mut holdings = Self { guard, groups, placeholders: Vec::new() };
        match holdings.take(&reservations, place) {
            Ok(()) => Ok(holdings),
            Err(error) => {
                // What went wrong first is what the user needs to know.
                let _ = holdings.give_up();
                Err(error)
            }
        }
    }

    fn take(&mut self, reservations: &[Reservation], place: Place) -> Result<(), LaunchError> {
        if let Some(groups) = &mut self.groups {
            groups.make().map_err(|error| LaunchError::step("set the limits", place, error))?;
        }
        for reservation in reservations {
            self.placeholders.push(reservation.take(place)?);
        }
        Ok(())
    }

    /// Which limits the view ran into; to be asked before the groups are gone.
    pub(crate) fn limits_hit(&self) -> Vec<String> {
        self.groups.as_ref().map(Groups::hit).unwrap_or_default()
    }

    /// Lets the guard take everything away and waits for it; says whether it could.
    pub(crate) fn give_up(self) -> Result<bool, Error> {
        let Self { guard, groups, placeholders } = self;
        // The guard must find no lock of ours.
        drop((groups, placeholders));
        guard.map_or(Ok(true), Guard::finish)
    }
}

fn chores(
    more: Vec<Chore>,
    groups: Option<&Groups>,
    reservations: &[Reservation],
) -> Result<Vec<Chore>, Error> {
    let mut chores = more;
    if let Some(groups) = groups {
        chores.extend(groups.chores()?);
    }
    for reservation in reservations {
        chores.push(reservation.chore()?);
    }
    Ok(chores)
}

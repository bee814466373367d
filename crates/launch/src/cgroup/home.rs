//! Where a view's control groups can be made.

use std::ffi::CStr;
use std::os::fd::OwnedFd;
use std::path::Path;

use eyot_plan::LimitSet;
use eyot_sys::{Errno, Error};

use super::hierarchy::{Hierarchy, Version};
use super::scope::Scope;
use super::{Controller, hierarchy};
use crate::error::Cause;

#[derive(Debug)]
pub(crate) enum Home {
    /// Below the caller's own groups.
    Below(Vec<Seat>),
    /// In a scope that systemd makes.
    Scope(Scope),
}

/// The directory in which one of the groups will be made, and what for.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) version: Version,
    /// The controllers of a hierarchy of version 1, as the kernel lists them.
    pub(crate) hierarchy: String,
    pub(crate) parent: OwnedFd,
    controllers: Vec<Controller>,
}

/// The processor time is shared out every so many microseconds: the kernel's default.
const PERIOD: u64 = 100_000;

/// Finds a place with every controller in `wanted`.
pub(crate) fn find(wanted: &[Controller]) -> Result<Home, Cause> {
    let hierarchies = hierarchy::all();
    let mut seats: Vec<(&Hierarchy, Seat)> = Vec::new();
    for controller in wanted {
        let hierarchy = match place_for(*controller, &hierarchies) {
            Ok(hierarchy) => hierarchy,
            Err(why) => {
                return Scope::find(wanted).map(Home::Scope).map_err(|not| refused(why, not));
            }
        };
        match seats.iter_mut().find(|(known, _)| *known == hierarchy) {
            Some((_, seat)) => seat.controllers.push(*controller),
            None => seats.push((hierarchy, Seat::in_group(hierarchy, *controller)?)),
        }
    }
    Ok(Home::Below(seats.into_iter().map(|(_, seat)| seat).collect()))
}

fn refused(why: String, not: String) -> Cause {
    let remedy = "leave the limit out, or start eyot where control groups are delegated".into();
    Cause::Policy { why: format!("{why}; {not}"), remedy }
}

/// The hierarchy in which the caller can make a group with `controller`, or why there is none.
pub(crate) fn place_for(
    controller: Controller,
    hierarchies: &[Hierarchy],
) -> Result<&Hierarchy, String> {
    let name = controller.name();
    let version_1 =
        hierarchies.iter().find(|it| it.version == Version::One && it.has(controller.name()));
    let version_2 = hierarchies.iter().find(|it| it.version == Version::Two);
    match (version_1, version_2) {
        (Some(hierarchy), _) => {
            eyot_sys::check_writable(&hierarchy.group)
                .map_err(|error| cannot_write(hierarchy, &error))?;
            Ok(hierarchy)
        }
        (None, Some(hierarchy)) => version_2_gives(name, hierarchy).map(|()| hierarchy),
        (None, None) => Err(format!("no control groups with the {name} controller are mounted")),
    }
}

fn cannot_write(hierarchy: &Hierarchy, error: &Error) -> String {
    format!("no group can be made in '{}': {}", hierarchy.group.display(), error.errno)
}

/// Whether a group made below the caller's would have the controller.
fn version_2_gives(controller: &str, hierarchy: &Hierarchy) -> Result<(), String> {
    let group = &hierarchy.group;
    let lists = |file: &str| {
        let text = std::fs::read_to_string(group.join(file)).unwrap_or_default();
        text.split_whitespace().any(|listed| listed == controller)
    };
    if !lists("cgroup.controllers") {
        return Err(format!(
            "the caller's group '{}' has no {controller} controller",
            group.display()
        ));
    }
    eyot_sys::check_writable(group).map_err(|error| cannot_write(hierarchy, &error))?;
    if lists("cgroup.subtree_control") || is_root(group) {
        return Ok(());
    }
    // cgroups(7), "no internal processes": the caller itself is one.
    Err(format!(
        "the caller's group '{}' does not pass the {controller} controller on, and cannot as long as it has processes",
        group.display()
    ))
}

/// The root group alone has no type, and alone may have processes beside groups with controllers.
fn is_root(group: &Path) -> bool {
    group.join("cgroup.controllers").exists() && !group.join("cgroup.type").exists()
}

impl Seat {
    fn in_group(hierarchy: &Hierarchy, controller: Controller) -> Result<Self, Error> {
        Ok(Self {
            version: hierarchy.version,
            hierarchy: hierarchy.controllers.clone(),
            parent: eyot_sys::hold_directory(&hierarchy.group)?,
            controllers: vec![controller],
        })
    }

    /// Makes the group and sets its limits.
    pub(crate) fn make(&self, name: &CStr, limits: &LimitSet) -> Result<OwnedFd, Error> {
        if self.version == Version::Two {
            self.pass_controllers_on()?;
        }
        eyot_sys::make_directory(&self.parent, name, 0o755)?;
        let group = eyot_sys::open_directory_below(&self.parent, name)?;
        for controller in &self.controllers {
            match self.version {
                Version::One => limit_version_1(&group, *controller, limits)?,
                Version::Two => limit_version_2(&group, *controller, limits)?,
            }
        }
        Ok(group)
    }

    fn pass_controllers_on(&self) -> Result<(), Error> {
        let passed = eyot_sys::read_below(&self.parent, c"cgroup.subtree_control")?;
        for controller in &self.controllers {
            if !passed.split_whitespace().any(|name| name == controller.name()) {
                let text = format!("+{}", controller.name());
                eyot_sys::write_below(&self.parent, c"cgroup.subtree_control", &text)?;
            }
        }
        Ok(())
    }
}

fn limit_version_1(group: &OwnedFd, by: Controller, limits: &LimitSet) -> Result<(), Error> {
    let write = |file: &CStr, number: u64| eyot_sys::write_below(group, file, &number.to_string());
    match by {
        Controller::Memory => {
            let Some(bytes) = limits.memory else { return Ok(()) };
            write(c"memory.limit_in_bytes", bytes)?;
            // Memory and swap together; the file is there where swap is accounted for.
            unless_missing(write(c"memory.memsw.limit_in_bytes", bytes))
        }
        Controller::Processes => limits.processes.map_or(Ok(()), |most| write(c"pids.max", most)),
        Controller::Cpus => {
            let Some(milli) = limits.milli_cpus else { return Ok(()) };
            write(c"cpu.cfs_period_us", PERIOD)?;
            write(c"cpu.cfs_quota_us", quota(milli))
        }
    }
}

fn limit_version_2(group: &OwnedFd, by: Controller, limits: &LimitSet) -> Result<(), Error> {
    let write = |file: &CStr, text: String| eyot_sys::write_below(group, file, &text);
    match by {
        Controller::Memory => {
            let Some(bytes) = limits.memory else { return Ok(()) };
            write(c"memory.max", bytes.to_string())?;
            unless_missing(write(c"memory.swap.max", "0".into()))
        }
        Controller::Processes => {
            limits.processes.map_or(Ok(()), |most| write(c"pids.max", most.to_string()))
        }
        Controller::Cpus => {
            let Some(milli) = limits.milli_cpus else { return Ok(()) };
            write(c"cpu.max", format!("{} {PERIOD}", quota(milli)))
        }
    }
}

/// Microseconds of a period; the kernel takes no less than a thousand.
fn quota(milli_cpus: u64) -> u64 {
    (milli_cpus * PERIOD / 1000).max(1000)
}

fn unless_missing(written: Result<(), Error>) -> Result<(), Error> {
    match written {
        Err(error) if error.errno == Errno::NOENT => Ok(()),
        result => result,
    }
}

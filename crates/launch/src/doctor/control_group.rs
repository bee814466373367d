//! Whether the caller can make control groups below its own. What is made is removed at once.

use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use eyot_sys::{Fork, Namespaces};

use super::mount_table::MountLine;
use super::{Answer, Seen, Surroundings};

pub(super) fn layout(_: &Surroundings) -> Seen {
    use eyot_plan::CgroupLayout::{Hybrid, Legacy, None as Nothing, Unified};
    match crate::survey::cgroup_layout() {
        Unified => (Answer::Yes, Some("version 2 only".into())),
        Hybrid => (Answer::Yes, Some("version 1 controllers beside version 2".into())),
        Legacy => (Answer::Yes, Some("version 1 only".into())),
        Nothing => (
            Answer::No {
                cause: "nothing of control groups is mounted at /sys/fs/cgroup".into(),
                cure: "mount -t cgroup2 cgroup2 /sys/fs/cgroup".into(),
            },
            None,
        ),
    }
}

pub(super) fn memory(around: &Surroundings) -> Seen {
    controller(around, "memory")
}

pub(super) fn pids(around: &Surroundings) -> Seen {
    controller(around, "pids")
}

pub(super) fn cpu(around: &Surroundings) -> Seen {
    controller(around, "cpu")
}

const DELEGATE: &str =
    "run as root, or ask systemd for a group: systemd-run --user --scope -p Delegate=yes COMMAND";

const CONTROLLER: &str = "as root write +NAME into cgroup.subtree_control of the groups above it; where version 1 has \
                          the controller, boot with cgroup_no_v1=all";

const MOUNT: &str =
    "mount -t cgroup2 cgroup2 at /sys/fs/cgroup, or at /sys/fs/cgroup/unified beside version 1";

fn controller(around: &Surroundings, name: &str) -> Seen {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let first = Hierarchy::Version1(name).own_group(&groups, &around.mounts);
    let (own, version) =
        match first.or_else(|_| Hierarchy::Version2.own_group(&groups, &around.mounts)) {
            Ok(own) if own.join("cgroup.controllers").exists() => (own, 2),
            Ok(own) => (own, 1),
            Err(cause) => return (no(cause, MOUNT), None),
        };
    let child = match Throwaway::below(&own) {
        Ok(child) => child,
        Err(cause) => return (no(cause, DELEGATE), None),
    };
    if version == 2 && !lists(&child.0, name) {
        let own_name = own.display();
        let answer = match lists(&own, name) {
            true => no(
                format!("{own_name} does not pass '{name}' on (cgroup.subtree_control)"),
                DELEGATE,
            ),
            false => no(format!("{own_name} has no controller '{name}'"), CONTROLLER),
        };
        return (answer, None);
    }
    (Answer::Yes, Some(format!("version {version}, below {}", own.display())))
}

/// Whether a process can be started right in a new group: `CLONE_INTO_CGROUP`.
pub(super) fn start_inside(around: &Surroundings) -> Seen {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = match Hierarchy::Version2.own_group(&groups, &around.mounts) {
        Ok(own) => own,
        Err(cause) => return (no(cause, MOUNT), None),
    };
    let child = match Throwaway::below(&own) {
        Ok(child) => child,
        Err(cause) => return (no(cause, DELEGATE), None),
    };
    let started = File::open(&child.0).map_err(|error| error.to_string()).and_then(|directory| {
        match eyot_sys::fork_into(Namespaces::NONE, Some(directory.as_fd())) {
            Ok(Fork::Child) => eyot_sys::end(0),
            Ok(Fork::Parent(process)) => {
                process.wait().map(drop).map_err(|error| error.to_string())
            }
            Err(error) => Err(format!("{error} into a control group: {}", error.errno)),
        }
    });
    match started {
        Ok(()) => (Answer::Yes, None),
        Err(cause) => (no(cause, DELEGATE), None),
    }
}

fn no(cause: String, cure: &str) -> Answer {
    Answer::No { cause, cure: cure.to_owned() }
}

fn lists(group: &Path, controller: &str) -> bool {
    let text = fs::read_to_string(group.join("cgroup.controllers")).unwrap_or_default();
    text.split_whitespace().any(|name| name == controller)
}

#[derive(Clone, Copy, Debug)]
enum Hierarchy<'a> {
    /// The one of this controller.
    Version1(&'a str),
    Version2,
}

impl Hierarchy<'_> {
    /// Where the caller's own group is, from the texts of `/proc/self/cgroup` and mountinfo (`cgroups(7)`).
    fn own_group(self, groups: &str, mounts: &[MountLine]) -> Result<PathBuf, String> {
        let path = groups
            .lines()
            .find_map(|line| {
                let mut fields = line.splitn(3, ':');
                let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
                self.has(controllers).then(|| Path::new(path))
            })
            .ok_or_else(|| format!("the caller is in no control group of {self}"))?;
        let mounted = mounts.iter().filter(|mount| self.is_mounted_by(mount));
        let mut places = mounted.filter_map(|mount| -> Option<PathBuf> {
            let below = path.strip_prefix(&mount.root).ok()?;
            // Joining nothing would leave a slash at the end.
            Some(mount.at.components().chain(below.components()).collect())
        });
        places
            .find(|place| place.is_dir())
            .ok_or_else(|| format!("the caller's control group of {self} is mounted nowhere"))
    }

    fn has(self, controllers: &str) -> bool {
        match self {
            Hierarchy::Version1(name) => controllers.split(',').any(|listed| listed == name),
            Hierarchy::Version2 => controllers.is_empty(),
        }
    }

    fn is_mounted_by(self, mount: &MountLine) -> bool {
        match self {
            Hierarchy::Version1(name) => {
                mount.kind == "cgroup" && mount.options.split(',').any(|option| option == name)
            }
            Hierarchy::Version2 => mount.kind == "cgroup2",
        }
    }
}

impl std::fmt::Display for Hierarchy<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Hierarchy::Version1(name) => write!(f, "'{name}'"),
            Hierarchy::Version2 => f.write_str("version 2"),
        }
    }
}

/// A group that is gone when this value is.
#[derive(Debug)]
struct Throwaway(PathBuf);

impl Throwaway {
    fn below(own: &Path) -> Result<Self, String> {
        let place = own.join(format!("eyot-doctor-{}", eyot_sys::own_pid()));
        match fs::create_dir(&place) {
            Ok(()) => Ok(Self(place)),
            Err(error) => Err(format!("mkdir({}): {error}", place.display())),
        }
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        // rmdir(2) of a group: what looks like files in it goes along.
        let _ = fs::remove_dir(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::mount_table::parse;

    const GROUPS: &str = "4:memory:/a/b\n3:cpu,cpuacct:/\n0::/user\n";

    #[test]
    fn a_group_is_looked_for_below_what_its_mount_shows() {
        let here = env!("CARGO_MANIFEST_DIR");
        let mounts = format!("1 0 0:1 /a {here} rw - cgroup cgroup rw,memory\n");
        let own = Hierarchy::Version1("memory").own_group(GROUPS, &parse(&mounts));
        // There is no directory 'b' here.
        assert_eq!(own, Err("the caller's control group of 'memory' is mounted nowhere".into()));

        let mounts = format!("1 0 0:1 /a/b {here} rw - cgroup cgroup rw,memory\n");
        let own = Hierarchy::Version1("memory").own_group(GROUPS, &parse(&mounts));
        assert_eq!(own, Ok(here.into()));
    }

    #[test]
    fn a_controller_without_a_hierarchy_is_told() {
        let own = Hierarchy::Version1("pids").own_group(GROUPS, &[]);
        assert_eq!(own, Err("the caller is in no control group of 'pids'".into()));
        let own = Hierarchy::Version2.own_group(GROUPS, &[]);
        assert_eq!(own, Err("the caller's control group of version 2 is mounted nowhere".into()));
    }
}

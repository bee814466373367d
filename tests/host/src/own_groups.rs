//! Control groups of a case's own: the only ones that it can write to.
//!
//! Of version 1 only. On version 2 whoever is in a group may make none with controllers below it (`cgroups(7)`, no
//! internal processes), and a systemd that could help is out of a case's reach.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fs, io};

use eyot_sys::{DetachedMount, Handle, LastLink, Reach};

use crate::case::Outcome;

/// What limits of memory, processes and processor time are held by.
const CONTROLLERS: [&str; 3] = ["cpu", "memory", "pids"];

#[derive(Debug)]
pub(crate) struct OwnGroups(Vec<Group>);

#[derive(Debug)]
struct Group {
    /// Where its hierarchy is mounted.
    top: PathBuf,
    own: PathBuf,
}

impl OwnGroups {
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    /// Makes one group below the caller's in each hierarchy.
    pub(crate) fn make() -> Result<Self, Box<dyn Error>> {
        let (groups, mounts) =
            (fs::read_to_string("/proc/self/cgroup")?, fs::read_to_string("/proc/self/mountinfo")?);
        let name = format!("eyot-test-{}", eyot_sys::own_pid());
        let mut own = Self(Vec::new());
        for controller in CONTROLLERS {
            let found = find(controller, &groups, &mounts);
            let found = found.ok_or_else(|| format!("no {controller} controller of version 1"));
            let made =
                found.map_err(Into::into).and_then(|(top, group)| own.add(top, group.join(&name)));
            if let Err(error) = made {
                own.remove()?;
                return Err(error);
            }
        }
        Ok(own)
    }

    fn add(&mut self, top: PathBuf, own: PathBuf) -> Outcome {
        // Controllers may share a hierarchy.
        if !self.0.iter().any(|group| group.own == own) {
            fs::create_dir(&own)?;
            self.0.push(Group { top, own });
        }
        Ok(())
    }

    /// Moves the caller into them.
    pub(crate) fn enter(&self) -> io::Result<()> {
        self.0.iter().try_for_each(|group| fs::write(group.own.join("cgroup.procs"), "0"))
    }

    /// Mounts that show nothing else of their hierarchies, and where to attach them.
    pub(crate) fn shown(&self) -> Result<Vec<(DetachedMount, &Path)>, Box<dyn Error>> {
        let mut shown = Vec::new();
        for Group { top, own } in &self.0 {
            let handle = Handle::open(own, LastLink::Keep)?;
            shown.push((DetachedMount::clone_of(&handle, own, Reach::OneMount)?, top.as_path()));
        }
        Ok(shown)
    }

    /// Removes them, and what a failed case has left in them. A group with processes stays, which is an error.
    pub(crate) fn remove(&self) -> io::Result<()> {
        for Group { own, .. } in &self.0 {
            for entry in fs::read_dir(own)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    fs::remove_dir(entry.path())?;
                }
            }
            fs::remove_dir(own)?;
        }
        Ok(())
    }
}

/// Where the hierarchy of `controller` is mounted, and the caller's group in it.
fn find(controller: &str, groups: &str, mounts: &str) -> Option<(PathBuf, PathBuf)> {
    let has = |list: &str| list.split(',').any(|one| one == controller);
    let group = groups.lines().find_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        has(controllers).then_some(path)
    })?;
    mounts.lines().rev().find_map(|line| {
        let (place, filesystem) = line.split_once(" - cgroup ")?;
        let mut place = place.split(' ').skip(3);
        let (root, top) = (place.next()?, place.next()?);
        let own = Path::new(top).join(Path::new(group).strip_prefix(root).ok()?);
        (has(filesystem.rsplit(' ').next()?) && own.is_dir()).then(|| (top.into(), own))
    })
}

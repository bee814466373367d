//! The control groups of a living view, for a process that shall share its limits.

use std::fs::OpenOptions;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use eyot_sys::{Call, Errno, Error};

/// `cgroup.procs` of every group that the view has to itself.
#[derive(Debug, Default)]
pub(super) struct Groups(Vec<OwnedFd>);

impl Groups {
    /// The groups of `process` in which the caller is not; opened now, because the view does not show them.
    pub(super) fn of(process: i32) -> Result<Self, Error> {
        let theirs = text(Path::new(&format!("/proc/{process}/cgroup")))?;
        let own = text(Path::new("/proc/self/cgroup"))?;
        let mounts = text(Path::new("/proc/self/mountinfo"))?;
        let differing = theirs.lines().filter(|line| !own.lines().any(|own| own == *line));
        let open = |line| {
            let directory = directory_of(line, &mounts).ok_or_else(|| {
                let path = PathBuf::from(line);
                Call::Lookup { path }.failed(Errno::NOENT)
            })?;
            let path = directory.join("cgroup.procs");
            let file = OpenOptions::new().write(true).open(&path);
            file.map(OwnedFd::from).map_err(|error| crate::run_directory::io_error(&path, &error))
        };
        differing.map(open).collect::<Result<_, _>>().map(Self)
    }

    /// Moves the calling process there.
    pub(super) fn join(&self) -> Result<(), Error> {
        // 0 is the writer, whatever its number here (cgroups(7)).
        self.0.iter().try_for_each(|procs| eyot_sys::write_all(procs, b"0"))
    }
}

fn text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| crate::run_directory::io_error(path, &error))
}

/// Where the group of a line of `/proc/PID/cgroup` is mounted (`cgroups(7)`, `proc_pid_mountinfo(5)`).
fn directory_of(line: &str, mounts: &str) -> Option<PathBuf> {
    let (_, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    // A later mount at the same place covers an earlier one.
    mounts.lines().rev().find_map(|mount| {
        let (front, behind) = mount.split_once(" - ")?;
        let mut front = front.split(' ').skip(3);
        let (root, at) = (front.next()?, front.next()?);
        let mut behind = behind.split(' ');
        let (kind, _, options) = (behind.next()?, behind.next()?, behind.next()?);
        let serves = match controllers {
            "" => kind == "cgroup2",
            _ => {
                let has = |one: &str| options.split(',').any(|option| option == one);
                kind == "cgroup" && controllers.split(',').all(has)
            }
        };
        let below = Path::new(path).strip_prefix(root).ok().filter(|_| serves)?;
        Some(Path::new(at).join(below))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
30 25 0:26 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup rw
31 25 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
32 25 0:28 /docker/1 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
";

    #[test]
    fn each_hierarchy_is_found_by_its_controllers() {
        let found = |line| directory_of(line, MOUNTS);
        assert_eq!(found("0::/eyot/a"), Some("/sys/fs/cgroup/unified/eyot/a".into()));
        assert_eq!(found("4:cpu,cpuacct:/a"), Some("/sys/fs/cgroup/cpu,cpuacct/a".into()));
        assert_eq!(found("5:memory:/docker/1/a"), Some("/sys/fs/cgroup/memory/a".into()));
        let covered = format!(
            "{MOUNTS}33 31 0:28 /docker/1/a /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        );
        assert_eq!(
            directory_of("5:memory:/docker/1/a/b", &covered),
            Some("/sys/fs/cgroup/memory/b".into())
        );
        // Outside what is mounted, or not mounted at all.
        assert_eq!(found("5:memory:/docker/2"), None);
        assert_eq!(found("6:pids:/a"), None);
    }
}

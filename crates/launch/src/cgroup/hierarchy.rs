//! Which control groups the caller is in and where they are mounted (`cgroups(7)`).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    One,
    Two,
}

/// A hierarchy and the caller's own group in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    pub(crate) version: Version,
    /// As the kernel lists them (`cpu,cpuacct`); of version 2 a file of each group tells.
    pub(crate) controllers: String,
    /// The top that this mount shows, and the caller's group.
    pub(crate) top: PathBuf,
    pub(crate) group: PathBuf,
}

impl Hierarchy {
    pub(crate) fn has(&self, controller: &str) -> bool {
        self.controllers.split(',').any(|own| own == controller)
    }
}

/// Every hierarchy whose mount shows the caller's group.
pub(crate) fn all() -> Vec<Hierarchy> {
    let text = |path| std::fs::read_to_string(path).unwrap_or_default();
    let mut all = read(&text("/proc/self/cgroup"), &text("/proc/self/mountinfo"));
    // Another mount may cover it.
    all.retain(|hierarchy| hierarchy.group.is_dir());
    all
}

fn read(own: &str, mounts: &str) -> Vec<Hierarchy> {
    let mounts: Vec<Mount<'_>> = mounts.lines().filter_map(Mount::read).collect();
    let hierarchy = |line: &str| {
        let mut fields = line.splitn(3, ':');
        let (number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let version = if number == "0" { Version::Two } else { Version::One };
        // A later mount at the same place covers an earlier one.
        let shown = mounts.iter().rev().filter(|mount| mount.shows(version, controllers));
        let (top, rest) = shown
            .filter_map(|mount| {
                let rest = Path::new(path).strip_prefix(&mount.root).ok()?;
                Some((mount.at.clone(), rest.to_owned()))
            })
            .next()?;
        let group = if rest.as_os_str().is_empty() { top.clone() } else { top.join(rest) };
        Some(Hierarchy { version, controllers: controllers.to_owned(), top, group })
    };
    own.lines().filter_map(hierarchy).collect()
}

/// A line of `/proc/self/mountinfo` about control groups.
struct Mount<'a> {
    version: Version,
    root: PathBuf,
    at: PathBuf,
    options: &'a str,
}

impl<'a> Mount<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (place, filesystem) = line.split_once(" - ")?;
        let mut filesystem = filesystem.split(' ');
        let version = match filesystem.next()? {
            "cgroup" => Version::One,
            "cgroup2" => Version::Two,
            _ => return None,
        };
        let options = filesystem.nth(1).unwrap_or_default();
        let mut place = place.split(' ').skip(3);
        Some(Self { version, root: path(place.next()?), at: path(place.next()?), options })
    }

    fn shows(&self, version: Version, controllers: &str) -> bool {
        let has = |one: &str| self.options.split(',').any(|option| option == one);
        self.version == version && (version == Version::Two || controllers.split(',').all(has))
    }
}

/// A path of `/proc/self/mountinfo`, where blanks and backslashes are octal (`proc_pid_mountinfo(5)`).
fn path(escaped: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let octal = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match (first, octal) {
            (b'\\', Some(byte)) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(own: &str, mounts: &str, expected: Expect) {
        let line = |it: &Hierarchy| {
            format!("{:?} '{}' {}\n", it.version, it.controllers, it.group.display())
        };
        expected.assert_eq(&read(own, mounts).iter().map(line).collect::<String>());
    }

    #[test]
    fn version_1_controllers_may_share_a_hierarchy() {
        check(
            "5:cpu,cpuacct:/user.slice\n4:memory:/\n1:name=systemd:/x\n0::/\n",
            "30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n\
             31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
             32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n\
             33 25 0:29 / /proc rw - proc proc rw\n",
            expect![[r#"
                One 'cpu,cpuacct' /sys/fs/cgroup/cpu,cpuacct/user.slice
                One 'memory' /sys/fs/cgroup/memory
                Two '' /sys/fs/cgroup/unified
            "#]],
        );
    }

    #[test]
    fn a_container_sees_its_part_of_the_hierarchy() {
        check(
            "0::/docker/abc/in\u{e4}\n",
            "41 31 0:38 /docker/abc /sys/fs/c\\040group ro - cgroup2 cgroup rw,nsdelegate\n",
            expect![[r#"
                Two '' /sys/fs/c group/inä
            "#]],
        );
        check("0::/elsewhere\n", "41 31 0:38 /docker /c ro - cgroup2 cgroup rw\n", expect![""]);
    }

    #[test]
    fn the_mount_on_top_counts() {
        check(
            "0::/\n",
            "40 31 0:38 / /below rw - cgroup2 cgroup rw\n41 31 0:38 / /top rw - cgroup2 cgroup rw\n",
            expect![[r#"
                Two '' /top
            "#]],
        );
    }
}

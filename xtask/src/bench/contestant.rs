//! Who is measured: each contestant is a command line that runs a program in a view of the same kind.

use serde::{Deserialize, Serialize};
use std::path::Path;

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
pub(super) enum Name {
    /// No view at all: what any start costs
    Exec,
    /// benches/start/baseline.c
    Baseline,
    Eyot,
    Unshare,
    Bwrap,
}

impl Name {
    pub(super) const ALL: [Name; 5] =
        [Name::Exec, Name::Baseline, Name::Eyot, Name::Unshare, Name::Bwrap];

    pub(super) fn shown(self) -> &'static str {
        match self {
            Name::Exec => "exec alone",
            Name::Baseline => "C program",
            Name::Eyot => "eyot",
            Name::Unshare => "unshare",
            Name::Bwrap => "bwrap",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Contestant {
    pub(super) name: Name,
    pub(super) words: Vec<String>,
}

/// What the contestants are started with.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub(super) eyot: Option<&'a Path>,
    /// Holds the baseline and the started program; the current directory of every start.
    pub(super) programs: &'a Path,
    pub(super) without: &'a [Name],
}

impl Field<'_> {
    /// Every contestant that takes part, about to run `command`.
    pub(super) fn running(&self, command: &[&str]) -> Vec<Contestant> {
        let names = Name::ALL.into_iter().filter(|name| !self.without.contains(name));
        names
            .filter_map(|name| Some(Contestant { name, words: self.words(name, command)? }))
            .collect()
    }

    fn words(&self, name: Name, command: &[&str]) -> Option<Vec<String>> {
        let programs = self.programs.display().to_string();
        let mut words: Vec<String> = match name {
            Name::Exec => Vec::new(),
            Name::Baseline => vec![format!("{programs}/baseline"), programs],
            Name::Eyot => vec![self.eyot?.display().to_string(), "run".into(), "--".into()],
            Name::Unshare => std::iter::once("unshare")
                .chain(UNSHARE.iter().copied())
                .map(str::to_owned)
                .collect(),
            Name::Bwrap => bwrap(&programs),
        };
        words.extend(command.iter().map(|&word| word.to_owned()));
        Some(words)
    }
}

/// The seven namespaces that `eyot run` makes. One id is mapped, since a block wants a setuid helper.
#[rustfmt::skip] // One option and its arguments stay together.
const UNSHARE: &[&str] = &[
    "--user", "--map-root-user", "--mount", "--pid", "--ipc", "--uts", "--net", "--cgroup",
    "--fork", "--kill-child", "--mount-proc", "--",
];

/// The view that `eyot run` makes by default, in bwrap's words.
fn bwrap(programs: &str) -> Vec<String> {
    let mut words: Vec<String> =
        ["bwrap"].iter().chain(BWRAP).map(|&word| word.to_owned()).collect();
    for place in BWRAP_ETC {
        words.extend(["--ro-bind-try", place, place].map(str::to_owned));
    }
    words.extend(["--ro-bind", programs, programs, "--chdir", programs, "--"].map(str::to_owned));
    words
}

#[rustfmt::skip] // One option and its arguments stay together.
const BWRAP: &[&str] = &[
    // Namespaces and privileges.
    "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup",
    "--cap-drop", "ALL", "--die-with-parent", "--new-session",
    "--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/root", "--hostname", "eyot",
    // The system.
    "--ro-bind", "/usr", "/usr",
    "--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin",
    "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
    // The kernel's.
    "--proc", "/proc", "--dev", "/dev", "--ro-bind", "/sys", "/sys",
    // One's own.
    "--tmpfs", "/tmp", "--tmpfs", "/var/tmp", "--tmpfs", "/dev/shm", "--tmpfs", "/run/user", "--tmpfs", "/root",
];

/// What `eyot run` shows of /etc where it is there, in place of what it writes itself (passwd, group, hosts) as well.
#[rustfmt::skip] // One option and its arguments stay together.
const BWRAP_ETC: &[&str] = &[
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/ssl",
    "/etc/ca-certificates", "/etc/localtime", "/etc/timezone", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group",
    "/etc/hosts", "/etc/hostname", "/etc/fonts", "/etc/terminfo", "/nix/store",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contestant_that_is_left_out_or_not_built_takes_no_part() {
        let field = Field { eyot: None, programs: Path::new("/p"), without: &[Name::Bwrap] };
        let names: Vec<_> =
            field.running(&["/p/true"]).iter().map(|contestant| contestant.name).collect();
        assert_eq!(names, [Name::Exec, Name::Baseline, Name::Unshare]);
    }

    #[test]
    fn the_command_comes_last() {
        let field =
            Field { eyot: Some(Path::new("/e/eyot")), programs: Path::new("/p"), without: &[] };
        let eyot = field.running(&["/p/true"]).remove(2);
        assert_eq!(eyot.words, ["/e/eyot", "run", "--", "/p/true"]);
    }
}

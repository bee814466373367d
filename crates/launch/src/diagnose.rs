//! From an errno to the kernel rule behind it.
//!
//! Most mount calls answer `EPERM` or `EINVAL` to a dozen different mistakes. What tells them
//! apart is the call and where we run, so the rules are a table over the two, tested as data.

use std::fmt;

use eyot_sys::{Call, Errno, Error, MadeName, Reach};
use serde::{Deserialize, Serialize};

/// What we know about where the process was when it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// In the initial user namespace, with CAP_SYS_ADMIN.
    Host,
    /// In a user namespace of our own making.
    UserNamespace,
    /// Without CAP_SYS_ADMIN and in no namespace of our own.
    Unprivileged,
}

/// A rule of the kernel, named as its manual pages name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    LockedTogether,
    LockedAttributes,
    NeedsPrivilege,
    MountLimit,
    TooRevealing,
    MissingMountPoint,
    MountPointKind,
    CannotMapIds,
    UserNamespaceLimit,
    UserNamespaceForbidden,
    ProcessLimit,
    DescriptorLimit,
    UnknownCall,
    UnmappedId,
    SetgroupsDenied,
    UnknownFilesystem,
    BadParameter,
    ReadOnlyPlace,
}

/// One row of the table: what the rule says, where it is written down, what to do.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    pub rule: &'static str,
    pub reference: &'static str,
    pub remedy: &'static str,
}

/// Finds the rule that refused `error`'s call; `None` where several would fit.
pub fn diagnose(error: &Error, place: Place) -> Option<Rule> {
    use Place::UserNamespace as InUserns;

    let rule = match (&error.call, error.errno) {
        (_, Errno::NOSYS) => Rule::UnknownCall,
        (Call::CloneTree { reach: Reach::OneMount, .. }, Errno::INVAL) if place == InUserns => {
            Rule::LockedTogether
        }
        (Call::SetAttributes { .. }, Errno::PERM) if place == InUserns => Rule::LockedAttributes,
        (Call::NewFilesystem { kind, step }, Errno::PERM)
            if matches!(kind.as_str(), "proc" | "sysfs") && step != "fsopen" =>
        {
            Rule::TooRevealing
        }
        (Call::NewFilesystem { step, .. }, Errno::NODEV) if step == "fsopen" => {
            Rule::UnknownFilesystem
        }
        (Call::NewFilesystem { step, .. }, Errno::INVAL) if step.starts_with("set ") => {
            Rule::BadParameter
        }
        (Call::MapIds { .. }, Errno::INVAL) => Rule::CannotMapIds,
        (Call::MapIds { .. }, Errno::PERM) if place != Place::Host => Rule::CannotMapIds,
        (Call::Clone { namespaces } | Call::Unshare { namespaces }, Errno::NOSPC)
            if namespaces.contains("NEW") =>
        {
            Rule::UserNamespaceLimit
        }
        (Call::Clone { namespaces } | Call::Unshare { namespaces }, Errno::PERM)
            if namespaces.contains("NEWUSER") =>
        {
            Rule::UserNamespaceForbidden
        }
        (Call::Clone { .. }, Errno::AGAIN) => Rule::ProcessLimit,
        (Call::Attach { .. }, Errno::NOTDIR) => Rule::MountPointKind,
        (Call::ResolveInRoot { .. } | Call::Attach { .. }, Errno::NOENT) => Rule::MissingMountPoint,
        (
            Call::Make { what: MadeName::Directory | MadeName::File, .. },
            Errno::ROFS | Errno::ACCESS,
        ) => Rule::ReadOnlyPlace,
        (Call::WriteProc { file, .. }, Errno::PERM | Errno::ACCESS)
            if file.ends_with("setgroups") =>
        {
            Rule::SetgroupsDenied
        }
        (Call::WriteProc { file, .. }, Errno::PERM) if file.ends_with("_map") => Rule::UnmappedId,
        (Call::WriteProc { file, .. }, Errno::ACCESS) if file.ends_with("_map") => {
            Rule::UserNamespaceForbidden
        }
        (
            Call::CloneTree { .. }
            | Call::NewFilesystem { .. }
            | Call::Unshare { .. }
            | Call::Clone { .. },
            Errno::PERM,
        ) if place == Place::Unprivileged => Rule::NeedsPrivilege,
        (Call::CloneTree { .. } | Call::Attach { .. }, Errno::NOSPC) => Rule::MountLimit,
        (_, Errno::MFILE | Errno::NFILE) => Rule::DescriptorLimit,
        _ => return None,
    };
    Some(rule)
}

impl Rule {
    pub const ALL: &[Rule] = &[
        Rule::LockedTogether,
        Rule::LockedAttributes,
        Rule::NeedsPrivilege,
        Rule::MountLimit,
        Rule::TooRevealing,
        Rule::MissingMountPoint,
        Rule::MountPointKind,
        Rule::CannotMapIds,
        Rule::UserNamespaceLimit,
        Rule::UserNamespaceForbidden,
        Rule::ProcessLimit,
        Rule::DescriptorLimit,
        Rule::UnknownCall,
        Rule::UnmappedId,
        Rule::SetgroupsDenied,
        Rule::UnknownFilesystem,
        Rule::BadParameter,
        Rule::ReadOnlyPlace,
    ];

    pub fn explanation(self) -> Explanation {
        let (rule, reference, remedy) = match self {
            Rule::LockedTogether => (
                "mounts inherited from a more privileged namespace cannot be separated",
                "mount_namespaces(7), Restrictions on mount namespaces",
                "bind the whole tree, or a directory that has nothing mounted below it",
            ),
            Rule::LockedAttributes => (
                "attributes inherited from a more privileged namespace cannot be removed",
                "mount_namespaces(7), Restrictions on mount namespaces",
                "ask for read-only access, or start as root",
            ),
            Rule::NeedsPrivilege => (
                "the call needs CAP_SYS_ADMIN over the mount namespace",
                "capabilities(7), CAP_SYS_ADMIN",
                "run as root, or let the view have a user namespace",
            ),
            Rule::MountLimit => (
                "the mount namespace has reached its limit of mounts",
                "proc_sys_fs(5), mount-max",
                "raise /proc/sys/fs/mount-max or bind fewer paths",
            ),
            Rule::TooRevealing => (
                "in a user namespace /proc and /sys can be mounted anew only where the old ones are fully visible, \
                 and here something is mounted over a part of them, as container engines do",
                "mount_namespaces(7), Restrictions on mount namespaces; kernel log 'VFS: Mount too revealing'",
                "leave them out (--no-proc, --no-sys), or start the container around with its /proc unmasked",
            ),
            Rule::MissingMountPoint => (
                "a mount needs something to be mounted on, and the tree it goes into is not the view's own",
                "mount(2), ENOENT",
                "make the file or directory there on the host, or put an overlay or tmpfs above it",
            ),
            Rule::MountPointKind => (
                "a directory can only be mounted on a directory, and a file on a file",
                "mount(2), ENOTDIR",
                "choose another place, or bind the parent directory",
            ),
            Rule::CannotMapIds => (
                "this file system, or something mounted below it, cannot show its owners changed (idmapped mount)",
                "mount_setattr(2), MOUNT_ATTR_IDMAP",
                "bind a directory of another file system, or ask for it read-only",
            ),
            Rule::UserNamespaceLimit => (
                "the limit of namespaces for this user is reached, or they are nested 32 deep",
                "namespaces(7), /proc/sys/user; user_namespaces(7)",
                "raise the limits in /proc/sys/user (max_user_namespaces and its neighbours)",
            ),
            Rule::UserNamespaceForbidden => (
                "this machine lets only privileged users make user namespaces",
                "user_namespaces(7); sysctl kernel.unprivileged_userns_clone; \
                 kernel.apparmor_restrict_unprivileged_userns",
                "run as root, or have the administrator lift the limit ('eyot doctor' names the one in force)",
            ),
            Rule::ProcessLimit => (
                "the limit of processes is reached",
                "fork(2), EAGAIN: RLIMIT_NPROC, pids.max, kernel.pid_max",
                "end some processes, or raise the limit (ulimit -u, pids.max of the control group)",
            ),
            Rule::DescriptorLimit => (
                "the limit of open descriptors is reached",
                "getrlimit(2), RLIMIT_NOFILE",
                "raise it (ulimit -n), or bind fewer paths",
            ),
            Rule::UnknownCall => (
                "the kernel, or a system-call filter around eyot, does not know this call",
                "syscalls(2), ENOSYS",
                "'eyot doctor' shows what is missing; eyot needs Linux 5.15, or a container that lets these calls pass",
            ),
            Rule::UnmappedId => (
                "an ordinary user may map one id only, its own",
                "user_namespaces(7), Defining user and group ID mappings",
                "leave --uid and --gid out, or start as root",
            ),
            Rule::SetgroupsDenied => (
                "groups cannot be changed in a user namespace whose map an ordinary user wrote",
                "user_namespaces(7), /proc/PID/setgroups",
                "start as root",
            ),
            Rule::UnknownFilesystem => (
                "the kernel has no such file system, or its module is not loaded",
                "fsopen(2), ENODEV; proc_filesystems(5)",
                "load the module as root (modprobe), or leave the entry out",
            ),
            Rule::BadParameter => (
                "the file system does not take this parameter",
                "fsconfig(2), EINVAL; the kernel's own words are above",
                "change the option; in a user namespace some are refused that root may use",
            ),
            Rule::ReadOnlyPlace => (
                "a mount point is missing and the tree it goes into cannot be written",
                "mkdir(2), EROFS and EACCES",
                "make the file or directory there on the host, or put an overlay or tmpfs above it",
            ),
        };
        Explanation { rule, reference, remedy }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.explanation().rule)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn rules_by_call_errno_and_place() {
        let clone = |reach| Call::CloneTree { from: PathBuf::from("/"), reach };
        let set = || {
            let (on, add) = (PathBuf::from("/"), eyot_sys::Attributes::default());
            Call::SetAttributes { on, add, reach: Reach::OneMount }
        };
        let proc = |step: &str| Call::NewFilesystem { kind: "proc".into(), step: step.into() };
        let namespaces = || Call::Clone { namespaces: "NEWUSER|NEWNS".into() };
        use Place::{Host, Unprivileged, UserNamespace};
        let cases = [
            (clone(Reach::OneMount), Errno::INVAL, UserNamespace, Some(Rule::LockedTogether)),
            (clone(Reach::OneMount), Errno::INVAL, Host, None),
            (clone(Reach::WholeTree), Errno::PERM, Unprivileged, Some(Rule::NeedsPrivilege)),
            (clone(Reach::WholeTree), Errno::NOSPC, Host, Some(Rule::MountLimit)),
            (set(), Errno::PERM, UserNamespace, Some(Rule::LockedAttributes)),
            (set(), Errno::PERM, Host, None),
            (proc("fsmount"), Errno::PERM, UserNamespace, Some(Rule::TooRevealing)),
            (proc("fsopen"), Errno::PERM, Unprivileged, Some(Rule::NeedsPrivilege)),
            (namespaces(), Errno::PERM, Unprivileged, Some(Rule::UserNamespaceForbidden)),
            (namespaces(), Errno::NOSPC, Unprivileged, Some(Rule::UserNamespaceLimit)),
            (namespaces(), Errno::AGAIN, Host, Some(Rule::ProcessLimit)),
        ];
        for (call, errno, place, expected) in cases {
            let error = Error { call, errno, kernel_log: Vec::new() };
            assert_eq!(diagnose(&error, place), expected, "{error}: {errno}, {place:?}");
        }
    }
}

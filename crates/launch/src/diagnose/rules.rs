//! The rules of the kernel, named as its manual pages name them: what each says, where it is written down, what to do.
//! `docs/kernel-rules.md` shows where each strikes.

use std::fmt;

/// Why a call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    LockedTogether,
    LockedAttributes,
    NeedsPrivilege,
    MissingCapability,
    MountLimit,
    TooRevealing,
    FilesystemForRoot,
    MissingMountPoint,
    MountPointKind,
    NamespaceLoop,
    CannotMapIds,
    OverlayLayer,
    UserNamespaceLimit,
    NamespacesSwitchedOff,
    UserNamespaceForbidden,
    AppArmorRestriction,
    SecurityModule,
    FilteredNamespaces,
    FilteredCall,
    NestedView,
    ChrootedCaller,
    UnmappedCaller,
    UnreadableExecutable,
    ProcessLimit,
    DescriptorLimit,
    HardLimit,
    NoSuchDescriptor,
    UnknownCall,
    UnmappedId,
    RootNeedsSetfcap,
    IdOutsideBlock,
    SetgroupsDenied,
    UnknownFilesystem,
    BadParameter,
    ReadOnlyPlace,
    MemoryFull,
    UnsearchableDirectory,
    LinkLoop,
    MissingDirectory,
    MissingProgram,
    MissingInterpreter,
    ProgramIsDirectory,
    NotExecutable,
    NoExecMount,
    UnknownFormat,
    ProgramBeingWritten,
    ArgumentsTooLong,
    OpenRunDirectory,
}

/// One row of the table: what the rule says, where it is written down, what to do.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    pub rule: &'static str,
    pub reference: &'static str,
    pub remedy: &'static str,
}

impl Rule {
    pub const ALL: &[Rule] = &[
        Rule::LockedTogether,
        Rule::LockedAttributes,
        Rule::NeedsPrivilege,
        Rule::MissingCapability,
        Rule::MountLimit,
        Rule::TooRevealing,
        Rule::FilesystemForRoot,
        Rule::MissingMountPoint,
        Rule::MountPointKind,
        Rule::NamespaceLoop,
        Rule::CannotMapIds,
        Rule::OverlayLayer,
        Rule::UserNamespaceLimit,
        Rule::NamespacesSwitchedOff,
        Rule::UserNamespaceForbidden,
        Rule::AppArmorRestriction,
        Rule::SecurityModule,
        Rule::FilteredNamespaces,
        Rule::FilteredCall,
        Rule::NestedView,
        Rule::ChrootedCaller,
        Rule::UnmappedCaller,
        Rule::UnreadableExecutable,
        Rule::ProcessLimit,
        Rule::DescriptorLimit,
        Rule::HardLimit,
        Rule::NoSuchDescriptor,
        Rule::UnknownCall,
        Rule::UnmappedId,
        Rule::RootNeedsSetfcap,
        Rule::IdOutsideBlock,
        Rule::SetgroupsDenied,
        Rule::UnknownFilesystem,
        Rule::BadParameter,
        Rule::ReadOnlyPlace,
        Rule::MemoryFull,
        Rule::UnsearchableDirectory,
        Rule::LinkLoop,
        Rule::MissingDirectory,
        Rule::MissingProgram,
        Rule::MissingInterpreter,
        Rule::ProgramIsDirectory,
        Rule::NotExecutable,
        Rule::NoExecMount,
        Rule::UnknownFormat,
        Rule::ProgramBeingWritten,
        Rule::ArgumentsTooLong,
        Rule::OpenRunDirectory,
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
            Rule::MissingCapability => (
                "root lacks a capability here that the call needs",
                "capabilities(7): SETUID and SETGID for maps of ids, MKNOD for devices, CHOWN for owners, \
                 SYS_ADMIN and SYS_CHROOT for namespaces, NET_ADMIN for interfaces",
                "have whatever started eyot leave it (for a container --cap-add), or run eyot as an \
                 ordinary user",
            ),
            Rule::MountLimit => (
                "the mount namespace has reached its limit of mounts",
                "proc_sys_fs(5), mount-max",
                "raise /proc/sys/fs/mount-max or bind fewer paths",
            ),
            Rule::TooRevealing => (
                "in a user namespace /proc and /sys can be mounted anew only where the old ones are fully \
                 visible, and here something is mounted over a part of them, as container engines do",
                "mount_namespaces(7), Restrictions on mount namespaces; kernel log 'VFS: Mount too revealing'",
                "leave them out (--no-proc, --no-sys), or start the container around with its /proc unmasked",
            ),
            Rule::FilesystemForRoot => (
                "only root of the machine may mount this kind of file system, or its namespace belongs to \
                 somebody else",
                "user_namespaces(7), Effect of capabilities within a user namespace",
                "leave the entry out, or start as root",
            ),
            Rule::MissingMountPoint => (
                "a mount needs something to be mounted on, and the tree it goes into is not the view's own",
                "mount(2), ENOENT",
                "make the file or directory there on the host, or put an overlay or tmpfs above it",
            ),
            Rule::MountPointKind => (
                "a directory can only be mounted on a directory, and a file on a file",
                "move_mount(2), EINVAL",
                "choose another place, or bind the parent directory",
            ),
            Rule::NamespaceLoop => (
                "the file is a mount namespace, which can only be mounted in an older one",
                "namespaces(7), /proc/PID/ns; move_mount(2), ELOOP",
                "bind something else: a view has no use for this file",
            ),
            Rule::CannotMapIds => (
                "this file system, or something mounted below it, cannot show its owners changed (idmapped mount)",
                "mount_setattr(2), MOUNT_ATTR_IDMAP",
                "bind a directory of another file system, or ask for it read-only",
            ),
            Rule::OverlayLayer => (
                "overlay cannot use one of these layers: its file system is of the kernel's own (/proc, /sys), \
                 keeps no extended attributes, or is itself an overlay of overlays",
                "overlayfs.rst, Upper and Lower, Stacking; the kernel's own log (dmesg) names the layer",
                "choose a directory of an ordinary file system",
            ),
            Rule::UserNamespaceLimit => (
                "the limit of namespaces for this user is reached, or they are nested 32 deep",
                "namespaces(7), /proc/sys/user; user_namespaces(7)",
                "raise the limits in /proc/sys/user (max_user_namespaces and its neighbours), or nest fewer",
            ),
            Rule::NamespacesSwitchedOff => (
                "the administrator has switched namespaces off: a limit in /proc/sys/user is 0",
                "namespaces(7), /proc/sys/user",
                "run as root, or have max_user_namespaces and its neighbours there raised (sysctl \
                 user.max_user_namespaces)",
            ),
            Rule::UserNamespaceForbidden => (
                "this machine lets only privileged users make user namespaces",
                "sysctl kernel.unprivileged_userns_clone is 0 (Debian, Arch)",
                "run as root, or have the administrator set it to 1",
            ),
            Rule::AppArmorRestriction => (
                "AppArmor takes the rights of user namespaces from programs that have no profile allowing them",
                "sysctl kernel.apparmor_restrict_unprivileged_userns is 1 (Ubuntu 23.10 and newer)",
                "install an AppArmor profile for eyot that has the rule 'userns,', or run as root",
            ),
            Rule::SecurityModule => (
                "a security module (AppArmor, SELinux or a BPF program) refuses user namespaces, or takes the \
                 rights in them",
                "user_namespaces(7); apparmor(7); /sys/kernel/security/lsm names the modules",
                "look for the refusal in the audit log (journalctl -k), and have its policy let eyot pass",
            ),
            Rule::FilteredNamespaces => (
                "a system-call filter around eyot, as container engines put one, refuses new namespaces",
                "seccomp(2); 'Seccomp' in /proc/self/status is 2",
                "start the container with a filter that lets namespaces pass (docker and podman: --security-opt \
                 seccomp=FILE)",
            ),
            Rule::FilteredCall => (
                "the kernel itself allows this here, but a system-call filter around eyot, as container engines \
                 put one, refuses it",
                "seccomp(2); 'Seccomp' in /proc/self/status is 2",
                "start the container with a filter that lets namespaces and mounts pass (docker and podman: \
                 --security-opt seccomp=FILE)",
            ),
            Rule::NestedView => (
                "eyot runs inside a view, whose filter refuses new namespaces",
                "seccomp(2); PID 1 here is eyot",
                "say --allow nesting to the eyot around this one",
            ),
            Rule::ChrootedCaller => (
                "a process in a chroot cannot make a user namespace",
                "user_namespaces(7); unshare(2), EPERM",
                "start eyot outside the chroot, or as root",
            ),
            Rule::UnmappedCaller => (
                "the user or group that runs eyot does not exist in the user namespace around it",
                "user_namespaces(7); clone(2), EPERM",
                "map the user in /proc/PID/uid_map and gid_map first (unshare --map-user)",
            ),
            Rule::UnreadableExecutable => (
                "the user may run eyot but not read its file, so the kernel keeps its own /proc files from it",
                "PR_SET_DUMPABLE(2const); proc_pid(5)",
                "make the file readable (chmod a+r)",
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
            Rule::HardLimit => (
                "a limit can be raised up to the hard limit only, and eyot was started with a lower one",
                "setrlimit(2), EPERM",
                "ask for less, or raise the hard limit before eyot starts (ulimit -H, LimitNOFILE= of a unit)",
            ),
            Rule::NoSuchDescriptor => (
                "the descriptor was not open when eyot was started",
                "fcntl(2), EBADF",
                "open it in the shell before (3<FILE), and see that nothing in between closes it",
            ),
            Rule::UnknownCall => (
                "the kernel, or a system-call filter around eyot, does not know this call",
                "syscalls(2), ENOSYS",
                "'eyot doctor' shows what is missing; eyot needs Linux 5.15, or a container that lets these \
                 calls pass",
            ),
            Rule::UnmappedId => (
                "an ordinary user may map one id only, its own",
                "user_namespaces(7), Defining user and group ID mappings",
                "leave --uid and --gid out, or start as root",
            ),
            Rule::RootNeedsSetfcap => (
                "user id 0 can be mapped into a new user namespace only by who has CAP_SETFCAP, and this root has not",
                "user_namespaces(7), Defining user and group ID mappings, since Linux 5.12",
                "start eyot as a user other than root, or leave root this capability",
            ),
            Rule::IdOutsideBlock => (
                "a view has 65536 ids, from 0 to 65535, and the kernel knows no others there",
                "user_namespaces(7), Defining user and group ID mappings; setresuid(2), EINVAL",
                "choose a --uid and --gid below 65536",
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
                "the file system does not take this parameter here; its own words are above",
                "fsconfig(2), EINVAL",
                "change the option; in a user namespace some are refused that root may use",
            ),
            Rule::ReadOnlyPlace => (
                "something has to be made there, and the place cannot be written",
                "mkdir(2), EROFS and EACCES",
                "make the file or directory there on the host, or put an overlay or tmpfs above it",
            ),
            Rule::MemoryFull => (
                "the view's own memory, or the place there, is full",
                "tmpfs(5), size; ENOSPC",
                "give it more (--scratch-size)",
            ),
            Rule::UnsearchableDirectory => (
                "a directory on the way may not be searched by this user",
                "path_resolution(7), EACCES",
                "have the directories above made searchable (chmod a+x), or start as a user who may",
            ),
            Rule::LinkLoop => (
                "symbolic links on the way lead in a circle, or are more than 40",
                "path_resolution(7), ELOOP",
                "name the place that the links should lead to",
            ),
            Rule::MissingDirectory => (
                "the view has no such directory",
                "chdir(2), ENOENT and ENOTDIR",
                "name another one with --workdir, or add it with --dir, --ro or --rw",
            ),
            Rule::MissingProgram => (
                "the view has no such program",
                "execve(2), ENOENT",
                "bind it with --ro, or look at what the view shows (eyot plan run …)",
            ),
            Rule::MissingInterpreter => (
                "the program is there, but what it must be run by is not: the interpreter in a script's first \
                 line, or a dynamic loader",
                "execve(2), ENOENT; ld.so(8)",
                "bind that too (--ro), with the libraries it needs",
            ),
            Rule::ProgramIsDirectory => {
                ("a directory cannot be run", "execve(2), EACCES", "name a program in it")
            }
            Rule::NotExecutable => (
                "nobody has the right to execute this file",
                "execve(2), EACCES",
                "give it the right (chmod a+x), or run its interpreter with it (sh FILE)",
            ),
            Rule::NoExecMount => (
                "the file lies on a mount that lets no program be run (noexec)",
                "mount(8), noexec; execve(2), EACCES",
                "bind it from a place without noexec",
            ),
            Rule::UnknownFormat => (
                "the kernel cannot run this kind of file: a script without '#!', or a program of another \
                 processor",
                "execve(2), ENOEXEC; binfmt_misc",
                "run its interpreter with it (sh FILE), or give it a first line '#!/bin/sh'",
            ),
            Rule::ProgramBeingWritten => (
                "somebody has the program open for writing",
                "execve(2), ETXTBSY",
                "wait until it is written, or bind a copy",
            ),
            Rule::ArgumentsTooLong => (
                "arguments and environment together are longer than the kernel takes, or one of them is",
                "execve(2), E2BIG",
                "pass the text in a file (--file), or keep fewer variables",
            ),
            Rule::OpenRunDirectory => (
                "others can write where root's locks lie, and could have put anything there",
                "the directory must be root's and writable by root alone",
                "look who made it, then give it back to root (chown root, chmod 755)",
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

#![allow(unsafe_code, reason = "clone(2), unshare(2) and setns(2) have no safe wrapper")]

use std::ffi::{c_int, c_void};
use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::mem::MaybeUninit;
use std::ops::BitOr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Call, Error, last_errno};
use crate::process::Child;

/// A set of namespaces (`namespaces(7)`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Namespaces(c_int);

impl Namespaces {
    pub const NONE: Self = Self(0);
    pub const MOUNT: Self = Self(libc::CLONE_NEWNS);
    pub const USER: Self = Self(libc::CLONE_NEWUSER);
    pub const PID: Self = Self(libc::CLONE_NEWPID);
    pub const IPC: Self = Self(libc::CLONE_NEWIPC);
    pub const UTS: Self = Self(libc::CLONE_NEWUTS);
    pub const NETWORK: Self = Self(libc::CLONE_NEWNET);
    pub const CGROUP: Self = Self(libc::CLONE_NEWCGROUP);
    /// For [`unshare`] only: in `clone(2)` its bit is part of the signal number.
    pub const TIME: Self = Self(libc::CLONE_NEWTIME);

    const NAMES: [(Self, &'static str); 8] = [
        (Self::USER, "NEWUSER"),
        (Self::MOUNT, "NEWNS"),
        (Self::PID, "NEWPID"),
        (Self::IPC, "NEWIPC"),
        (Self::UTS, "NEWUTS"),
        (Self::NETWORK, "NEWNET"),
        (Self::CGROUP, "NEWCGROUP"),
        (Self::TIME, "NEWTIME"),
    ];

    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Namespaces {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Namespaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = Self::NAMES.iter().filter(|(flag, _)| self.contains(*flag));
        let names: Vec<&str> = set.map(|(_, name)| *name).collect();
        f.write_str(if names.is_empty() { "0" } else { "" })?;
        f.write_str(&names.join("|"))
    }
}

/// Beyond 32 bits: libc's constant of this name overflows (libc#3584).
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Which side of a fork this is.
#[derive(Debug)]
pub enum Fork {
    Parent(Child),
    Child,
}

/// Starts a copy of the calling process in new `namespaces`, in the version 2 control group `cgroup` if given.
///
/// The process must have one thread: the copy has only the calling one, and locks that others held
/// would stay held. eyot starts no threads.
pub fn fork_into(namespaces: Namespaces, cgroup: Option<BorrowedFd<'_>>) -> Result<Fork, Error> {
    let mut pidfd: c_int = -1;
    // SAFETY: all fields of clone_args are integers, for which zero means "not used".
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = namespaces.0 as u64 | libc::CLONE_PIDFD as u64;
    arguments.pidfd = &raw mut pidfd as u64;
    arguments.exit_signal = libc::SIGCHLD as u64;
    if let Some(cgroup) = cgroup {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = cgroup.as_raw_fd() as u64;
    }
    // SAFETY: without CLONE_VM the child has a copy of the address space and returns on its own copy of this stack;
    // `arguments` outlives the call and the size passed is its own.
    let answer =
        unsafe { libc::syscall(libc::SYS_clone3, &raw const arguments, size_of_val(&arguments)) };
    let answer = match answer {
        -1 if last_errno() == Errno::NOSYS && cgroup.is_none() => {
            plain_clone(namespaces, &mut pidfd)
        }
        other => other,
    };
    match answer {
        -1 => Err(Call::Clone { namespaces: namespaces.to_string() }.failed(last_errno())),
        0 => Ok(Fork::Child),
        pid => {
            // SAFETY: the kernel has just put this new descriptor there; nobody else knows it.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Fork::Parent(Child::new(pid as i32, pidfd)))
        }
    }
}

/// For a caller whose filter answers ENOSYS to clone3, as container engines' default filters do.
fn plain_clone(namespaces: Namespaces, pidfd: &mut c_int) -> libc::c_long {
    let flags = namespaces.0 | libc::CLONE_PIDFD | libc::SIGCHLD;
    // SAFETY: as above; a null stack means the child goes on with its copy of this one. With CLONE_PIDFD the third
    // argument is where the descriptor goes (clone(2)); the order is the same on x86-64 and arm64.
    unsafe { libc::syscall(libc::SYS_clone, flags, 0, std::ptr::from_mut(pidfd), 0, 0) }
}

/// Moves the calling process into new namespaces.
pub fn unshare(namespaces: Namespaces) -> Result<(), Error> {
    // SAFETY: no descriptor table is unshared, so no `OwnedFd` changes its meaning.
    let answer = unsafe { libc::unshare(namespaces.0) };
    match answer {
        0 => Ok(()),
        _ => Err(Call::Unshare { namespaces: namespaces.to_string() }.failed(last_errno())),
    }
}

/// Moves the calling process into the namespaces `of`: one namespace file, or a pidfd for several at once.
pub fn join(of: impl AsFd, namespaces: Namespaces) -> Result<(), Error> {
    // SAFETY: setns takes two integers and changes no memory of ours.
    let answer = unsafe { libc::setns(of.as_fd().as_raw_fd(), namespaces.0) };
    match answer {
        0 => Ok(()),
        _ => Err(Call::Join { namespace: namespaces.to_string() }.failed(last_errno())),
    }
}

/// One line of a `uid_map` or `gid_map` (`user_namespaces(7)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    pub inside: u32,
    pub outside: u32,
    pub count: u32,
}

impl fmt::Display for IdRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.inside, self.outside, self.count)
    }
}

/// Makes a user namespace with these maps. Needs CAP_SETUID and CAP_SETGID over the ids.
///
/// The process that makes it ends at once; as long as it is not waited for, its entry in `/proc` still has the
/// namespace and the files for its maps.
pub fn new_user_namespace(uids: &[IdRange], gids: &[IdRange]) -> Result<OwnedFd, Error> {
    let pid = end_at_once_in(libc::CLONE_NEWUSER)
        .map_err(|errno| Call::Clone { namespaces: "NEWUSER".into() }.failed(errno))?;
    let outcome = fill_user_namespace(pid, uids, gids);
    // SAFETY: waitpid with a null status writes nothing.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
    outcome
}

fn fill_user_namespace(pid: i32, uids: &[IdRange], gids: &[IdRange]) -> Result<OwnedFd, Error> {
    write_proc(&format!("/proc/{pid}/uid_map"), &lines(uids))?;
    write_proc(&format!("/proc/{pid}/gid_map"), &lines(gids))?;
    open_namespace(&format!("/proc/{pid}/ns/user"))
}

/// Maps the caller's own ids in the user namespace it has just entered: all that an ordinary user may map.
///
/// `own` comes from [`open_own_proc`], because the view may have no `/proc`.
pub fn map_own_ids(own: impl AsFd, uid: IdRange, gid: IdRange) -> Result<(), Error> {
    // The kernel takes no gid_map from an unprivileged writer until setgroups is denied.
    write_below(own.as_fd(), "setgroups", "deny")?;
    write_below(own.as_fd(), "uid_map", &lines(&[uid]))?;
    write_below(own.as_fd(), "gid_map", &lines(&[gid]))
}

/// The caller's own directory of the `/proc` it sees now.
pub fn open_own_proc() -> Result<OwnedFd, Error> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(rustix::fs::CWD, "/proc/self", flags, Mode::empty())
        .map_err(|errno| Call::Lookup { path: "/proc/self".into() }.failed(errno))
}

fn write_below(own: BorrowedFd<'_>, file: &str, text: &str) -> Result<(), Error> {
    let write = || {
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(own, file, flags, Mode::empty())?;
        rustix::io::write(&file, text.as_bytes())
    };
    write().map(drop).map_err(|errno| {
        let file = format!("/proc/self/{file}");
        Call::WriteProc { file, text: text.to_owned() }.failed(errno)
    })
}

/// Opens a namespace file such as `/proc/self/ns/mnt`.
pub fn open_namespace(path: &str) -> Result<OwnedFd, Error> {
    File::open(path).map(OwnedFd::from).map_err(|error| {
        let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
        Call::Lookup { path: Path::new(path).to_owned() }.failed(errno)
    })
}

/// Opens a namespace of the process whose directory of `/proc` is `own`: `ns/mnt` and so on.
pub fn open_namespace_below(own: impl AsFd, file: &str) -> Result<OwnedFd, Error> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    rustix::fs::openat(own, file, flags, Mode::empty())
        .map_err(|errno| Call::Lookup { path: Path::new("/proc/self").join(file) }.failed(errno))
}

/// The user namespace that owns `namespace` (`NS_GET_USERNS`, `ioctl_nsfs(2)`); `EPERM` if it is not below the
/// caller's.
pub fn owner_of_namespace(namespace: impl AsFd) -> Result<OwnedFd, Error> {
    const NS_GET_USERNS: u64 = 0xb701;
    // SAFETY: NS_GET_USERNS takes no argument.
    let fd = unsafe { libc::ioctl(namespace.as_fd().as_raw_fd(), NS_GET_USERNS) };
    if fd < 0 {
        return Err(Call::other("ioctl(NS_GET_USERNS)").failed(last_errno()));
    }
    // SAFETY: the kernel has just made this descriptor; nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Opens a mount namespace that was bound to a file; anything else there is `EINVAL`.
pub fn open_mount_namespace(path: &Path) -> Result<OwnedFd, Error> {
    const NSFS_MAGIC: u64 = 0x6e73_6673;
    const NS_GET_NSTYPE: u64 = 0xb703;
    let failed = |errno| Call::Lookup { path: path.to_owned() }.failed(errno);
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = rustix::fs::openat(rustix::fs::CWD, path, flags, Mode::empty()).map_err(failed)?;
    let magic = rustix::fs::fstatfs(&file).map_err(failed)?.f_type as u64;
    if magic != NSFS_MAGIC {
        return Err(failed(Errno::INVAL));
    }
    // SAFETY: NS_GET_NSTYPE takes no argument (ioctl_nsfs(2)).
    let kind = unsafe { libc::ioctl(file.as_raw_fd(), NS_GET_NSTYPE) };
    if kind == libc::CLONE_NEWNS { Ok(file) } else { Err(failed(Errno::INVAL)) }
}

/// Writes a file of `/proc` in one `write(2)`, as the id maps demand.
pub fn write_proc(file: &str, text: &str) -> Result<(), Error> {
    let write = || File::options().write(true).open(file)?.write_all(text.as_bytes());
    write().map_err(|error: std::io::Error| {
        let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
        Call::WriteProc { file: file.to_owned(), text: text.to_owned() }.failed(errno)
    })
}

fn lines(ranges: &[IdRange]) -> String {
    ranges.iter().map(|range| format!("{range}\n")).collect()
}

/// A child that exits before this returns and is left to be waited for.
fn end_at_once_in(flags: c_int) -> Result<i32, Errno> {
    extern "C" fn nothing(_: *mut c_void) -> c_int {
        0
    }
    // SAFETY: `nothing` does nothing, so it harms no memory.
    unsafe { clone_in_borrowed_memory(flags, nothing, std::ptr::null_mut(), 16 * 1024) }
}

/// Starts a child that runs `become_other` in this process's own memory, and waits until it has executed another program
/// or ended: as `vfork(2)`, for the same reason, that no page table is copied. What `become_other` answers, should it come
/// back, is the child's exit status.
pub fn fork_in_borrowed_memory(become_other: &mut dyn FnMut() -> c_int) -> Result<i32, Error> {
    extern "C" fn enter(argument: *mut c_void) -> c_int {
        // SAFETY: `argument` is the pointer made below; the caller, who owns what it points to, is held back by
        // CLONE_VFORK as long as this runs.
        let become_other = unsafe { &mut *argument.cast::<&mut dyn FnMut() -> c_int>() };
        become_other()
    }
    let mut argument = become_other;
    // The stack is generous: reporting why a program cannot be executed formats text.
    // SAFETY: the child shares our memory while we stand still, in a process with one thread, so every value it sees is
    // whole; it ends by execve or _exit and never returns into frames of ours.
    let answer =
        unsafe { clone_in_borrowed_memory(0, enter, (&raw mut argument).cast(), 256 * 1024) };
    answer.map_err(|errno| Call::Clone { namespaces: String::new() }.failed(errno))
}

/// `clone(2)` with a shared memory and the caller held back until the child executes or ends.
///
/// # Safety
///
/// `start` must be harmless to the memory it shares with the caller, and the process must have one thread.
unsafe fn clone_in_borrowed_memory(
    flags: c_int,
    start: extern "C" fn(*mut c_void) -> c_int,
    argument: *mut c_void,
    stack_size: usize,
) -> Result<i32, Errno> {
    // 16-byte units, because the stack must be aligned so.
    let mut stack: Vec<MaybeUninit<u128>> = Vec::with_capacity(stack_size / 16);
    // SAFETY: stacks grow down, so the child starts at the end, one past the allocation.
    let top = unsafe { stack.as_mut_ptr().add(stack.capacity()) };
    let flags = flags | libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the child runs `start` on `stack`, which lives until this function returns, and CLONE_VFORK holds us back
    // until the child no longer uses it; the rest is the caller's promise.
    let pid = unsafe { libc::clone(start, top.cast(), flags, argument) };
    if pid == -1 { Err(last_errno()) } else { Ok(pid) }
}

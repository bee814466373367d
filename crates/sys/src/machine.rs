#![allow(unsafe_code, reason = "ioctl(2) on an interface and sethostname have no safe wrapper")]

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use rustix::io::Errno;

use crate::error::{Call, Error, last_errno};

/// The name of the caller's UTS namespace.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Major and minor number of the running kernel, 0 where it says something unreadable.
pub fn kernel_version() -> (u32, u32) {
    version_of(&rustix::system::uname().release().to_string_lossy())
}

fn version_of(release: &str) -> (u32, u32) {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse());
    let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
    (next(), next())
}

pub fn set_host_name(name: &str) -> Result<(), Error> {
    rustix::system::sethostname(name.as_bytes())
        .map_err(|errno| Call::other(format!("sethostname({name})")).failed(errno))
}

/// Switches the loopback interface of the caller's network namespace on, as `ip link set lo up` does.
pub fn bring_loopback_up() -> Result<(), Error> {
    let failed = || Call::other("ioctl(lo, SIOCSIFFLAGS, IFF_UP)").failed(last_errno());
    // SAFETY: integers only.
    let fd = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return Err(failed());
    }
    // SAFETY: the kernel has just made this descriptor; nobody else knows it.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    // SAFETY: ifreq is plain data, for which zero is valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: SIOCSIFFLAGS reads an ifreq, which outlives the call.
    let answer = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if answer == 0 { Ok(()) } else { Err(failed()) }
}

/// Whether the caller has `CAP_SYS_ADMIN`, and over the initial user namespace.
///
/// The initial one maps every id onto itself (`user_namespaces(7)`); a copy of that map can only be made by somebody
/// who has the same rights anyway.
pub fn rules_the_machine() -> bool {
    const CAP_SYS_ADMIN: u64 = 21;
    let has_it =
        crate::confine::effective_capabilities().is_some_and(|mask| mask & 1 << CAP_SYS_ADMIN != 0);
    let mut buffer = [0; 64];
    let mut map = || {
        let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::CLOEXEC;
        let file = rustix::fs::open("/proc/self/uid_map", flags, rustix::fs::Mode::empty()).ok()?;
        let length = rustix::io::read(file, &mut buffer).ok()?;
        let text = std::str::from_utf8(&buffer[..length]).ok()?;
        Some(text.split_whitespace().eq(["0", "0", "4294967295"]))
    };
    has_it && map().unwrap_or(false)
}

/// Whether the caller's root directory is only a directory, so that it must be in a chroot (`chroot(2)`).
pub fn root_is_plain_directory() -> bool {
    use rustix::fs::{AtFlags, StatxAttributes, StatxFlags, statx};
    let about = statx(rustix::fs::CWD, "/", AtFlags::empty(), StatxFlags::empty());
    about.is_ok_and(|about| {
        about.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT)
            && !about.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)
    })
}

/// Whether others of the same user may look into this process: not where its program cannot be read (`PR_SET_DUMPABLE(2const)`).
pub fn is_inspectable() -> bool {
    // SAFETY: prctl with integers.
    unsafe { libc::prctl(libc::PR_GET_DUMPABLE, 0, 0, 0, 0) == 1 }
}

/// Whether the caller may make device nodes, as far as capabilities go.
pub fn may_make_devices() -> bool {
    const CAP_MKNOD: u64 = 27;
    crate::confine::effective_capabilities().is_some_and(|mask| mask & 1 << CAP_MKNOD != 0)
}

/// Lets the heap grow in steps of a quarter of a megabyte and never shrink (`mallopt(3)`): a start is over before it has
/// used more, and each step is a system call.
pub fn let_heap_grow_in_large_steps() {
    // SAFETY: mallopt takes two integers, before any other thread could allocate.
    unsafe {
        libc::mallopt(libc::M_TOP_PAD, 256 * 1024);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 64 * 1024 * 1024);
    }
}

/// Whether the three standard descriptors are one terminal.
pub fn on_terminal() -> bool {
    use std::io::IsTerminal as _;
    std::io::stdin().is_terminal()
        && std::io::stdout().is_terminal()
        && std::io::stderr().is_terminal()
}

/// Waits for the exclusive lock of a file (`flock(2)`), which ends with the last copy of the descriptor.
pub fn lock(file: &OwnedFd) -> Result<(), Error> {
    rustix::fs::flock(file, rustix::fs::FlockOperation::LockExclusive)
        .map_err(|errno| Call::other("flock").failed(errno))
}

/// A lock on some bytes of a file, released when the last process that has it ends (`fcntl(2)`, open file description
/// locks). `Ok(false)` if somebody else has it.
pub fn try_lock_bytes(file: &OwnedFd, offset: u64, length: u64) -> Result<bool, Error> {
    // SAFETY: flock is plain data, for which zero is valid.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = offset as libc::off_t;
    lock.l_len = length as libc::off_t;
    // SAFETY: F_OFD_SETLK reads the structure, which outlives the call.
    let answer = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) };
    match answer {
        0 => Ok(true),
        _ => match last_errno() {
            Errno::AGAIN | Errno::ACCESS => Ok(false),
            errno => Err(Call::other("fcntl(F_OFD_SETLK)").failed(errno)),
        },
    }
}

/// Runs `step` on one allowed processor after the other until it answers something.
///
/// Namespace numbers are handed out in batches a processor (Linux 6.18), and the kernel lets a mount namespace be bound
/// only where the binding one has a lower number: on the processor that made the binding one, it always has.
pub fn on_each_cpu<T>(mut step: impl FnMut() -> Option<T>) -> Option<T> {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let Ok(allowed) = sched_getaffinity(None) else { return step() };
    let mut answer = None;
    for cpu in (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu)) {
        let mut one = CpuSet::new();
        one.set(cpu);
        // Where pinning is refused the step still has the chance of the processor it happens to be on.
        let _ = sched_setaffinity(None, &one);
        answer = step();
        if answer.is_some() {
            break;
        }
    }
    let _ = sched_setaffinity(None, &allowed);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_every_usual_release() {
        assert_eq!(version_of("6.1.0-18-cloud-amd64"), (6, 1));
        assert_eq!(version_of("6.18-rc1"), (6, 18));
        assert_eq!(version_of("banana"), (0, 0));
    }
}

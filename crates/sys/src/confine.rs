#![allow(unsafe_code, reason = "seccomp(2), Landlock, capset(2) and prctl(2) have no safe wrapper")]

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use rustix::io::Errno;

use crate::error::{Call, Error, last_errno};

/// Set-user-ID bits and file capabilities lose their effect, for good (`PR_SET_NO_NEW_PRIVS(2const)`).
pub fn set_no_new_privileges() -> Result<(), Error> {
    rustix::thread::set_no_new_privs(true)
        .map_err(|errno| Call::other("prctl(PR_SET_NO_NEW_PRIVS)").failed(errno))
}

/// Gives this process and its descendants a session key ring of their own, without the keys of the one before
/// (`keyctl(2)`, `KEYCTL_JOIN_SESSION_KEYRING`).
pub fn leave_session_keyring() -> Result<(), Error> {
    // SAFETY: a null name asks for an anonymous key ring; the kernel reads nothing from it.
    let answer = unsafe {
        let join = libc::KEYCTL_JOIN_SESSION_KEYRING;
        libc::syscall(libc::SYS_keyctl, join, std::ptr::null::<u8>())
    };
    match answer {
        // A kernel without key rings has no keys either.
        -1 if last_errno() == Errno::NOSYS => Ok(()),
        -1 => Err(Call::other("keyctl(KEYCTL_JOIN_SESSION_KEYRING)").failed(last_errno())),
        _ => Ok(()),
    }
}

/// Leaves the process with these capabilities, by number, and with no way to gain others (`capabilities(7)`).
///
/// They go to the permitted, effective, inheritable and ambient sets, so that the command keeps them across exec
/// whatever its user id; all others leave the bounding set as well.
pub fn keep_capabilities(numbers: &[u8]) -> Result<(), Error> {
    let failed = |call: &str| Err(Call::other(call).failed(last_errno()));
    for number in 0..=63 {
        // SAFETY: prctl with integers.
        let known = unsafe { libc::prctl(libc::PR_CAPBSET_READ, number, 0, 0, 0) };
        if known == -1 {
            break;
        }
        let unwanted = known == 1 && !numbers.contains(&(number as u8));
        // SAFETY: as above.
        if unwanted && unsafe { libc::prctl(libc::PR_CAPBSET_DROP, number, 0, 0, 0) } != 0 {
            return failed("prctl(PR_CAPBSET_DROP)");
        }
    }
    // SAFETY: prctl with integers.
    if unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) } != 0 {
        return failed("prctl(PR_CAP_AMBIENT_CLEAR_ALL)");
    }
    set_capability_sets(numbers.iter().fold(0, |mask, number| mask | 1_u64 << number))?;
    for number in numbers {
        // SAFETY: prctl with integers.
        let raised = unsafe {
            let raise = libc::PR_CAP_AMBIENT_RAISE;
            libc::prctl(libc::PR_CAP_AMBIENT, raise, libc::c_ulong::from(*number), 0, 0)
        };
        if raised != 0 {
            return failed("prctl(PR_CAP_AMBIENT_RAISE)");
        }
    }
    Ok(())
}

// The structures of capset(2), version 3: two words of each set, low half first.
#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct CapabilitySets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

static CAPABILITY_HEADER: CapabilityHeader = CapabilityHeader { version: 0x2008_0522, pid: 0 };

fn set_capability_sets(mask: u64) -> Result<(), Error> {
    let half = |bits: u32| CapabilitySets { effective: bits, permitted: bits, inheritable: bits };
    write_capabilities(&[half(mask as u32), half((mask >> 32) as u32)])
}

fn write_capabilities(sets: &[CapabilitySets; 2]) -> Result<(), Error> {
    // SAFETY: header and sets have the layout that version 3 of capset(2) wants and outlive the call.
    let answer =
        unsafe { libc::syscall(libc::SYS_capset, &raw const CAPABILITY_HEADER, sets.as_ptr()) };
    if answer == 0 { Ok(()) } else { Err(Call::other("capset").failed(last_errno())) }
}

fn read_capabilities() -> Result<[CapabilitySets; 2], Error> {
    let mut sets = [CapabilitySets::default(); 2];
    // SAFETY: as for capset; the kernel writes both halves.
    let answer =
        unsafe { libc::syscall(libc::SYS_capget, &raw const CAPABILITY_HEADER, sets.as_mut_ptr()) };
    if answer == 0 { Ok(sets) } else { Err(Call::other("capget").failed(last_errno())) }
}

/// The caller's effective capabilities, a bit each.
pub fn effective_capabilities() -> Option<u64> {
    let [low, high] = read_capabilities().ok()?;
    Some(u64::from(low.effective) | u64::from(high.effective) << 32)
}

/// A change of ids clears the effective set even where `PR_SET_KEEPCAPS` keeps the permitted one.
pub(crate) fn make_permitted_effective() -> Result<(), Error> {
    let mut sets = read_capabilities()?;
    for half in &mut sets {
        half.effective = half.permitted;
    }
    write_capabilities(&sets)
}

/// One classic-BPF instruction, as in `linux/filter.h`: code, jump if true, jump if false, operand.
pub type FilterInstruction = (u16, u8, u8, u32);

const NEW_LISTENER: libc::c_ulong = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
const WAIT_KILLABLE: libc::c_ulong = libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;

/// Whether a supervisor hears of the calls that the filter hands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    None,
    New,
}

/// Puts every later system call of this process through `program` (`seccomp(2)`).
///
/// With [`Listener::New`] the descriptor on which calls are handed over comes back.
pub fn set_syscall_filter(
    program: &[FilterInstruction],
    listener: Listener,
) -> Result<Option<OwnedFd>, Error> {
    let instructions: Vec<libc::sock_filter> =
        program.iter().map(|&(code, jt, jf, k)| libc::sock_filter { code, jt, jf, k }).collect();
    let call = || Call::other(format!("seccomp(filter of {} instructions)", instructions.len()));
    let length = u16::try_from(instructions.len()).map_err(|_| call().failed(Errno::TOOBIG))?;
    let program = libc::sock_fprog { len: length, filter: instructions.as_ptr().cast_mut() };
    let install = |flags: libc::c_ulong| {
        // SAFETY: `program` points to `instructions`, both outlive the call, and the kernel copies them.
        unsafe {
            let mode = libc::SECCOMP_SET_MODE_FILTER;
            libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program)
        }
    };
    let answer = match listener {
        Listener::None => install(0),
        // A signal that a handler takes would otherwise interrupt a call that the supervisor has already seen, and
        // programs do not expect EINTR from open(2). KERNEL(5.19): older ones refuse the flag.
        Listener::New => match install(NEW_LISTENER | WAIT_KILLABLE) {
            -1 if last_errno() == Errno::INVAL => install(NEW_LISTENER),
            answer => answer,
        },
    };
    match (answer, listener) {
        (-1, _) => Err(call().failed(last_errno())),
        (_, Listener::None) => Ok(None),
        // SAFETY: with NEW_LISTENER the answer is a descriptor that the kernel has just made.
        (fd, Listener::New) => Ok(Some(unsafe { OwnedFd::from_raw_fd(fd as i32) })),
    }
}

/// Whether the kernel takes system-call filters, and whatever is around this process lets it ask (`seccomp(2)`).
pub fn takes_filters() -> bool {
    let action = libc::SECCOMP_RET_ERRNO;
    // SAFETY: the kernel reads one integer, which outlives the call.
    let answer = unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &raw const action)
    };
    answer == 0
}

/// Which Landlock ABI the kernel has; 0 if none (`landlock_create_ruleset(2)`).
pub fn landlock_abi() -> u32 {
    const VERSION: u32 = 1; // LANDLOCK_CREATE_RULESET_VERSION
    // SAFETY: with the version flag the kernel reads nothing from the null pointer.
    let answer = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0, VERSION)
    };
    u32::try_from(answer).unwrap_or(0)
}

/// Keeps this process's signals and connections to abstract sockets among itself and its descendants.
///
/// Landlock scopes came with ABI 6 (Linux 6.12, `landlock(7)`). No right on files is handled, so mounts stay possible.
pub fn scope_with_landlock() -> Result<(), Error> {
    const ABSTRACT_UNIX_SOCKET: u64 = 1;
    const SIGNAL: u64 = 2;
    #[repr(C)]
    struct Ruleset {
        handled_access_fs: u64,
        handled_access_net: u64,
        scoped: u64,
    }
    let ruleset = Ruleset {
        handled_access_fs: 0,
        handled_access_net: 0,
        scoped: ABSTRACT_UNIX_SOCKET | SIGNAL,
    };
    // SAFETY: the structure has the layout of landlock_ruleset_attr as of ABI 6 and its own size is passed.
    let fd = unsafe {
        let size = size_of_val(&ruleset);
        libc::syscall(libc::SYS_landlock_create_ruleset, &raw const ruleset, size, 0)
    };
    if fd < 0 {
        return Err(Call::other("landlock_create_ruleset(scoped)").failed(last_errno()));
    }
    // SAFETY: the kernel has just made this descriptor; nobody else knows it.
    let ruleset = unsafe { OwnedFd::from_raw_fd(fd as i32) };
    // SAFETY: integers only.
    let answer = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0) };
    if answer == 0 {
        Ok(())
    } else {
        Err(Call::other("landlock_restrict_self").failed(last_errno()))
    }
}

/// A resource limit of `setrlimit(2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Size of a core dump, bytes.
    Core,
    /// One more than the highest descriptor.
    OpenFiles,
    /// Processes and threads of the real user id.
    Processes,
    /// Bytes of address space a process.
    AddressSpace,
}

/// Sets the soft and the hard limit; a value above the hard limit needs CAP_SYS_RESOURCE.
pub fn limit_resource(resource: Resource, value: u64) -> Result<(), Error> {
    let (number, name) = match resource {
        Resource::Core => (libc::RLIMIT_CORE, "RLIMIT_CORE"),
        Resource::OpenFiles => (libc::RLIMIT_NOFILE, "RLIMIT_NOFILE"),
        Resource::Processes => (libc::RLIMIT_NPROC, "RLIMIT_NPROC"),
        Resource::AddressSpace => (libc::RLIMIT_AS, "RLIMIT_AS"),
    };
    let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
    // SAFETY: `limit` outlives the call.
    let answer = unsafe { libc::setrlimit(number, &raw const limit) };
    match answer {
        0 => Ok(()),
        _ => Err(Call::LimitResource { resource: name.into(), value }.failed(last_errno())),
    }
}

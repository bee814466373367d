#![allow(unsafe_code, reason = "seccomp_unotify(2) and process_vm_readv(2) have no safe wrapper")]

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use rustix::fs::{AtFlags, StatxFlags};
use rustix::io::Errno;

use crate::error::{Call, Error, last_errno};

/// Where the kernel hands over the calls that a filter notifies of (`seccomp_unotify(2)`).
///
/// A call that is handed over waits for the answer. When the last listener is closed, the kernel answers ENOSYS to
/// those that wait and to all that follow.
#[derive(Debug)]
pub struct SyscallListener(OwnedFd);

/// A system call as the kernel shows it (`struct seccomp_data`). Registers: nobody can change them any more, but what
/// they point to can be changed at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemCall {
    /// `AUDIT_ARCH_*` of linux/audit.h.
    pub audit_arch: u32,
    pub number: u32,
    pub args: [u64; 6],
}

/// One call that waits for an answer.
#[derive(Clone, Copy, Debug)]
pub struct Notification {
    id: u64,
    /// The calling thread, in the listener's PID namespace.
    pub thread: u32,
    pub call: SystemCall,
}

#[derive(Clone, Copy, Debug)]
pub enum Heard {
    Call(Notification),
    /// Nobody waits now.
    Nothing,
    /// No process has the filter any more: nothing will ever come.
    Ended,
}

// linux/seccomp.h: since Linux 6.6 the kernel may move the caller to the listener's processor and back.
const SYNC_WAKE_UP: libc::c_ulong = 1;

/// A newer kernel writes a longer structure: what it does not fit into is refused by [`SyscallListener::new`].
#[repr(C)]
struct Received {
    notification: libc::seccomp_notif,
    newer_fields: [u8; 176],
}

impl SyscallListener {
    /// A listener by the descriptor that [`set_syscall_filter`](crate::set_syscall_filter) made.
    pub fn new(descriptor: OwnedFd) -> Result<Self, Error> {
        let call = || Call::other("seccomp(SECCOMP_GET_NOTIF_SIZES)");
        // SAFETY: all fields are integers.
        let mut sizes: libc::seccomp_notif_sizes = unsafe { std::mem::zeroed() };
        // SAFETY: the kernel writes the three fields of `sizes`, which outlives the call.
        let answer = unsafe {
            libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_NOTIF_SIZES, 0, &raw mut sizes)
        };
        if answer != 0 {
            return Err(call().failed(last_errno()));
        }
        if usize::from(sizes.seccomp_notif) > size_of::<Received>() {
            return Err(call().failed(Errno::TOOBIG));
        }
        // SAFETY: an ioctl with an integer. An older kernel refuses it and is a little slower.
        unsafe {
            let number = libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS;
            libc::ioctl(descriptor.as_raw_fd(), number, SYNC_WAKE_UP);
        }
        Ok(Self(descriptor))
    }

    /// The next call that waits, without waiting for one.
    pub fn hear(&self) -> Result<Heard, Error> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut polled = [PollFd::new(&self.0, PollFlags::IN)];
        if poll(&mut polled, Some(&now)).is_err() {
            return Ok(Heard::Nothing);
        }
        let events = polled[0].revents();
        match (events.contains(PollFlags::IN), events.contains(PollFlags::HUP)) {
            (true, _) => self.receive(),
            (false, true) => Ok(Heard::Ended),
            (false, false) => Ok(Heard::Nothing),
        }
    }

    fn receive(&self) -> Result<Heard, Error> {
        // SAFETY: all fields are integers. The kernel refuses a buffer that is not zero (EINVAL).
        let mut received: Received = unsafe { std::mem::zeroed() };
        // SAFETY: `received` outlives the call and has room for what this kernel writes, as `new` has made sure.
        let answer = unsafe {
            let number = libc::SECCOMP_IOCTL_NOTIF_RECV;
            libc::ioctl(self.0.as_raw_fd(), number, &raw mut received)
        };
        match (answer, last_errno()) {
            (0, _) => Ok(Heard::Call(Notification::of(&received.notification))),
            // The thread was killed between the poll and now.
            (_, Errno::NOENT | Errno::INTR | Errno::AGAIN) => Ok(Heard::Nothing),
            (_, errno) => Err(Call::other("ioctl(SECCOMP_IOCTL_NOTIF_RECV)").failed(errno)),
        }
    }

    /// Whether the thread still waits for the answer. Until then its number was not given to another one, so what was
    /// read of it before this said yes is its own.
    pub fn still_waits(&self, notification: &Notification) -> bool {
        // SAFETY: the kernel reads the number, which outlives the call.
        let answer = unsafe {
            let number = libc::SECCOMP_IOCTL_NOTIF_ID_VALID;
            libc::ioctl(self.0.as_raw_fd(), number, &raw const notification.id)
        };
        answer == 0
    }

    /// Lets the kernel carry the call out.
    ///
    /// Never for a call that must not happen because of what its pointers lead to: that can have changed since.
    pub fn proceed(&self, notification: &Notification) {
        self.answer(notification, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32);
    }

    /// Answers with an error number; the call is not carried out.
    pub fn refuse(&self, notification: &Notification, errno: u16) {
        self.answer(notification, -i32::from(errno), 0);
    }

    fn answer(&self, notification: &Notification, error: i32, flags: u32) {
        let answer = libc::seccomp_notif_resp { id: notification.id, val: 0, error, flags };
        // The only failure that can happen is that the thread has been killed: nobody waits for the answer.
        // SAFETY: the kernel reads `answer`, which outlives the call.
        unsafe {
            let number = libc::SECCOMP_IOCTL_NOTIF_SEND;
            libc::ioctl(self.0.as_raw_fd(), number, &raw const answer);
        }
    }
}

impl AsFd for SyscallListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Notification {
    fn of(raw: &libc::seccomp_notif) -> Self {
        let libc::seccomp_data { nr, arch, args, .. } = raw.data;
        let call = SystemCall { audit_arch: arch, number: nr as u32, args };
        Self { id: raw.id, thread: raw.pid, call }
    }
}

/// Reads another thread's memory into `buffer`; says how much of it there was.
pub fn read_memory(thread: u32, address: u64, buffer: &mut [u8]) -> usize {
    let local = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: buffer.len() };
    // SAFETY: the kernel writes to `buffer` at most its length; the other address is not one of ours, and the kernel
    // answers EFAULT for what is not mapped there.
    let answer = unsafe {
        let (local, remote) = (&raw const local, &raw const remote);
        libc::process_vm_readv(thread as libc::pid_t, local, 1, remote, 1, 0)
    };
    usize::try_from(answer).unwrap_or(0)
}

/// The string of at most `buffer`'s length at `address`, without its NUL; `None` where it cannot be read to its end.
pub fn read_string(thread: u32, address: u64, buffer: &mut [u8]) -> Option<&[u8]> {
    const PAGE: usize = 4096;
    // Most are short. A read stops at the end of a page because the next one may not be mapped.
    let mut next = 256;
    let mut known = 0;
    while known < buffer.len() {
        let at = address.checked_add(known as u64)?;
        let length = next.min(PAGE - at as usize % PAGE).min(buffer.len() - known);
        let read = read_memory(thread, at, &mut buffer[known..known + length]);
        if let Some(end) = buffer[known..known + read].iter().position(|byte| *byte == 0) {
            return Some(&buffer[..known + end]);
        }
        if read < length {
            return None;
        }
        known += read;
        next = PAGE;
    }
    None
}

/// Which mount and which directory of it a root is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootIdentity {
    mount: u64,
    inode: u64,
}

impl RootIdentity {
    pub fn of(root: impl AsFd) -> Result<Self, Errno> {
        Self::ask(root, c"", AtFlags::EMPTY_PATH)
    }

    pub fn of_thread(thread: u32) -> Result<Self, Errno> {
        let path = CString::new(format!("/proc/{thread}/root")).unwrap_or_default();
        Self::ask(rustix::fs::CWD, &path, AtFlags::empty())
    }

    fn ask(at: impl AsFd, path: &CStr, flags: AtFlags) -> Result<Self, Errno> {
        // Nothing is asked of the file system itself: a program may have made its root of one that never answers.
        let flags = flags | AtFlags::STATX_DONT_SYNC;
        let found = rustix::fs::statx(at, path, flags, StatxFlags::MNT_ID | StatxFlags::INO)?;
        Ok(Self { mount: found.stx_mnt_id, inode: found.stx_ino })
    }
}

/// Where a link of the thread's directory in `/proc` leads: `cwd`, `root`, `fd/3`.
pub fn read_thread_link(thread: u32, name: &str) -> Result<PathBuf, Error> {
    let path = format!("/proc/{thread}/{name}");
    rustix::fs::readlink(path.as_str(), Vec::new())
        .map(|target| PathBuf::from(std::ffi::OsString::from_vec(target.into_bytes())))
        .map_err(|errno| Call::Lookup { path: path.into() }.failed(errno))
}

#![allow(unsafe_code, reason = "seccomp notifications are ioctl(2)s without a safe wrapper")]

use std::os::fd::{AsRawFd, OwnedFd};

use super::{Answer, Refusal, before};
use crate::confine::{
    FilterInstruction, Listener, scope_with_landlock, set_no_new_privileges, set_syscall_filter,
};
use crate::error::{Call, Error, last_errno};
use crate::namespace::{Fork, Namespaces, fork_into};
use crate::process::end;

const ALLOW: FilterInstruction = (6, 0, 0, libc::SECCOMP_RET_ALLOW);

/// A filter of system calls that lets all of them pass.
pub fn filter() -> Answer {
    before(set_no_new_privileges())?;
    set_syscall_filter(&[ALLOW], Listener::None)?;
    Ok(())
}

/// A call of another process answered by this one.
pub fn notification() -> Answer {
    let listener = listen()?;
    let caller = before(fork_into(Namespaces::NONE, None))?;
    let Fork::Parent(caller) = caller else {
        // SAFETY: getpriority takes two integers.
        let answer = unsafe { libc::syscall(NOTIFIED, libc::PRIO_PROCESS, 0) };
        end(u8::from(answer != ANSWER))
    };
    answer_one(&listener)?;
    let ending = before(caller.wait())?;
    match ending.code() {
        0 => Ok(()),
        _ => Err(Refusal::NoEffect { why: "the call got another answer than was given".into() }),
    }
}

/// Notifications that wake the other side on the same processor (`SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP`).
pub fn notification_wakes_synchronously() -> Answer {
    const SET_FLAGS: libc::Ioctl = 0x4008_2104_u32 as libc::Ioctl;
    const SYNC_WAKE_UP: u64 = 1;
    let listener = before(listen())?;
    // SAFETY: the third argument is the flags themselves, not a pointer.
    let answer = unsafe { libc::ioctl(listener.as_raw_fd(), SET_FLAGS, SYNC_WAKE_UP) };
    match answer {
        0 => Ok(()),
        _ => Err(Call::other("ioctl(listener, SYNC_WAKE_UP)").failed(last_errno()).into()),
    }
}

/// Keeping signals and abstract sockets among one's own by Landlock.
pub fn landlock_scopes() -> Answer {
    before(set_no_new_privileges())?;
    Ok(scope_with_landlock()?)
}

/// A call that nothing in these probes needs otherwise, and an answer that it cannot have by itself.
const NOTIFIED: libc::c_long = libc::SYS_getpriority;
const ANSWER: libc::c_long = 4711;

fn listen() -> Result<OwnedFd, Error> {
    // offsetof(struct seccomp_data, nr) is 0.
    let program = [
        (0x20, 0, 0, 0),
        (0x15, 0, 1, NOTIFIED as u32),
        (6, 0, 0, libc::SECCOMP_RET_USER_NOTIF),
        ALLOW,
    ];
    set_no_new_privileges()?;
    let listener = set_syscall_filter(&program, Listener::New)?;
    listener.ok_or_else(|| Call::other("seccomp(new listener)").failed(rustix::io::Errno::IO))
}

fn answer_one(listener: &OwnedFd) -> Result<(), Error> {
    let failed = |what| Call::other(format!("ioctl(listener, {what})")).failed(last_errno());
    // SAFETY: both structures are plain data, for which zero is valid; RECV demands zero.
    let (mut call, mut answer): (libc::seccomp_notif, libc::seccomp_notif_resp) =
        unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    let fd = listener.as_raw_fd();
    // SAFETY: the kernel writes a seccomp_notif of this size, fixed since Linux 5.0.
    if unsafe { libc::ioctl(fd, libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut call) } != 0 {
        return Err(failed("RECV"));
    }
    answer.id = call.id;
    answer.val = ANSWER;
    // SAFETY: the kernel reads a seccomp_notif_resp, which outlives the call.
    match unsafe { libc::ioctl(fd, libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer) } {
        0 => Ok(()),
        _ => Err(failed("SEND")),
    }
}

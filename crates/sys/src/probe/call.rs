#![allow(unsafe_code, reason = "clone3(2) and io_uring_setup(2) have no safe wrapper")]

use std::os::fd::{FromRawFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags};

use super::Answer;
use crate::error::{Call, last_errno};
use crate::process::{close_all_from, open_process, own_pid, send_signal};

/// `clone3(2)` itself, without the way round that [`fork_into`](crate::fork_into) knows.
pub fn clone3() -> Answer {
    // SAFETY: all fields of clone_args are integers, for which zero means "not used".
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.exit_signal = libc::SIGCHLD as u64;
    // SAFETY: without CLONE_VM the child has a copy of the address space and returns on its own copy of this stack;
    // `arguments` outlives the call and the size passed is its own.
    match unsafe { libc::syscall(libc::SYS_clone3, &raw const arguments, size_of_val(&arguments)) }
    {
        0 => crate::process::end(0),
        pid if pid > 0 => {
            // SAFETY: waitpid with a null status writes nothing.
            unsafe { libc::waitpid(pid as i32, std::ptr::null_mut(), 0) };
            Ok(())
        }
        _ => Err(Call::other("clone3").failed(last_errno()).into()),
    }
}

/// Finding and signalling a process by descriptor: `pidfd_open(2)`, `pidfd_send_signal(2)`.
pub fn pidfd() -> Answer {
    const NO_SIGNAL: i32 = 0;
    let own = open_process(own_pid())?;
    Ok(send_signal(own, NO_SIGNAL)?)
}

/// Looking a path up inside a root only: `openat2(2)`.
pub fn openat2() -> Answer {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    rustix::fs::openat2(rustix::fs::CWD, "/", flags, Mode::empty(), ResolveFlags::IN_ROOT)
        .map_err(|errno| Call::ResolveInRoot { at: "/".into() }.failed(errno))?;
    Ok(())
}

/// `close_range(2)`.
pub fn close_range() -> Answer {
    // A range in which there is no descriptor.
    const UNUSED: i32 = 1 << 30;
    Ok(close_all_from(UNUSED, &[])?)
}

/// `io_uring_setup(2)`.
pub fn io_uring() -> Answer {
    // struct io_uring_params has 120 bytes, of which zero asks for the defaults.
    let mut parameters = [0_u64; 15];
    // SAFETY: the structure has its size and outlives the call.
    let fd = unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, parameters.as_mut_ptr()) };
    if fd < 0 {
        return Err(Call::other("io_uring_setup").failed(last_errno()).into());
    }
    // SAFETY: the kernel has just made this descriptor; nobody else knows it.
    drop(unsafe { OwnedFd::from_raw_fd(fd as i32) });
    Ok(())
}

/// Opening a device for reading and writing, which changes nothing of it.
pub fn open_device(path: &str) -> Answer {
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK;
    rustix::fs::open(path, flags, Mode::empty())
        .map_err(|errno| Call::other(format!("open({path})")).failed(errno))?;
    Ok(())
}

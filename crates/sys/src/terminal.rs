#![allow(unsafe_code, reason = "the foreground group may be one that rustix cannot express")]

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::OpenptFlags;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::error::{Call, Error};
use crate::process::SignalSet;

/// How a terminal treats what is typed and shown (`termios(3)`).
#[derive(Clone, Debug)]
pub struct TerminalSettings(Termios);

impl TerminalSettings {
    /// The settings that `terminal` has now.
    pub fn of(terminal: impl AsFd) -> Result<Self, Error> {
        tcgetattr(terminal).map(Self).map_err(|errno| Call::other("tcgetattr").failed(errno))
    }

    /// Gives them to `terminal`. At once: one whose output nobody takes must not hold the caller up.
    pub fn apply(&self, terminal: impl AsFd) -> Result<(), Error> {
        tcsetattr(terminal, OptionalActions::Now, &self.0)
            .map_err(|errno| Call::other("tcsetattr").failed(errno))
    }

    /// These settings, but every byte passes as it is (`cfmakeraw(3)`).
    pub fn raw(&self) -> Self {
        let mut raw = self.clone();
        raw.0.make_raw();
        raw
    }

    /// Whether `terminal` has their [`raw`](Self::raw) form now.
    pub fn are_raw_on(&self, terminal: impl AsFd) -> bool {
        let modes = |of: &Self| (of.0.input_modes, of.0.output_modes, of.0.local_modes);
        Self::of(terminal).is_ok_and(|now| modes(&now) == modes(&self.raw()))
    }

    /// Gives them back to `terminal` if it still has their [`raw`](Self::raw) form; who has changed it since knows
    /// better, as a shell does that reads its next command line.
    pub fn restore(&self, terminal: impl AsFd) -> Result<(), Error> {
        match self.are_raw_on(&terminal) {
            true => self.apply(terminal),
            false => Ok(()),
        }
    }

    /// Whether programs in the background are to be kept from writing (`stty tostop`).
    pub fn stops_background_output(&self) -> bool {
        self.0.local_modes.contains(LocalModes::TOSTOP)
    }
}

/// Whether a process may read from a terminal and change it (`credentials(7)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Of the foreground process group, or the terminal does not control the caller at all.
    Foreground,
    Background,
}

/// The caller's standing on `terminal`.
pub fn standing_on(terminal: impl AsFd) -> Standing {
    // SAFETY: both calls take and return integers. A foreground group of another PID namespace is number 0, and so is the
    // caller's own if it comes from there.
    let (foreground, own) =
        unsafe { (libc::tcgetpgrp(terminal.as_fd().as_raw_fd()), libc::getpgrp()) };
    match foreground == own || foreground == -1 {
        true => Standing::Foreground,
        false => Standing::Background,
    }
}

/// Another way to the terminal `of`, which may be made non-blocking without touching everybody else's.
///
/// `/dev/tty` is the caller's controlling terminal, which it may open even when the terminal belongs to somebody else,
/// as after `su(1)`.
pub fn open_terminal_again(of: BorrowedFd<'_>) -> Result<OwnedFd, Error> {
    // Answers ENOTTY for every other terminal than the controlling one (TIOCGSID(2const)).
    let path = match rustix::termios::tcgetsid(of) {
        Ok(_) => "/dev/tty".to_owned(),
        Err(_) => format!("/proc/self/fd/{}", of.as_raw_fd()),
    };
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::open(&path, flags, Mode::empty())
        .map_err(|errno| Call::other(format!("open({path})")).failed(errno))
}

/// The two sides of a new terminal of the devpts at `/dev/pts`: the non-blocking one of who shows it, and the one of
/// the programs on it.
///
/// The second comes by descriptor: a path to it can be exchanged (CVE-2025-52565).
pub fn new_terminal() -> Result<(OwnedFd, OwnedFd), Error> {
    let failed = |call: &str| {
        let call = call.to_owned();
        move |errno| Call::other(call).failed(errno)
    };
    let flags =
        OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let master = rustix::fs::open("/dev/pts/ptmx", flags, Mode::empty())
        .map_err(failed("open(/dev/pts/ptmx)"))?;
    rustix::pty::unlockpt(&master).map_err(failed("ioctl(TIOCSPTLCK)"))?;
    let peer = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let slave =
        rustix::pty::ioctl_tiocgptpeer(&master, peer).map_err(failed("ioctl(TIOCGPTPEER)"))?;
    Ok((master, slave))
}

/// Makes `terminal`, which controls nobody yet, the controlling one of the session that the caller leads.
pub fn take_control(terminal: impl AsFd) -> Result<(), Error> {
    rustix::process::ioctl_tiocsctty(terminal)
        .map_err(|errno| Call::other("ioctl(TIOCSCTTY)").failed(errno))
}

/// Makes the caller a process group of its own and the foreground one of its controlling `terminal`.
///
/// SIGTTOU must be blocked: until this call the caller is in the background (`tcsetpgrp(3)`).
pub fn lead_foreground(terminal: impl AsFd) -> Result<(), Error> {
    rustix::process::setpgid(None, None).map_err(|errno| Call::other("setpgid").failed(errno))?;
    rustix::termios::tcsetpgrp(terminal, rustix::process::getpid())
        .map_err(|errno| Call::other("tcsetpgrp").failed(errno))
}

/// Makes `descriptor` the standard input, output and error.
pub fn make_standard(descriptor: impl AsFd) -> Result<(), Error> {
    let descriptor = descriptor.as_fd();
    rustix::stdio::dup2_stdin(descriptor)
        .and_then(|()| rustix::stdio::dup2_stdout(descriptor))
        .and_then(|()| rustix::stdio::dup2_stderr(descriptor))
        .map_err(|errno| Call::other("dup2(terminal)").failed(errno))
}

/// Makes the window of `to` as large as that of `from`; the programs on it get SIGWINCH if that is a change.
pub fn copy_window_size(from: impl AsFd, to: impl AsFd) -> Result<(), Error> {
    let size = rustix::termios::tcgetwinsize(from)
        .map_err(|errno| Call::other("ioctl(TIOCGWINSZ)").failed(errno))?;
    rustix::termios::tcsetwinsize(to, size)
        .map_err(|errno| Call::other("ioctl(TIOCSWINSZ)").failed(errno))
}

/// What became of a transfer that does not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    Bytes(usize),
    /// Nothing to read, or no room, for now.
    Nothing,
    /// The other side is gone: a hang-up, or `EIO` of a master whose terminal nobody has open.
    HungUp,
}

/// Reads what is there. `descriptor` is non-blocking or known to be readable.
pub fn read_some(descriptor: impl AsFd, buffer: &mut [u8]) -> Moved {
    moved(rustix::io::read(descriptor, buffer))
}

/// Writes what there is room for. `descriptor` is non-blocking or known to be writable.
pub fn write_some(descriptor: impl AsFd, bytes: &[u8]) -> Moved {
    moved(rustix::io::write(descriptor, bytes))
}

fn moved(answer: Result<usize, Errno>) -> Moved {
    match answer {
        Ok(0) => Moved::HungUp,
        Ok(count) => Moved::Bytes(count),
        Err(Errno::AGAIN | Errno::INTR) => Moved::Nothing,
        Err(_) => Moved::HungUp,
    }
}

/// Stops the caller, which has every signal blocked, as Ctrl-Z does, and returns when it was continued.
///
/// The kernel does not stop a group that nobody could continue; then it returns at once, as it does when whoever
/// started the caller wants SIGTSTP ignored (`credentials(7)`, orphaned process groups).
pub fn stop_self() {
    crate::process::kill(crate::process::own_pid(), libc::SIGTSTP);
    // Blocked until here, so that the process stops in this call and nowhere else.
    SignalSet::all().without(libc::SIGTSTP).block();
    SignalSet::all().block();
    // It has done its work and must not be seen as another one.
    SignalSet::of(&[libc::SIGCONT]).take_pending();
}

/// A descriptor that becomes readable when a time set by [`set_timer`] is over.
pub fn timer() -> Result<OwnedFd, Error> {
    use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};
    timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)
        .map_err(|errno| Call::other("timerfd_create").failed(errno))
}

/// Has `timer` become readable `after` this time, once.
pub fn set_timer(timer: impl AsFd, after: Duration) {
    use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_settime};
    let once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let value = Timespec { tv_sec: after.as_secs() as i64, tv_nsec: after.subsec_nanos().into() };
    let time = Itimerspec { it_interval: once, it_value: value };
    // Only times that are none are refused (timerfd_settime(2)).
    let _ = timerfd_settime(timer, TimerfdTimerFlags::empty(), &time);
}

#![allow(unsafe_code, reason = "prctl(2), signal waiting and exec(2) have no safe wrapper")]

use std::ffi::{CStr, c_int};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use crate::error::{Call, Error, last_errno};
use crate::lookup::Kind;

/// A child process, known by a descriptor that no later process of the same number can take over.
#[derive(Debug)]
pub struct Child {
    pub pid: i32,
    pidfd: OwnedFd,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Exited(i32),
    Killed(i32),
}

impl Ending {
    /// The exit status a shell would report: 128 + n after signal n.
    pub fn code(self) -> u8 {
        match self {
            Ending::Exited(code) => code as u8,
            Ending::Killed(signal) => (128 + signal) as u8,
        }
    }
}

impl Child {
    pub(crate) fn new(pid: i32, pidfd: OwnedFd) -> Self {
        Self { pid, pidfd }
    }

    /// Waits for the end of this child and no other.
    pub fn wait(&self) -> Result<Ending, Error> {
        let failed = |errno| Call::other("waitid(pidfd)").failed(errno);
        loop {
            match rustix::process::waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED)
            {
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(failed(errno)),
                Ok(None) => continue,
                Ok(Some(status)) => {
                    return Ok(match (status.exit_status(), status.terminating_signal()) {
                        (Some(code), _) => Ending::Exited(code),
                        (None, Some(signal)) => Ending::Killed(signal),
                        (None, None) => Ending::Killed(libc::SIGKILL),
                    });
                }
            }
        }
    }

    pub fn signal(&self, number: i32) -> Result<(), Error> {
        send_signal(&self.pidfd, number)
    }
}

impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

/// `pidfd_send_signal(2)`.
pub fn send_signal(pidfd: impl AsFd, number: i32) -> Result<(), Error> {
    // SAFETY: a null siginfo asks the kernel to fill in its own; the rest are integers.
    let answer = unsafe {
        let pidfd = pidfd.as_fd().as_raw_fd();
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd, number, std::ptr::null::<u8>(), 0)
    };
    match answer {
        0 => Ok(()),
        _ => Err(Call::other(format!("pidfd_send_signal({number})")).failed(last_errno())),
    }
}

/// Whether the process of this descriptor has not ended, or nobody has waited for it yet: its number is its own.
pub fn is_alive(pidfd: impl AsFd) -> bool {
    // A process of another user is there, too.
    !matches!(send_signal(pidfd, 0), Err(error) if error.errno == Errno::SRCH)
}

/// `pidfd_open(2)`.
pub fn open_process(pid: i32) -> Result<OwnedFd, Error> {
    let call = || Call::other(format!("pidfd_open({pid})"));
    let pid = Pid::from_raw(pid).ok_or_else(|| call().failed(Errno::SRCH))?;
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())
        .map_err(|errno| call().failed(errno))
}

/// `kill(2)` of a process in the caller's PID namespace; a process that is gone is no error.
pub fn kill(pid: i32, number: i32) {
    // SAFETY: kill takes two integers.
    unsafe { libc::kill(pid, number) };
}

/// What became of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Ended(Ending),
    /// By a signal, so that it can be continued.
    Stopped,
}

/// What became of one child of whatever number, without waiting; an ended one is reaped.
pub fn next_change() -> Option<(i32, Change)> {
    let mut status: c_int = 0;
    // SAFETY: `status` outlives the call.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG | libc::WUNTRACED) };
    if pid <= 0 {
        return None;
    }
    let change = match (libc::WIFSTOPPED(status), libc::WIFSIGNALED(status)) {
        (true, _) => Change::Stopped,
        (false, true) => Change::Ended(Ending::Killed(libc::WTERMSIG(status))),
        (false, false) => Change::Ended(Ending::Exited(libc::WEXITSTATUS(status))),
    };
    Some((pid, change))
}

/// Signals held back from the process until asked for.
#[derive(Clone, Copy)]
pub struct SignalSet(libc::sigset_t);

impl std::fmt::Debug for SignalSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignalSet")
    }
}

impl SignalSet {
    /// Every signal.
    pub fn all() -> Self {
        // SAFETY: sigfillset initialises the whole set.
        unsafe {
            let mut set = std::mem::zeroed();
            libc::sigfillset(&raw mut set);
            Self(set)
        }
    }

    pub fn of(numbers: &[i32]) -> Self {
        // SAFETY: sigemptyset initialises the whole set; sigaddset refuses numbers it does not know.
        unsafe {
            let mut set = std::mem::zeroed();
            libc::sigemptyset(&raw mut set);
            for number in numbers {
                libc::sigaddset(&raw mut set, *number);
            }
            Self(set)
        }
    }

    pub(crate) fn without(mut self, number: i32) -> Self {
        // SAFETY: the set was initialised when it was made; sigdelset refuses numbers it does not know.
        unsafe { libc::sigdelset(&raw mut self.0, number) };
        self
    }

    /// Takes one of these signals, which must be blocked, if it is pending.
    pub(crate) fn take_pending(&self) {
        // SAFETY: timespec is plain data, for which zero is valid.
        let at_once: libc::timespec = unsafe { std::mem::zeroed() };
        // SAFETY: set and time live across the call; a null siginfo is allowed.
        unsafe {
            libc::sigtimedwait(&raw const self.0, std::ptr::null_mut(), &raw const at_once);
        }
    }

    /// Makes this the set of blocked signals and returns the one before.
    pub fn block(&self) -> Self {
        // SAFETY: both sets live across the call; SIG_SETMASK with valid pointers cannot fail.
        unsafe {
            let mut before = std::mem::zeroed();
            libc::sigprocmask(libc::SIG_SETMASK, &raw const self.0, &raw mut before);
            Self(before)
        }
    }

    /// Waits for one of these signals, which must be blocked.
    pub fn wait(&self) -> i32 {
        loop {
            // SAFETY: the set lives across the call; a null siginfo is allowed.
            let number = unsafe { libc::sigwaitinfo(&raw const self.0, std::ptr::null_mut()) };
            if number > 0 {
                return number;
            }
        }
    }

    /// A descriptor that is readable when one of these signals, which must be blocked, is pending.
    pub fn descriptor(&self) -> Result<OwnedFd, Error> {
        // SAFETY: the set lives across the call; -1 asks for a new descriptor.
        let fd = unsafe {
            libc::signalfd(-1, &raw const self.0, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)
        };
        if fd < 0 {
            return Err(Call::other("signalfd").failed(last_errno()));
        }
        // SAFETY: the kernel has just made this descriptor; nobody else knows it.
        Ok(unsafe { std::os::fd::FromRawFd::from_raw_fd(fd) })
    }
}

/// The next pending signal of a descriptor made by [`SignalSet::descriptor`].
pub fn read_signal(descriptor: impl AsFd) -> Option<i32> {
    let mut buffer = [0; size_of::<libc::signalfd_siginfo>()];
    let length = rustix::io::read(descriptor, &mut buffer).ok()?;
    // ssi_signo is the first field, in the machine's byte order (signalfd(2)).
    let number = buffer.first_chunk::<4>().map(|bytes| u32::from_ne_bytes(*bytes))?;
    (length == buffer.len()).then_some(number as i32)
}

/// Lets children be waited for, whatever the parent has set: a child of somebody who ignores `SIGCHLD` is gone before
/// anybody can look at it, and its end is told to nobody (`wait(2)`, NOTES).
pub fn keep_ended_children() {
    // SAFETY: SIG_DFL is a valid action, and there is no handler of ours that it would replace.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
}

/// Gives `SIGPIPE`, which Rust's start-up sets to "ignore", its default again.
///
/// Other signals stay ignored for the new program if the caller ignores them: that is what nohup(1), and a shell that
/// starts something in the background, ask for. Handlers end with `execve(2)`.
pub fn end_at_broken_pipes() {
    // SAFETY: as above.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

/// Sends `SIGKILL` to the caller when its parent ends. Cleared by a change of ids (`PR_SET_PDEATHSIG(2const)`).
pub fn die_with_parent() -> Result<(), Error> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|errno| Call::other("prctl(PR_SET_PDEATHSIG)").failed(errno))
}

/// Overwrites the command line and the environment this program was started with, which `/proc/PID/cmdline` and
/// `/proc/PID/environ` go on showing. To be called when nothing reads either any more.
pub fn forget_arguments() {
    unsafe extern "C" {
        // errno.h: the first argument, where the kernel has put it. The others lie behind it (proc_pid_cmdline(5)).
        static program_invocation_name: *mut std::ffi::c_char;
        static environ: *const *mut std::ffi::c_char;
    }
    let length: usize = std::env::args_os().map(|argument| argument.len() + 1).sum();
    // SAFETY: the process has one thread. The arguments are as long in sum as their copies, and with none nothing is
    // written; the environment is a list that ends with null, of strings on the stack or the heap, as nothing changes it.
    unsafe {
        std::ptr::write_bytes(program_invocation_name, 0, length);
        let mut variable = environ;
        while !variable.is_null() && !(*variable).is_null() {
            std::ptr::write_bytes(*variable, 0, libc::strlen(*variable));
            variable = variable.add(1);
        }
    }
}

/// Keeps others from attaching to this process or opening its files in `/proc` (`PR_SET_DUMPABLE(2const)`).
pub fn forbid_inspection() -> Result<(), Error> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|errno| Call::other("prctl(PR_SET_DUMPABLE, 0)").failed(errno))
}

/// `setsid(2)`: a session of its own has no controlling terminal whose input it could fake.
pub fn new_session() -> Result<(), Error> {
    match rustix::process::setsid() {
        // A session leader already has what it wants.
        Ok(_) | Err(Errno::PERM) => Ok(()),
        Err(errno) => Err(Call::other("setsid").failed(errno)),
    }
}

/// The name that `ps(1)` shows for the calling process.
pub fn set_own_name(name: &CStr) {
    // It is for the reader only; a process without it works as well.
    let _ = rustix::thread::set_name(name);
}

/// Which process number the caller has, and its ids.
pub fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_pid()
}

pub fn effective_ids() -> (u32, u32) {
    (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
}

/// The caller's supplementary groups.
pub fn supplementary_groups() -> Result<Vec<u32>, Error> {
    rustix::process::getgroups()
        .map(|groups| groups.into_iter().map(rustix::process::Gid::as_raw).collect())
        .map_err(|errno| Call::other("getgroups").failed(errno))
}

/// Sets the real, effective and saved user and group ids.
pub fn set_ids(uid: u32, gid: u32) -> Result<(), Error> {
    // SAFETY: integers only. The raw calls, because the C library's would signal threads we do not have.
    let answer = unsafe {
        match libc::syscall(libc::SYS_setresgid, gid, gid, gid) {
            0 => libc::syscall(libc::SYS_setresuid, uid, uid, uid),
            refused => refused,
        }
    };
    match answer {
        0 => Ok(()),
        _ => Err(Call::SetIds { uid, gid }.failed(last_errno())),
    }
}

/// Changes ids but keeps the permitted capabilities, for a caller that then chooses among them.
pub fn keep_capabilities_over_ids(uid: u32, gid: u32) -> Result<(), Error> {
    // SAFETY: prctl with integers.
    if unsafe { libc::prctl(libc::PR_SET_KEEPCAPS, 1, 0, 0, 0) } != 0 {
        return Err(Call::other("prctl(PR_SET_KEEPCAPS)").failed(last_errno()));
    }
    set_ids(uid, gid)?;
    crate::confine::make_permitted_effective()
}

/// As long as this lives the caller is somebody else where files are concerned (`setfsuid(2)`).
///
/// Its capabilities over files it keeps: overlay's work directory has no permission for anybody.
#[derive(Debug)]
pub struct BorrowedFileIds(());

impl BorrowedFileIds {
    pub fn of(uid: u32, gid: u32) -> Result<Self, Error> {
        set_file_ids(uid, gid);
        let borrowed = Self(());
        // The change took them from the effective set (capabilities(7), Effect of user ID changes).
        crate::confine::make_permitted_effective()?;
        Ok(borrowed)
    }
}

impl Drop for BorrowedFileIds {
    fn drop(&mut self) {
        let (uid, gid) = effective_ids();
        set_file_ids(uid, gid);
    }
}

fn set_file_ids(uid: u32, gid: u32) {
    // SAFETY: integers only. Neither call reports a failure, and root may set any id that is mapped.
    unsafe {
        libc::syscall(libc::SYS_setfsgid, gid);
        libc::syscall(libc::SYS_setfsuid, uid);
    }
}

/// Drops every supplementary group (`setgroups(2)`).
pub fn drop_groups() -> Result<(), Error> {
    // SAFETY: a count of 0 reads nothing from the null pointer.
    let answer = unsafe { libc::syscall(libc::SYS_setgroups, 0, std::ptr::null::<u32>()) };
    if answer == 0 { Ok(()) } else { Err(Call::other("setgroups(0)").failed(last_errno())) }
}

/// Closes every descriptor of the process from `first` on but those in `keep`.
pub fn close_all_from(first: i32, keep: &[i32]) -> Result<(), Error> {
    let mut keep: Vec<i32> = keep.iter().copied().filter(|fd| *fd >= first).collect();
    keep.sort_unstable();
    let mut start = first as u32;
    for end in keep.into_iter().map(|fd| fd as u32).chain([u32::MAX]) {
        if start < end {
            close_range(start, if end == u32::MAX { end } else { end - 1 }, 0)?;
        }
        start = end.saturating_add(1);
    }
    Ok(())
}

/// Marks every descriptor from `first` on to be closed by the next `execve(2)`.
pub fn close_on_exec_from(first: i32) -> Result<(), Error> {
    close_range(first as u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC)
}

fn close_range(first: u32, last: u32, flags: u32) -> Result<(), Error> {
    // SAFETY: descriptors that are closed here belong to values which the caller never uses again: it ends or execs.
    let answer = unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
    match answer {
        0 => Ok(()),
        _ => Err(Call::other(format!("close_range({first}, {last})")).failed(last_errno())),
    }
}

/// Refuses a number that is no descriptor which the program before this one left open, with `EBADF`.
///
/// Whatever this process opens itself is closed on exec, so a descriptor that is not has come from outside.
pub fn check_inherited(number: i32) -> Result<(), Error> {
    // SAFETY: fcntl with integers.
    match unsafe { libc::fcntl(number, libc::F_GETFD) } {
        flags if flags >= 0 && flags & libc::FD_CLOEXEC == 0 => Ok(()),
        _ => Err(Call::UseDescriptor { number }.failed(Errno::BADF)),
    }
}

/// Lets `descriptor` survive the next `execve(2)`.
pub fn keep_on_exec(descriptor: i32) -> Result<(), Error> {
    // SAFETY: fcntl with integers; a number that is no descriptor is refused with EBADF.
    let answer = unsafe { libc::fcntl(descriptor, libc::F_SETFD, 0) };
    match answer {
        -1 => Err(Call::other(format!("fcntl({descriptor}, F_SETFD)")).failed(last_errno())),
        _ => Ok(()),
    }
}

/// A descriptor that was left open for this process by the program it was before, closed by the next `execve(2)`.
pub fn take_over(number: i32) -> Result<OwnedFd, Error> {
    // A copy: nobody else can have taken the number for its own.
    // SAFETY: fcntl with integers; a number that is no descriptor is refused with EBADF.
    let copy = unsafe {
        libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC);
        libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3)
    };
    if copy < 0 {
        return Err(Call::other(format!("fcntl({number}, F_DUPFD_CLOEXEC)")).failed(last_errno()));
    }
    // SAFETY: the kernel has just made this descriptor; nobody else knows it.
    Ok(unsafe { std::os::fd::FromRawFd::from_raw_fd(copy) })
}

/// Ends the process at once, running no destructor: for the copy that [`fork_into`](crate::fork_into) made, whose
/// values belong to the original.
pub fn end(code: u8) -> ! {
    // SAFETY: _exit never returns and touches no memory of ours.
    unsafe { libc::_exit(code.into()) }
}

/// A pipe whose ends no program of ours inherits: what is read, what is written.
pub fn pipe() -> Result<(OwnedFd, OwnedFd), Error> {
    rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
        .map_err(|errno| Call::other("pipe2").failed(errno))
}

/// Another number for the same open file, which no program of ours inherits.
pub fn copy_descriptor(of: BorrowedFd<'_>) -> Result<OwnedFd, Error> {
    rustix::io::fcntl_dupfd_cloexec(of, 3)
        .map_err(|errno| Call::other("fcntl(F_DUPFD_CLOEXEC)").failed(errno))
}

/// Whether anybody can still read what is written to this pipe (`poll(2)`, `POLLERR`).
pub fn has_reader(pipe: impl AsFd) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut polled = [PollFd::new(&pipe, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let _ = poll(&mut polled, Some(&at_once));
    !polled[0].revents().contains(PollFlags::ERR)
}

/// Writes all of `bytes`.
pub fn write_all(to: impl AsFd, mut bytes: &[u8]) -> Result<(), Error> {
    while !bytes.is_empty() {
        match rustix::io::write(&to, bytes) {
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Call::other("write").failed(errno)),
            Ok(written) => bytes = &bytes[written..],
        }
    }
    Ok(())
}

/// One byte, or `None` at the end.
pub fn read_byte(from: impl AsFd) -> Option<u8> {
    let mut byte = [0];
    loop {
        match rustix::io::read(&from, &mut byte) {
            Err(Errno::INTR) => {}
            Ok(1) => return Some(byte[0]),
            _ => return None,
        }
    }
}

/// Everything until the end.
pub fn read_to_end(from: impl AsFd) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match rustix::io::read(&from, &mut buffer) {
            Err(Errno::INTR) => {}
            Ok(0) | Err(_) => return bytes,
            Ok(length) => bytes.extend_from_slice(&buffer[..length]),
        }
    }
}

/// Writes all of `bytes` to a descriptor that the caller was given, by number.
pub fn write_descriptor(number: i32, bytes: &[u8]) -> Result<(), Error> {
    write_all(copy_of(number)?, bytes)
}

/// A copy, so that dropping it closes nothing of the caller's.
fn copy_of(number: i32) -> Result<OwnedFd, Error> {
    // SAFETY: fcntl with integers; a number that is no descriptor is refused with EBADF.
    let copy = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) };
    if copy < 0 {
        return Err(Call::other(format!("fcntl({number}, F_DUPFD)")).failed(last_errno()));
    }
    // SAFETY: the kernel has just made this descriptor; nobody else knows it.
    Ok(unsafe { std::os::fd::FromRawFd::from_raw_fd(copy) })
}

/// What kind of file a descriptor of the caller, by number, refers to.
pub fn kind_of_descriptor(number: i32) -> Result<Kind, Error> {
    // SAFETY: stat is plain data, for which zero is valid.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: a number that is no descriptor is refused with EBADF; the structure outlives the call.
    if unsafe { libc::fstat(number, &raw mut stat) } != 0 {
        return Err(Call::other(format!("fstat({number})")).failed(last_errno()));
    }
    Ok(Kind::of(stat.st_mode, stat.st_rdev))
}

/// Reads a descriptor that the caller was given, by number, to its end; more than `limit` bytes is `EFBIG`.
pub fn read_descriptor(number: i32, limit: u64) -> Result<Vec<u8>, Error> {
    let failed = |errno| Call::other(format!("read({number})")).failed(errno);
    let copy = copy_of(number)?;
    let mut bytes = Vec::new();
    let mut file = std::io::Read::take(std::fs::File::from(copy), limit + 1);
    std::io::Read::read_to_end(&mut file, &mut bytes)
        .map_err(|error| failed(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
    if bytes.len() as u64 > limit { Err(failed(Errno::FBIG)) } else { Ok(bytes) }
}

/// Changes the working directory (`chdir(2)`).
pub fn change_directory(to: &Path) -> Result<(), Error> {
    rustix::process::chdir(to)
        .map_err(|errno| Call::ChangeDirectory { to: to.to_owned() }.failed(errno))
}

/// What to wait for on a descriptor.
#[derive(Clone, Copy, Debug)]
pub enum Readiness<'a> {
    Readable(BorrowedFd<'a>),
    Writable(BorrowedFd<'a>),
}

/// Makes `directory` the working directory (`fchdir(2)`).
pub fn enter_directory(directory: impl AsFd) -> Result<(), Error> {
    rustix::process::fchdir(directory).map_err(|errno| Call::other("fchdir").failed(errno))
}

/// Waits until one of the descriptors is readable, or the time is over.
pub fn wait_readable(descriptors: &[BorrowedFd<'_>], timeout: Option<Duration>) -> Vec<bool> {
    let wanted: Vec<_> = descriptors.iter().copied().map(Readiness::Readable).collect();
    wait_ready(&wanted, timeout)
}

/// Waits until one of the descriptors is ready, or the time is over. A descriptor whose other end is closed is ready.
pub fn wait_ready(wanted: &[Readiness<'_>], timeout: Option<Duration>) -> Vec<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let polled = wanted.iter().map(|wanted| match wanted {
        Readiness::Readable(descriptor) => PollFd::from_borrowed_fd(*descriptor, PollFlags::IN),
        Readiness::Writable(descriptor) => PollFd::from_borrowed_fd(*descriptor, PollFlags::OUT),
    });
    let mut polled: Vec<PollFd<'_>> = polled.collect();
    let timeout = timeout.map(|time| Timespec {
        tv_sec: time.as_secs() as i64,
        tv_nsec: time.subsec_nanos().into(),
    });
    match poll(&mut polled, timeout.as_ref()) {
        Ok(_) => polled.iter().map(|fd| !fd.revents().is_empty()).collect(),
        // EINTR: the caller looks again.
        Err(_) => vec![false; wanted.len()],
    }
}

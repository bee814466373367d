//! Names directly below a directory that is held: nothing on the way to it is looked up again.

use std::ffi::{CStr, OsStr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FlockOperation, Mode, OFlags, RenameFlags, ResolveFlags, Timespec, Timestamps,
};
use rustix::io::Errno;

use crate::error::{Call, Error};
use crate::lookup::Handle;

fn shown(name: &CStr) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(name.to_bytes()))
}

fn call(what: &str, name: &CStr) -> Call {
    Call::other(format!("{what}({})", shown(name).display()))
}

/// The directory `name`, which must not be a link.
pub fn open_directory_below(parent: impl AsFd, name: &CStr) -> Result<OwnedFd, Error> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
        .map_err(|errno| Call::Lookup { path: shown(name) }.failed(errno))
}

/// The directory at `path` inside `parent`; no link is followed and nothing leads out.
pub fn open_directory_beneath(parent: impl AsFd, path: &Path) -> Result<Handle, Error> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    loop {
        // EAGAIN: a rename raced with the lookup (openat2(2)).
        match rustix::fs::openat2(&parent, path, flags, Mode::empty(), resolve) {
            Err(Errno::AGAIN) => continue,
            result => {
                return result
                    .and_then(Handle::of)
                    .map_err(|errno| Call::Lookup { path: path.to_owned() }.failed(errno));
            }
        }
    }
}

/// Opens a file of the kernel for writing, to be written later or by somebody with fewer rights.
pub fn open_to_write_below(parent: impl AsFd, name: &CStr) -> Result<OwnedFd, Error> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
        .map_err(|errno| Call::Lookup { path: shown(name) }.failed(errno))
}

/// Writes a file of the kernel in one `write(2)`.
pub fn write_below(parent: impl AsFd, name: &CStr, text: &str) -> Result<(), Error> {
    let file = open_to_write_below(parent, name)?;
    rustix::io::write(&file, text.as_bytes()).map(drop).map_err(|errno| {
        let file = shown(name).display().to_string();
        Call::WriteProc { file, text: text.to_owned() }.failed(errno)
    })
}

/// Reads a small file.
pub fn read_below(parent: impl AsFd, name: &CStr) -> Result<String, Error> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(parent, name, flags, Mode::empty())
        .map_err(|errno| Call::Lookup { path: shown(name) }.failed(errno))?;
    Ok(String::from_utf8_lossy(&crate::process::read_to_end(&file)).into_owned())
}

pub fn remove_directory_below(parent: impl AsFd, name: &CStr) -> Result<(), Error> {
    rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR)
        .map_err(|errno| call("rmdir", name).failed(errno))
}

pub fn remove_file_below(parent: impl AsFd, name: &CStr) -> Result<(), Error> {
    rustix::fs::unlinkat(parent, name, AtFlags::empty())
        .map_err(|errno| call("unlink", name).failed(errno))
}

/// Gives the file `name` the second name `new`, which must be free.
pub fn link_below(parent: impl AsFd, name: &CStr, new: &CStr) -> Result<(), Error> {
    rustix::fs::linkat(&parent, name, &parent, new, AtFlags::empty())
        .map_err(|errno| call("link", new).failed(errno))
}

/// What is at `name`; a link itself, not what it leads to.
pub fn find_below(parent: impl AsFd, name: &CStr) -> Result<Handle, Error> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
        .and_then(Handle::of)
        .map_err(|errno| Call::Lookup { path: shown(name) }.failed(errno))
}

/// Opens the file `name` for reading, never waiting for the other end of a pipe that is there instead.
pub fn open_file_below(parent: impl AsFd, name: &CStr) -> Result<Handle, Error> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
        .and_then(Handle::of)
        .map_err(|errno| Call::Lookup { path: shown(name) }.failed(errno))
}

/// Makes the file `name`, which must be free, and opens it for reading and writing. Only its owner may open it.
pub fn create_file_below(parent: impl AsFd, name: &CStr) -> Result<OwnedFd, Error> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::from_raw_mode(0o600))
        .map_err(|errno| call("openat(O_CREAT)", name).failed(errno))
}

/// Makes the directory `name`, which must be free, and opens it. Only its owner may look into it.
pub fn create_directory_below(parent: impl AsFd, name: &CStr) -> Result<OwnedFd, Error> {
    let failed = |errno| call("mkdir", name).failed(errno);
    rustix::fs::mkdirat(&parent, name, Mode::from_raw_mode(0o700)).map_err(failed)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty()).map_err(failed)
}

/// Gives what is called `name` the name `new` instead, which must be free.
pub fn rename_below(parent: impl AsFd, name: &CStr, new: &CStr) -> Result<(), Error> {
    rustix::fs::renameat_with(&parent, name, &parent, new, RenameFlags::NOREPLACE)
        .map_err(|errno| call("rename", new).failed(errno))
}

pub fn set_owner(file: impl AsFd, owner: (u32, u32)) -> Result<(), Error> {
    let (uid, gid) = (rustix::fs::Uid::from_raw(owner.0), rustix::fs::Gid::from_raw(owner.1));
    rustix::fs::fchown(file, Some(uid), Some(gid))
        .map_err(|errno| Call::other(format!("fchown({}, {})", owner.0, owner.1)).failed(errno))
}

pub fn set_mode(file: impl AsFd, mode: u32) -> Result<(), Error> {
    rustix::fs::fchmod(file, Mode::from_raw_mode(mode))
        .map_err(|errno| Call::other(format!("fchmod({mode:o})")).failed(errno))
}

/// Sets the times of access and modification to `seconds` after 1970.
pub fn set_times(file: impl AsFd, seconds: i64) -> Result<(), Error> {
    let time = Timespec { tv_sec: seconds, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    rustix::fs::futimens(file, &times).map_err(|errno| Call::other("futimens").failed(errno))
}

/// Waits until nobody has the exclusive lock of a file and takes a shared one (`flock(2)`).
pub fn lock_shared(file: impl AsFd) -> Result<(), Error> {
    loop {
        match rustix::fs::flock(&file, FlockOperation::LockShared) {
            Err(Errno::INTR) => continue,
            result => return result.map_err(|errno| Call::other("flock").failed(errno)),
        }
    }
}

/// Takes the exclusive lock of a file; `false` if somebody else has one of either kind.
pub fn try_lock(file: impl AsFd) -> Result<bool, Error> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(Call::other("flock").failed(errno)),
    }
}

/// Asks whether the caller may write to `path`, without trying (`faccessat(2)`).
pub fn check_writable(path: &Path) -> Result<(), Error> {
    use rustix::fs::{Access, accessat};
    accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS)
        .map_err(|errno| Call::other(format!("access({}, W_OK)", path.display())).failed(errno))
}

/// Random bytes for a name that nobody else has chosen.
pub fn random_number() -> u64 {
    let mut bytes = [0; 8];
    // Names are made with O_EXCL or mkdir, so a bad number costs a refusal and no more.
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    u64::from_ne_bytes(bytes)
}

/// A directory held for [`open_directory_below`] and its kin.
pub fn hold_directory(path: &Path) -> Result<OwnedFd, Error> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, path, flags, Mode::empty())
        .map_err(|errno| Call::Lookup { path: path.to_owned() }.failed(errno))
}

/// A second descriptor of the same open file.
pub fn duplicate(descriptor: BorrowedFd<'_>) -> Result<OwnedFd, Error> {
    rustix::io::fcntl_dupfd_cloexec(descriptor, 3)
        .map_err(|errno| Call::other("fcntl(F_DUPFD_CLOEXEC)").failed(errno))
}

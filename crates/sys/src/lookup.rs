use std::ffi::{CStr, CString, OsStr};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::error::{Call, Error, MadeName};

/// Something of the host, found once and held: exchanging the path afterwards changes nothing.
#[derive(Debug)]
pub struct Handle {
    descriptor: OwnedFd,
    pub kind: Kind,
    pub identity: FileIdentity,
    pub owner: (u32, u32),
    pub mode: u32,
    pub size: u64,
    /// When it was last written, in seconds after 1970 and nanoseconds.
    pub modified: (i64, u64),
}

/// Device and inode: two handles with the same identity are the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    pub device: u64,
    pub inode: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Directory,
    File,
    Symlink,
    CharacterDevice { number: u64 },
    BlockDevice,
    Other,
}

impl Kind {
    pub(crate) fn of(mode: u32, device: u64) -> Self {
        match FileType::from_raw_mode(mode) {
            FileType::Directory => Kind::Directory,
            FileType::RegularFile => Kind::File,
            FileType::Symlink => Kind::Symlink,
            FileType::CharacterDevice => Kind::CharacterDevice { number: device },
            FileType::BlockDevice => Kind::BlockDevice,
            FileType::Fifo | FileType::Socket | FileType::Unknown => Kind::Other,
        }
    }
}

/// What to do with a symbolic link at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastLink {
    Follow,
    Keep,
}

impl Handle {
    /// Looks `path` up with the caller's rights. Links in the middle are followed: the path is the user's own.
    pub fn open(path: &Path, last: LastLink) -> Result<Self, Error> {
        let mut flags = OFlags::PATH | OFlags::CLOEXEC;
        if last == LastLink::Keep {
            flags |= OFlags::NOFOLLOW;
        }
        let failed = |errno| Call::Lookup { path: path.to_owned() }.failed(errno);
        let descriptor = rustix::fs::openat(CWD, path, flags, Mode::empty()).map_err(failed)?;
        Self::of(descriptor).map_err(failed)
    }

    pub(crate) fn of(descriptor: OwnedFd) -> Result<Self, Errno> {
        let stat = rustix::fs::fstat(&descriptor)?;
        let kind = Kind::of(stat.st_mode, stat.st_rdev);
        let identity = FileIdentity { device: stat.st_dev, inode: stat.st_ino };
        let owner = (stat.st_uid, stat.st_gid);
        let mode = stat.st_mode & 0o7777;
        let modified = (stat.st_mtime, stat.st_mtime_nsec as u64);
        Ok(Self { descriptor, kind, identity, owner, mode, size: stat.st_size as u64, modified })
    }

    pub fn into_descriptor(self) -> OwnedFd {
        self.descriptor
    }

    /// Looks `path` up to read what it holds. A device or pipe does not block, and is not read.
    pub fn open_for_reading(path: &Path) -> Result<Self, Error> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let failed = |errno| Call::Lookup { path: path.to_owned() }.failed(errno);
        let descriptor = rustix::fs::openat(CWD, path, flags, Mode::empty()).map_err(failed)?;
        Self::of(descriptor).map_err(failed)
    }

    /// What this file holds, at most `limit` bytes (else `EFBIG`).
    pub fn content(&self, limit: u64) -> Result<Vec<u8>, Error> {
        let failed = |errno| Call::other(format!("read({})", self.link())).failed(errno);
        match content_of(&self.descriptor, self.size, limit) {
            // Held for its place only. Opened anew through /proc/self/fd it is the same file, whatever the path is now.
            Err(Errno::BADF) => {
                let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
                let file = rustix::fs::openat(CWD, self.link(), flags, Mode::empty());
                file.and_then(|file| content_of(&file, self.size, limit)).map_err(failed)
            }
            result => result.map_err(failed),
        }
    }

    /// Whether the mount it was reached through, or the file system itself, is read-only.
    pub fn on_read_only_mount(&self) -> Result<bool, Errno> {
        let flags = rustix::fs::fstatvfs(&self.descriptor)?.f_flag;
        Ok(flags.contains(rustix::fs::StatVfsMountFlags::RDONLY))
    }

    /// Whether the caller may read it, by its permissions.
    pub fn may_be_read(&self) -> bool {
        self.may_be(rustix::fs::Access::READ_OK)
    }

    /// Whether the caller may write to it, by its permissions and its mount.
    pub fn may_be_written(&self) -> bool {
        self.may_be(rustix::fs::Access::WRITE_OK)
    }

    fn may_be(&self, wanted: rustix::fs::Access) -> bool {
        rustix::fs::accessat(CWD, self.link().as_str(), wanted, AtFlags::empty()).is_ok()
    }

    /// The path free of links, from the root of the mount namespace that it was found in.
    pub fn path(&self) -> Result<PathBuf, Errno> {
        let path = rustix::fs::readlink(self.link().as_str(), Vec::new())?;
        Ok(PathBuf::from(OsStr::from_bytes(path.to_bytes())))
    }

    fn link(&self) -> String {
        format!("/proc/self/fd/{}", self.descriptor.as_raw_fd())
    }

    /// Where this symbolic link points.
    pub fn link_target(&self) -> Result<Vec<u8>, Errno> {
        Ok(rustix::fs::readlinkat(&self.descriptor, c"", Vec::new())?.into_bytes())
    }
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

fn content_of(file: &OwnedFd, size: u64, limit: u64) -> Result<Vec<u8>, Errno> {
    // One byte more than it had, so that the first read also finds the end.
    let mut bytes = Vec::with_capacity(size.min(limit) as usize + 1);
    loop {
        let offset = bytes.len() as u64;
        match rustix::io::pread(file, rustix::buffer::spare_capacity(&mut bytes), offset) {
            Ok(0) => return Ok(bytes),
            Ok(_) if bytes.len() as u64 > limit => return Err(Errno::FBIG),
            // A short read of a regular file is its end (read(2)).
            Ok(_) if bytes.len() < bytes.capacity() => return Ok(bytes),
            Ok(_) => bytes.reserve(4096),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// A directory that is the root of a view being put together.
///
/// Every path is resolved inside it by the kernel (`openat2(2)`, `RESOLVE_IN_ROOT`): neither a link nor `..` leads out,
/// whoever made it.
#[derive(Debug)]
pub struct InRoot<'a>(pub BorrowedFd<'a>);

impl InRoot<'_> {
    /// A descriptor of what is at `at`, links resolved inside the root.
    pub fn find(&self, at: &Path) -> Result<OwnedFd, Error> {
        self.resolve(at, OFlags::PATH)
            .map_err(|errno| Call::ResolveInRoot { at: at.to_owned() }.failed(errno))
    }

    /// A descriptor of what is at `at` and its kind; a link at the end is not followed.
    pub fn find_last(&self, at: &Path) -> Result<Handle, Error> {
        let failed = |errno| Call::ResolveInRoot { at: at.to_owned() }.failed(errno);
        self.look(at, LastLink::Keep).map_err(failed)
    }

    /// What is at `at`, for somebody who only wants to know.
    pub fn look(&self, at: &Path, last: LastLink) -> Result<Handle, Errno> {
        let flags = match last {
            LastLink::Follow => OFlags::PATH,
            LastLink::Keep => OFlags::PATH | OFlags::NOFOLLOW,
        };
        Handle::of(self.resolve(at, flags)?)
    }

    /// The directory `at`, made with its parents where missing, each with mode 0755 but the last.
    pub fn make_directory(&self, at: &Path, mode: u32) -> Result<OwnedFd, Error> {
        self.make(at, mode, None)
    }

    /// The same; every directory that has to be made belongs to `owner`.
    pub fn make_directory_for(
        &self,
        at: &Path,
        mode: u32,
        owner: (u32, u32),
    ) -> Result<OwnedFd, Error> {
        self.make(at, mode, Some(owner))
    }

    fn make(&self, at: &Path, mode: u32, owner: Option<(u32, u32)>) -> Result<OwnedFd, Error> {
        match self.resolve(at, OFlags::PATH | OFlags::DIRECTORY) {
            Err(Errno::NOENT) => {}
            result => return result.map_err(|errno| resolving(at).failed(errno)),
        }
        let (parent, name) = self.parent_for(at, owner)?;
        let failed = |errno| made(MadeName::Directory, &name).failed(errno);
        match (rustix::fs::mkdirat(&parent, &name, Mode::from_raw_mode(mode)), owner) {
            (Ok(()), Some(owner)) => give(&parent, &name, owner)?,
            (Ok(()), None) => {}
            (Err(Errno::EXIST), _) => {}
            (Err(errno), _) => return Err(failed(errno)),
        }
        // The new name itself, not what a link of that name would lead to.
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&parent, &name, flags, Mode::empty()).map_err(failed)
    }

    /// The directory that holds `at`, made where missing, and the last name of `at`.
    pub fn parent(&self, at: &Path) -> Result<(OwnedFd, CString), Error> {
        self.parent_for(at, None)
    }

    fn parent_for(
        &self,
        at: &Path,
        owner: Option<(u32, u32)>,
    ) -> Result<(OwnedFd, CString), Error> {
        let invalid = || resolving(at).failed(Errno::INVAL);
        let name = match at.components().next_back() {
            Some(Component::Normal(name)) => c_string(name).ok_or_else(invalid)?,
            _ => return Err(invalid()),
        };
        let parent = at.parent().unwrap_or(Path::new(""));
        Ok((self.make(parent, 0o755, owner)?, name))
    }

    /// Whether the view has anything at `at`.
    pub fn has(&self, at: &Path) -> Result<bool, Error> {
        match self.resolve(at, OFlags::PATH) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
            Err(errno) => Err(resolving(at).failed(errno)),
        }
    }

    fn resolve(&self, at: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let relative = match at.strip_prefix("/").unwrap_or(at) {
            path if path.as_os_str().is_empty() => Path::new("."),
            path => path,
        };
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        loop {
            // EAGAIN: a rename raced with the lookup and the kernel could not tell whether it stayed
            // inside (openat2(2)); trying again is what the page advises.
            match rustix::fs::openat2(
                self.0,
                relative,
                flags | OFlags::CLOEXEC,
                Mode::empty(),
                resolve,
            ) {
                Err(Errno::AGAIN) => continue,
                result => return result,
            }
        }
    }
}

fn resolving(at: &Path) -> Call {
    Call::ResolveInRoot { at: at.to_owned() }
}

fn made(what: MadeName, name: &CStr) -> Call {
    Call::Make { what, at: PathBuf::from(OsStr::from_bytes(name.to_bytes())) }
}

fn c_string(name: &OsStr) -> Option<CString> {
    CString::new(name.as_bytes()).ok()
}

/// A new directory of the caller's directly below `parent`.
pub fn make_directory(parent: impl AsFd, name: &CStr, mode: u32) -> Result<(), Error> {
    rustix::fs::mkdirat(&parent, name, Mode::from_raw_mode(mode))
        .map_err(|errno| made(MadeName::Directory, name).failed(errno))
}

/// A new directory directly below `parent`, with exactly this mode and owner.
pub fn make_owned_directory(
    parent: impl AsFd,
    name: &CStr,
    mode: u32,
    owner: (u32, u32),
) -> Result<(), Error> {
    make_directory(&parent, name, mode)?;
    give(parent, name, owner)
}

/// Makes `owner` the owner of the name `name` directly below `parent`, of a link as well.
pub fn give(parent: impl AsFd, name: &CStr, owner: (u32, u32)) -> Result<(), Error> {
    let (uid, gid) = (rustix::fs::Uid::from_raw(owner.0), rustix::fs::Gid::from_raw(owner.1));
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    rustix::fs::chownat(&parent, name, Some(uid), Some(gid), flags)
        .map_err(|errno| Call::other(format!("fchownat({})", name.to_string_lossy())).failed(errno))
}

/// A new file directly below `parent`.
pub fn make_file(parent: impl AsFd, name: &CStr, content: &[u8], mode: u32) -> Result<(), Error> {
    let failed = |errno| made(MadeName::File, name).failed(errno);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file =
        rustix::fs::openat(&parent, name, flags, Mode::from_raw_mode(mode)).map_err(failed)?;
    let mut rest = content;
    while !rest.is_empty() {
        let written = rustix::io::write(&file, rest).map_err(failed)?;
        rest = &rest[written..];
    }
    Ok(())
}

/// A new symbolic link directly below `parent`.
pub fn make_symlink(parent: impl AsFd, name: &CStr, to: &str) -> Result<(), Error> {
    rustix::fs::symlinkat(to, &parent, name)
        .map_err(|errno| made(MadeName::Symlink, name).failed(errno))
}

/// A new device node directly below `parent`, with exactly this mode.
pub fn make_character_device(
    parent: impl AsFd,
    name: &CStr,
    number: u64,
    mode: u32,
) -> Result<(), Error> {
    let failed = |errno| made(MadeName::Device, name).failed(errno);
    let bits = Mode::from_raw_mode(mode);
    rustix::fs::mknodat(&parent, name, FileType::CharacterDevice, bits, number).map_err(failed)
}

/// Sets the calling process's umask and returns the one before (`umask(2)`).
pub fn set_umask(mask: u32) -> u32 {
    rustix::process::umask(Mode::from_raw_mode(mask)).as_raw_mode()
}

// The calls below that rustix does not wrap yet.
#![allow(
    unsafe_code,
    reason = "mount_setattr(2) and open_tree on a descriptor have no safe wrapper"
)]

use std::ffi::CStr;
use std::fmt;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
    fsconfig_create, fsconfig_set_fd, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen,
    move_mount, open_tree, unmount,
};
use serde::{Deserialize, Serialize};

use crate::error::{Call, Error, Kinds, last_errno};

/// A mount that is in no namespace yet, so nobody can see it half made.
///
/// Dropping it unmounts it: a failed setup leaves nothing behind.
#[derive(Debug)]
pub struct DetachedMount(OwnedFd);

/// How much of a mount tree an operation touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// The named mount alone.
    OneMount,
    /// The named mount and everything mounted below it.
    WholeTree,
}

/// Attributes of a mount as seen in one view; the file system behind it is not changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// Refuse writes through this mount.
    pub read_only: bool,
    /// Refuse to honour set-user-ID files and file capabilities.
    pub no_suid: bool,
    /// Refuse to open device nodes.
    pub no_dev: bool,
    /// Refuse to run programs.
    pub no_exec: bool,
}

/// A parameter of a file system about to be made (`fsconfig(2)`).
#[derive(Clone, Copy, Debug)]
pub enum Parameter<'a> {
    Text(&'a str, &'a str),
    Flag(&'a str),
    Descriptor(&'a str, BorrowedFd<'a>),
}

impl DetachedMount {
    /// Clones what `source`, a descriptor opened with `O_PATH`, refers to: a bind mount that is not attached yet.
    ///
    /// `shown` is only for the error. Where the mount namespace belongs to a less privileged user
    /// namespace than the mounts in it, [`Reach::OneMount`] is refused if anything is mounted below.
    pub fn clone_of(source: impl AsFd, shown: &Path, reach: Reach) -> Result<Self, Error> {
        Self::clone_at(source, c"", shown, reach)
    }

    /// Clones the directory `name` directly below `parent`.
    pub fn clone_below(parent: impl AsFd, name: &CStr, reach: Reach) -> Result<Self, Error> {
        let shown = PathBuf::from(name.to_string_lossy().into_owned());
        Self::clone_at(parent, name, &shown, reach)
    }

    fn clone_at(at: impl AsFd, name: &CStr, shown: &Path, reach: Reach) -> Result<Self, Error> {
        let mut flags = OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_EMPTY_PATH
            | OpenTreeFlags::AT_SYMLINK_NOFOLLOW;
        if reach == Reach::WholeTree {
            flags |= OpenTreeFlags::AT_RECURSIVE;
        }
        open_tree(at, name, flags)
            .map(Self)
            .map_err(|errno| Call::CloneTree { from: shown.to_owned(), reach }.failed(errno))
    }

    /// Makes a file system of its own; the kernel's messages about a refusal are in the error.
    pub fn filesystem(
        kind: &str,
        parameters: &[Parameter<'_>],
        attributes: Attributes,
    ) -> Result<Self, Error> {
        let failed = |context: Option<&OwnedFd>, step: String, errno| Error {
            call: Call::NewFilesystem { kind: kind.to_owned(), step },
            errno,
            kernel_log: context.map(read_log).unwrap_or_default(),
        };
        let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)
            .map_err(|errno| failed(None, "fsopen".into(), errno))?;
        for parameter in parameters {
            parameter
                .set(&context)
                .map_err(|errno| failed(Some(&context), format!("set {parameter}"), errno))?;
        }
        fsconfig_create(&context)
            .map_err(|errno| failed(Some(&context), "create".into(), errno))?;
        let bits = MountAttrFlags::from_bits_retain(attributes.to_bits() as u32);
        fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, bits)
            .map(Self)
            .map_err(|errno| failed(Some(&context), "fsmount".into(), errno))
    }

    /// Adds `attributes` and makes the mount private: no later mount of the host comes in, none goes out.
    ///
    /// A clone of a shared source stays in its peer group until told otherwise (`mount_namespaces(7)`).
    pub fn restrict(
        &self,
        shown: &Path,
        attributes: Attributes,
        reach: Reach,
    ) -> Result<(), Error> {
        let set = libc::mount_attr {
            attr_set: attributes.to_bits(),
            attr_clr: 0,
            propagation: libc::MS_PRIVATE,
            userns_fd: 0,
        };
        mount_setattr(self.0.as_fd(), c"", reach, &set).map_err(|errno| {
            Call::SetAttributes { on: shown.to_owned(), add: attributes, reach }.failed(errno)
        })
    }

    /// Shows ids on disk as `user_namespace` maps them: an idmapped mount.
    pub fn map_ids(&self, shown: &Path, user_namespace: impl AsFd) -> Result<(), Error> {
        let set = libc::mount_attr {
            attr_set: libc::MOUNT_ATTR_IDMAP,
            attr_clr: 0,
            propagation: 0,
            userns_fd: user_namespace.as_fd().as_raw_fd() as u64,
        };
        mount_setattr(self.0.as_fd(), c"", Reach::WholeTree, &set)
            .map_err(|errno| Call::MapIds { on: shown.to_owned() }.failed(errno))
    }

    /// Attaches this mount on the name `name` directly below `parent`; a link of that name is not followed.
    pub fn attach_below(
        self,
        parent: impl AsFd,
        name: &CStr,
        shown: &Path,
    ) -> Result<AttachedMount, Error> {
        move_mount(&self.0, c"", &parent, name, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
            .map_err(|errno| self.not_attached(errno, parent, name, shown))?;
        Ok(AttachedMount(self.0))
    }

    /// Attaches this mount on what `target` refers to. From here on the view shows it.
    ///
    /// The descriptor comes back, because more may be attached below it.
    pub fn attach(self, target: impl AsFd, shown: &Path) -> Result<AttachedMount, Error> {
        let flags =
            MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
        move_mount(&self.0, "", &target, "", flags)
            .map_err(|errno| self.not_attached(errno, target, c"", shown))?;
        Ok(AttachedMount(self.0))
    }

    fn not_attached(&self, errno: Errno, at: impl AsFd, name: &CStr, shown: &Path) -> Error {
        use rustix::fs::{AtFlags, FileType, statat};
        let is_directory = |at: BorrowedFd<'_>, name| {
            let stat = statat(at, name, AtFlags::EMPTY_PATH | AtFlags::SYMLINK_NOFOLLOW).ok()?;
            Some(FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
        };
        let kinds = match (is_directory(self.0.as_fd(), c""), is_directory(at.as_fd(), name)) {
            (Some(mounted), Some(place)) if mounted == place => Kinds::Alike,
            (Some(_), Some(_)) => Kinds::Different,
            _ => Kinds::Unknown,
        };
        Call::Attach { at: shown.to_owned(), kinds }.failed(errno)
    }
}

impl AsFd for DetachedMount {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A mount of the calling process's namespace, held by descriptor.
#[derive(Debug)]
pub struct AttachedMount(OwnedFd);

impl AttachedMount {
    /// No bind of this mount can be made and no other namespace receives what is mounted in it
    /// (`mount_namespaces(7)`). Not for a detached mount: one that is unbindable cannot be attached below a shared one.
    pub fn make_unbindable(&self) -> Result<(), Error> {
        let set = libc::mount_attr {
            attr_set: 0,
            attr_clr: 0,
            propagation: libc::MS_UNBINDABLE,
            userns_fd: 0,
        };
        mount_setattr(self.0.as_fd(), c"", Reach::OneMount, &set)
            .map_err(|errno| Call::other("mount_setattr(unbindable)").failed(errno))
    }

    /// Adds `attributes` to this one mount.
    pub fn restrict(&self, shown: &Path, attributes: Attributes) -> Result<(), Error> {
        let set = libc::mount_attr {
            attr_set: attributes.to_bits(),
            attr_clr: 0,
            propagation: 0,
            userns_fd: 0,
        };
        mount_setattr(self.0.as_fd(), c"", Reach::OneMount, &set).map_err(|errno| {
            let reach = Reach::OneMount;
            Call::SetAttributes { on: shown.to_owned(), add: attributes, reach }.failed(errno)
        })
    }
}

impl AsFd for AttachedMount {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Parameter<'_> {
    fn set(&self, context: &OwnedFd) -> Result<(), Errno> {
        match self {
            Parameter::Text(key, value) => fsconfig_set_string(context, *key, *value),
            Parameter::Flag(key) => fsconfig_set_flag(context, *key),
            Parameter::Descriptor(key, descriptor) => fsconfig_set_fd(context, *key, descriptor),
        }
    }
}

impl fmt::Display for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Parameter::Text(key, value) => write!(f, "{key}={value}"),
            Parameter::Flag(key) => f.write_str(key),
            Parameter::Descriptor(key, _) => write!(f, "{key} by descriptor"),
        }
    }
}

impl Attributes {
    /// Data: nobody gains privilege from it and no device is reached through it.
    pub const DATA: Self = Self { read_only: false, no_suid: true, no_dev: true, no_exec: false };

    pub fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    pub fn no_exec(self) -> Self {
        Self { no_exec: true, ..self }
    }

    fn to_bits(self) -> u64 {
        let mut bits = MountAttrFlags::empty();
        bits.set(MountAttrFlags::MOUNT_ATTR_RDONLY, self.read_only);
        bits.set(MountAttrFlags::MOUNT_ATTR_NOSUID, self.no_suid);
        bits.set(MountAttrFlags::MOUNT_ATTR_NODEV, self.no_dev);
        bits.set(MountAttrFlags::MOUNT_ATTR_NOEXEC, self.no_exec);
        bits.bits().into()
    }
}

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (self.read_only, "ro"),
            (self.no_suid, "nosuid"),
            (self.no_dev, "nodev"),
            (self.no_exec, "noexec"),
        ];
        let set: Vec<&str> = names.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
        f.write_str(if set.is_empty() { "none" } else { "" })?;
        f.write_str(&set.join(","))
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reach::OneMount => "one mount",
            Reach::WholeTree => "whole tree",
        })
    }
}

/// Cuts every mount of this namespace off from its peers: nothing comes in, nothing goes out.
pub fn make_all_private() -> Result<(), Error> {
    let set =
        libc::mount_attr { attr_set: 0, attr_clr: 0, propagation: libc::MS_PRIVATE, userns_fd: 0 };
    mount_setattr(rustix::fs::CWD, c"/", Reach::WholeTree, &set)
        .map_err(|errno| Call::other("mount_setattr(/, private, whole tree)").failed(errno))
}

/// Adds `attributes` to every mount of the calling process's view.
pub fn restrict_all(attributes: Attributes) -> Result<(), Error> {
    let set = libc::mount_attr {
        attr_set: attributes.to_bits(),
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    mount_setattr(rustix::fs::CWD, c"/", Reach::WholeTree, &set).map_err(|errno| {
        let (on, reach) = (PathBuf::from("/"), Reach::WholeTree);
        Call::SetAttributes { on, add: attributes, reach }.failed(errno)
    })
}

/// Makes `root` the root of this mount namespace and detaches what was there before: the old root and `above` mounts
/// stacked over it.
pub fn pivot_to(root: impl AsFd, above: usize) -> Result<(), Error> {
    rustix::process::fchdir(&root).map_err(|errno| Call::PivotRoot.failed(errno))?;
    // With "." twice the old root lands on top of the new one, where it is detached: no directory is needed for it
    // (pivot_root(2), NOTES). Each detaching takes the topmost mount.
    rustix::process::pivot_root(".", ".").map_err(|errno| Call::PivotRoot.failed(errno))?;
    for _ in 0..=above {
        detach_at(Path::new("."))?;
    }
    rustix::process::chdir("/")
        .map_err(|errno| Call::ChangeDirectory { to: PathBuf::from("/") }.failed(errno))
}

/// `umount2(2)` with `MNT_DETACH`: gone from the tree at once, freed when nobody uses it.
pub fn detach_at(at: &Path) -> Result<(), Error> {
    unmount(at, UnmountFlags::DETACH)
        .map_err(|errno| Call::Unmount { at: at.to_owned() }.failed(errno))
}

/// `mount_setattr(2)`; an empty `path` means the mount that `at` itself refers to.
pub(crate) fn mount_setattr(
    at: impl AsFd,
    path: &CStr,
    reach: Reach,
    attributes: &libc::mount_attr,
) -> Result<(), Errno> {
    let flags = libc::AT_EMPTY_PATH
        | match reach {
            Reach::OneMount => 0,
            Reach::WholeTree => libc::AT_RECURSIVE,
        };

    // SAFETY: `path` is NUL-terminated, `attributes` outlives the call and the size passed is its
    // own; the kernel keeps no pointer to either.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            at.as_fd().as_raw_fd(),
            path.as_ptr(),
            flags,
            std::ptr::from_ref(attributes),
            size_of_val(attributes),
        )
    };
    if answer == 0 { Ok(()) } else { Err(last_errno()) }
}

/// Drains the message log of a file system context, one message per `read(2)`.
fn read_log(context: &OwnedFd) -> Vec<String> {
    let mut lines = Vec::new();
    let mut buffer = [0; 512];
    while let Ok(length) = rustix::io::read(context, &mut buffer) {
        if length == 0 {
            break;
        }
        lines.push(String::from_utf8_lossy(&buffer[..length]).trim_end().to_owned());
    }
    lines
}

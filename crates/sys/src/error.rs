use std::fmt;
use std::path::PathBuf;

use rustix::io::Errno;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::mount::{Attributes, Reach};

/// A system call the kernel refused.
///
/// `Display` shows the call alone; the reason is the [`source`](std::error::Error::source), so
/// a printed chain never says a thing twice. It can be sent from one process to another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{call}")]
pub struct Error {
    /// What was asked.
    pub call: Call,
    /// What the kernel answered.
    #[source]
    #[serde(serialize_with = "errno_as_number", deserialize_with = "errno_from_number")]
    pub errno: Errno,
    /// Lines the kernel left on the file system context: often the only exact reason there is.
    pub kernel_log: Vec<String>,
}

/// The call and the arguments a reader needs to repeat it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    /// `openat(2)` with `O_PATH`: finding a source on the host.
    Lookup {
        path: PathBuf,
    },
    /// `open_tree(2)` with `OPEN_TREE_CLONE`.
    CloneTree {
        from: PathBuf,
        reach: Reach,
    },
    /// `mount_setattr(2)`.
    SetAttributes {
        on: PathBuf,
        add: Attributes,
        reach: Reach,
    },
    /// `mount_setattr(2)` with `MOUNT_ATTR_IDMAP`.
    MapIds {
        on: PathBuf,
    },
    /// `move_mount(2)` of a detached mount.
    Attach {
        at: PathBuf,
        kinds: Kinds,
    },
    /// `fsopen(2)` to `fsmount(2)`; `step` names the one that failed.
    NewFilesystem {
        kind: String,
        step: String,
    },
    /// `openat2(2)` below the root of a view.
    ResolveInRoot {
        at: PathBuf,
    },
    /// `mkdirat(2)`, `openat(O_CREAT)`, `symlinkat(2)` or `mknodat(2)` below the root of a view.
    Make {
        what: MadeName,
        at: PathBuf,
    },
    /// `clone3(2)` or `clone(2)`.
    Clone {
        namespaces: String,
    },
    /// `unshare(2)`.
    Unshare {
        namespaces: String,
    },
    /// `setns(2)`.
    Join {
        namespace: String,
    },
    /// A write to a file of `/proc` that sets a namespace up.
    WriteProc {
        file: String,
        text: String,
    },
    PivotRoot,
    /// `umount2(2)` with `MNT_DETACH`.
    Unmount {
        at: PathBuf,
    },
    /// `execve(2)`.
    Execute {
        program: PathBuf,
        obstacle: Obstacle,
    },
    /// `setresgid(2)` and `setresuid(2)`.
    SetIds {
        uid: u32,
        gid: u32,
    },
    /// `setrlimit(2)`.
    LimitResource {
        resource: String,
        value: u64,
    },
    /// Any use of a descriptor that the caller named by its number.
    UseDescriptor {
        number: i32,
    },
    /// `chdir(2)`.
    ChangeDirectory {
        to: PathBuf,
    },
    /// Any other call, as it would be typed.
    Other {
        call: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MadeName {
    Directory,
    File,
    Symlink,
    Device,
}

/// Whether what is mounted and what it is mounted on are both directories or both none: looked up when the kernel has
/// refused, because `EINVAL` alone does not say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kinds {
    Unknown,
    Alike,
    Different,
}

/// What a refused program's file tells about the refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Obstacle {
    Unknown,
    /// The program is there; what it names to be run by is not.
    Interpreter(PathBuf),
    Directory,
    /// Nobody has the right to execute it.
    Mode,
    NoExecMount,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Call::Lookup { path } => write!(f, "openat({}, O_PATH)", path.display()),
            Call::CloneTree { from, reach } => write!(f, "open_tree({}, {reach})", from.display()),
            Call::SetAttributes { on, add, reach } => {
                write!(f, "mount_setattr({}, {add}, {reach})", on.display())
            }
            Call::MapIds { on } => write!(f, "mount_setattr({}, idmap)", on.display()),
            Call::Attach { at, .. } => write!(f, "move_mount(detached, {})", at.display()),
            Call::NewFilesystem { kind, step } => write!(f, "{kind}: {step}"),
            Call::ResolveInRoot { at } => write!(f, "openat2({}, in root)", at.display()),
            Call::Make { what, at } => write!(f, "{}({})", what.call(), at.display()),
            Call::Clone { namespaces } => write!(f, "clone({namespaces})"),
            Call::Unshare { namespaces } => write!(f, "unshare({namespaces})"),
            Call::Join { namespace } => write!(f, "setns({namespace})"),
            Call::WriteProc { file, text } => write!(f, "write({file}, {text:?})"),
            Call::PivotRoot => f.write_str("pivot_root"),
            Call::Unmount { at } => write!(f, "umount2({}, MNT_DETACH)", at.display()),
            Call::Execute { program, obstacle: Obstacle::Interpreter(interpreter) } => {
                write!(f, "execve({}) by {}", program.display(), interpreter.display())
            }
            Call::Execute { program, .. } => write!(f, "execve({})", program.display()),
            Call::SetIds { uid, gid } => write!(f, "setresuid/setresgid({uid}, {gid})"),
            Call::LimitResource { resource, value } => write!(f, "setrlimit({resource}, {value})"),
            Call::UseDescriptor { number } => write!(f, "fcntl({number}, F_GETFD)"),
            Call::ChangeDirectory { to } => write!(f, "chdir({})", to.display()),
            Call::Other { call } => f.write_str(call),
        }
    }
}

impl MadeName {
    fn call(self) -> &'static str {
        match self {
            MadeName::Directory => "mkdirat",
            MadeName::File => "openat(O_CREAT)",
            MadeName::Symlink => "symlinkat",
            MadeName::Device => "mknodat",
        }
    }
}

impl Call {
    /// Turns a raw answer into an [`Error`] about this call.
    pub fn failed(self, errno: Errno) -> Error {
        Error { call: self, errno, kernel_log: Vec::new() }
    }

    pub(crate) fn other(call: impl Into<String>) -> Self {
        Call::Other { call: call.into() }
    }
}

impl Error {
    /// Whether more is known than the kernel's answer.
    pub(crate) fn explains(&self) -> bool {
        !matches!(&self.call, Call::Execute { obstacle: Obstacle::Unknown, .. })
    }
}

fn errno_as_number<S: Serializer>(errno: &Errno, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i32(errno.raw_os_error())
}

fn errno_from_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Errno, D::Error> {
    let number = i32::deserialize(deserializer)?;
    // Numbers outside 1..=4095 cannot come from the kernel, and from_raw_os_error would panic.
    match number {
        1..=4095 => Ok(Errno::from_raw_os_error(number)),
        _ => Err(serde::de::Error::custom("not an error number")),
    }
}

/// What the last call of the C library's wrapper left in `errno`.
pub(crate) fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}

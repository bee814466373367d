use std::fmt;

use serde::Serialize;

use crate::{HostPath, PlanError, ViewPath};

/// One thing the view shows: what, where, how freely, and who asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub at: ViewPath,
    #[serde(flatten)]
    pub what: What,
    pub access: Access,
    #[serde(skip)]
    pub presence: Presence,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum What {
    /// The tree, or the single file, that the host has at this path.
    Bind {
        from: HostPath,
        links: Links,
        owner: Owner,
    },
    /// A memory file system of its own, with a size limit of its own.
    Tmpfs {
        size: Option<u64>,
        mode: u32,
    },
    /// A private directory in the memory file system that all of a view's scratch places share.
    Scratch {
        mode: u32,
    },
    /// Several read-only trees shown as one; the first is on top.
    Overlay {
        lower: Vec<HostPath>,
        upper: Upper,
    },
    /// A file of the view's own, made from text.
    File {
        content: Content,
        mode: u32,
    },
    /// A directory of the view's own root.
    Directory {
        mode: u32,
    },
    Symlink {
        to: String,
    },
    /// Nothing: whatever lies below is hidden.
    Mask,
    /// The view's own place once more, read-only: what a kernel file system has there can be read
    /// but not changed. With [`Presence::Optional`] a place that turns out not to exist is passed over.
    SelfBind,
    /// Nothing may be created or exchanged here. What the host has at `from` is shown by a mount of
    /// its own, which can be neither renamed nor removed; settling makes a bind of it. Where the
    /// host has nothing the name is taken by a read-only file of this text for as long as the view
    /// lives.
    Reserved {
        from: HostPath,
        owner: Owner,
        placeholder: String,
    },
    /// One device node.
    Device {
        from: HostPath,
    },
    /// A file system that the kernel makes up.
    Kernel {
        filesystem: KernelFilesystem,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    #[serde(rename = "ro")]
    ReadOnly,
    #[serde(rename = "rw")]
    ReadWrite,
}

/// What to do when the host lacks the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    Required,
    Optional,
}

/// What a source that is itself a symbolic link means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Links {
    /// Show what it points to.
    Followed,
    /// Show the same link, to be resolved inside the view (`/bin` on a host with a merged `/usr`).
    Copied,
}

/// Who owns the files of a bind, as the view sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// As on disk; ids that the view does not have appear as `nobody`.
    AsOnDisk,
    /// The owner of the directory on disk is the view's user (an idmapped mount).
    Mapped,
}

/// Where the changes to an overlay go.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Upper {
    /// Nowhere: the stack is read-only.
    None,
    /// To the view's memory; they are gone with it.
    Discarded,
    /// To this directory of the host, which also holds the work directory `.eyot-work`.
    Kept(HostPath),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    Text(String),
    /// Read once from this descriptor of the caller before anything is made.
    Descriptor(i32),
    /// What the host's file holds when the view is made. For small files: it costs no mount.
    CopyOf(HostPath),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KernelFilesystem {
    Proc,
    Sysfs,
    Cgroup,
    Devpts,
    Mqueue,
}

/// Which request an entry comes from; a later layer overrides an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// What every view has unless something says otherwise.
    Default,
    Profile,
    File,
    Flag,
}

/// Why an entry is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    pub layer: Layer,
    /// The profile's name, the view file's path or the flag.
    pub name: String,
}

impl Origin {
    pub fn new(layer: Layer, name: impl Into<String>) -> Self {
        Self { layer, name: name.into() }
    }
}

impl Entry {
    pub fn new(at: &str, what: What, origin: Origin) -> Result<Self, PlanError> {
        ViewPath::new(at).map(|at| Self::placed(at, what, origin))
    }

    pub fn placed(at: ViewPath, what: What, origin: Origin) -> Self {
        Self { at, access: what.usual_access(), what, presence: Presence::Required, origin }
    }

    pub fn bind(from: &str, at: &str, origin: Origin) -> Result<Self, PlanError> {
        let from = HostPath::new(from)?;
        Self::new(at, What::Bind { from, links: Links::Followed, owner: Owner::AsOnDisk }, origin)
    }

    pub fn scratch(at: &str, mode: u32, origin: Origin) -> Result<Self, PlanError> {
        Self::new(at, What::Scratch { mode }, origin)
    }

    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    pub fn optional(mut self) -> Self {
        self.presence = Presence::Optional;
        self
    }

    pub fn presence(mut self, presence: Presence) -> Self {
        self.presence = presence;
        self
    }

    /// The host paths this entry is made from.
    pub fn sources(&self) -> Vec<&HostPath> {
        match &self.what {
            What::Bind { from, .. } | What::Device { from } | What::Reserved { from, .. } => {
                vec![from]
            }
            What::File { content: Content::CopyOf(from), .. } => vec![from],
            What::Overlay { lower, upper } => match upper {
                Upper::Kept(upper) => lower.iter().chain([upper]).collect(),
                Upper::None | Upper::Discarded => lower.iter().collect(),
            },
            What::Tmpfs { .. }
            | What::Scratch { .. }
            | What::File { .. }
            | What::Directory { .. }
            | What::Symlink { .. }
            | What::Mask
            | What::SelfBind
            | What::Kernel { .. } => Vec::new(),
        }
    }

    /// Whether carrying this entry out makes a mount, or only a name in the view's own root.
    pub fn is_mount(&self) -> bool {
        !matches!(self.what, What::File { .. } | What::Directory { .. } | What::Symlink { .. })
    }
}

impl What {
    fn usual_access(&self) -> Access {
        match self {
            What::Tmpfs { .. } | What::Scratch { .. } | What::Device { .. } => Access::ReadWrite,
            What::Overlay { upper: Upper::None, .. } => Access::ReadOnly,
            What::Overlay { .. } => Access::ReadWrite,
            What::Kernel { filesystem } => match filesystem {
                KernelFilesystem::Sysfs | KernelFilesystem::Cgroup => Access::ReadOnly,
                KernelFilesystem::Proc | KernelFilesystem::Devpts | KernelFilesystem::Mqueue => {
                    Access::ReadWrite
                }
            },
            What::Bind { .. }
            | What::File { .. }
            | What::Directory { .. }
            | What::Symlink { .. }
            | What::Mask
            | What::SelfBind
            | What::Reserved { .. } => Access::ReadOnly,
        }
    }

    /// Whether the view's user may make names in it that are gone with the view.
    pub fn is_own_memory(&self) -> bool {
        match self {
            What::Tmpfs { .. } | What::Scratch { .. } => true,
            What::Overlay { upper, .. } => *upper == Upper::Discarded,
            What::Bind { .. }
            | What::File { .. }
            | What::Directory { .. }
            | What::Symlink { .. }
            | What::Mask
            | What::SelfBind
            | What::Reserved { .. }
            | What::Device { .. }
            | What::Kernel { .. } => false,
        }
    }

    /// The word that starts a line of the printed plan.
    pub fn word(&self) -> &'static str {
        match self {
            What::Bind { .. } => "bind",
            What::Tmpfs { .. } => "tmpfs",
            What::Scratch { .. } => "scratch",
            What::Overlay { .. } => "overlay",
            What::File { .. } => "file",
            What::Directory { .. } => "dir",
            What::Symlink { .. } => "link",
            What::Mask => "mask",
            What::SelfBind => "cover",
            What::Reserved { .. } => "reserve",
            What::Device { .. } => "device",
            What::Kernel { filesystem } => filesystem.name(),
        }
    }
}

impl KernelFilesystem {
    /// The kernel's name of the file system type; of cgroup it depends on the host.
    pub fn name(self) -> &'static str {
        match self {
            KernelFilesystem::Proc => "proc",
            KernelFilesystem::Sysfs => "sysfs",
            KernelFilesystem::Cgroup => "cgroup",
            KernelFilesystem::Devpts => "devpts",
            KernelFilesystem::Mqueue => "mqueue",
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::ReadOnly => "ro",
            Access::ReadWrite => "rw",
        })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.what.word(), self.at, self.access)?;
        match &self.what {
            What::Bind { from, .. } | What::Device { from }
                if from.as_path() != self.at.as_path() =>
            {
                write!(f, " from {from}")?;
            }
            What::Bind { from, .. } => write!(f, " from {from}")?,
            What::Tmpfs { size: Some(size), .. } => write!(f, " size {size}")?,
            What::Overlay { lower, upper } => {
                f.write_str(" from ")?;
                for (index, layer) in lower.iter().enumerate() {
                    write!(f, "{}{layer}", if index == 0 { "" } else { ":" })?;
                }
                match upper {
                    Upper::None => {}
                    Upper::Discarded => f.write_str(", changes discarded")?,
                    Upper::Kept(upper) => write!(f, ", changes kept in {upper}")?,
                }
            }
            What::Symlink { to } => write!(f, " to {}", to.escape_debug())?,
            What::Tmpfs { .. }
            | What::Scratch { .. }
            | What::File { .. }
            | What::Directory { .. }
            | What::Mask
            | What::SelfBind
            | What::Reserved { .. }
            | What::Device { .. }
            | What::Kernel { .. } => {}
        }
        if self.presence == Presence::Optional {
            f.write_str(" (if present)")?;
        }
        Ok(())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layer {
            Layer::Default => f.write_str("default"),
            Layer::Profile => write!(f, "profile {}", self.name),
            Layer::File => write!(f, "file {}", self.name),
            Layer::Flag => write!(f, "flag {}", self.name),
        }
    }
}

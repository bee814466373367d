//! What a process will see, as plain data. Nothing here asks the kernel anything.
//!
//! A [`View`] is what somebody asked for (a view file, a command line). A profile turns it into
//! [`Entry`]s; [`Plan::settle`] checks them against what the host has and puts them in order:
//! parents before children, no place twice. `launch` carries the plan out, and the same data is
//! printed by `eyot plan`, so what is printed is what is done.
//!
//! ```
//! use eyot_plan::{Access, Entry, Layer, Origin, Settled, SourceFact, ViewPath, settle};
//!
//! let origin = Origin::new(Layer::Flag, "--ro");
//! let usr = Entry::bind("/usr", "/usr", origin.clone())?.access(Access::ReadOnly);
//! let tmp = Entry::scratch("/tmp", 0o1777, origin)?;
//! let Settled { entries, .. } = settle(vec![usr, tmp], |_, _| SourceFact::Directory)?;
//! assert_eq!(entries[0].to_string(), "scratch /tmp rw");
//! assert_eq!(entries[1].to_string(), "bind /usr ro from /usr");
//! # Ok::<(), eyot_plan::PlanError>(())
//! ```

mod describe;
mod entry;
mod error;
mod facts;
mod filter;
mod path;
mod plan;
mod settle;
mod view;

pub use entry::{
    Access, Content, Entry, KernelFilesystem, Layer, Links, Origin, Owner, Presence, Upper, What,
};
pub use error::PlanError;
pub use facts::{Caller, CgroupLayout, Facts, Machine};
pub use filter::{Filter, Instruction};
pub use path::{HostPath, ViewPath};
pub use plan::{
    Capability, Confinement, Holder, Identity, Init, Isolation, Landlock, LimitSet, LimitedBy,
    Network, Plan, Process, Protection, ProtectionState, Root, RootOwned, Seccomp, Share, Sharing,
    UserNamespace,
};
pub use settle::{Settled, SourceFact, settle};
pub use view::{
    BadValue, Bind, Device, FileEntry, Link, NetworkMode, OverlayEntry, RootKind, SeccompChoice,
    TmpfsEntry, UserMode, View, parse_duration, parse_size,
};

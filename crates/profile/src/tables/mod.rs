//! The profiles. Policy is read here, not in the code: a row that surprises says why it stands.

mod kernel;
mod project;
mod system;

pub(crate) use kernel::{DEV, FIRMWARE, KERNEL_TUNABLES, PROC, SYS};
pub use project::{PROTECTED, Protected};
use system::{
    COMFORT, ETC, HIDDEN_OF_ETC, HOMES, HOST_ROOT, ROOTFS, SCRATCH, TOOLCHAIN_OF_HOME, USR,
};

use crate::row::{Row, Show, row};

/// A named, ready-made part of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: &'static str,
    /// One line for help texts.
    pub description: &'static str,
    /// What is shown in an empty root.
    pub tables: &'static [&'static [Row]],
    /// Which of the kernel's file systems are made unless the view says otherwise.
    pub kernel: &'static [Kernel],
    pub project: Project,
    pub home: Home,
    pub start: Start,
    pub user: User,
    pub hostname: &'static str,
    /// Variables of the caller that pass; a final `*` stands for any ending.
    pub keep_env: &'static [&'static str],
    pub set_env: &'static [(&'static str, &'static str)],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    Proc,
    Sys,
    Dev,
}

/// What becomes of the directory the caller stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Project {
    Hidden,
    ReadOnly,
    /// Writable but for the [`PROTECTED`] names.
    Protected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// Under the caller's own path, so that what names it keeps working; its content is hidden.
    Callers,
    At(&'static str),
    None,
}

/// Where the command starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// In the caller's directory if the view shows it, otherwise at home.
    Project,
    At(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    Caller,
    Fixed { uid: u32, gid: u32, name: &'static str },
}

pub const PROFILES: &[Profile] = &[RUN, BUILD, SERVICE, AGENT, EMPTY];

const EVERYTHING: &[Kernel] = &[Kernel::Proc, Kernel::Sys, Kernel::Dev];

/// What a program needs to talk the user's language on the user's terminal, and no more.
const OF_THE_TERMINAL: &[&str] = &["TERM", "COLORTERM", "NO_COLOR", "LANG", "LC_*", "TZ"];

const RUN: Profile = Profile {
    name: "run",
    description: "the host's programs read-only, the current directory read-only, home hidden, no network",
    tables: &[USR, ETC, COMFORT, SCRATCH, HOMES],
    kernel: EVERYTHING,
    project: Project::ReadOnly,
    home: Home::Callers,
    start: Start::Project,
    user: User::Caller,
    hostname: "eyot",
    keep_env: OF_THE_TERMINAL,
    set_env: &[],
};

const BUILD: Profile = Profile {
    name: "build",
    description: "like run, but the same for every user and machine; starts in an empty /build",
    // COMFORT is left out: what is configured for people must not change what is built.
    tables: &[USR, ETC, SCRATCH, &[row("/build", Show::Scratch(0o755))]],
    kernel: EVERYTHING,
    project: Project::ReadOnly,
    home: Home::At("/build"),
    start: Start::At("/build"),
    user: User::Fixed { uid: 1000, gid: 1000, name: "build" },
    hostname: "build",
    // https://reproducible-builds.org/specs/source-date-epoch/
    keep_env: &["TERM", "NO_COLOR", "SOURCE_DATE_EPOCH"],
    set_env: &[("LC_ALL", "C.UTF-8"), ("TZ", "UTC")],
};

const SERVICE: Profile = Profile {
    name: "service",
    description: "for a daemon: /usr and /etc read-only, private /tmp and /run, no home, no network",
    tables: &[USR, SERVICE_ETC, HIDDEN_OF_ETC, SCRATCH, &[row("/run", Show::Scratch(0o755))]],
    kernel: EVERYTHING,
    project: Project::Hidden,
    home: Home::None,
    start: Start::At("/"),
    user: User::Caller,
    hostname: "eyot",
    keep_env: &["LANG", "LC_*", "TZ"],
    set_env: &[],
};

/// A daemon's own configuration may lie anywhere in /etc, and its name is not known here. What must
/// not be read there is closed by its mode, which the view's user cannot pass.
const SERVICE_ETC: &[Row] = &[row("/etc", Show::Host)];

const AGENT: Profile = Profile {
    name: "agent",
    description: "for a coding agent: the project writable but for what others run, home hidden, no network",
    tables: &[USR, ETC, COMFORT, SCRATCH, HOMES, TOOLCHAIN_OF_HOME],
    kernel: EVERYTHING,
    project: Project::Protected,
    home: Home::Callers,
    start: Start::Project,
    user: User::Caller,
    hostname: "eyot",
    keep_env: OF_THE_TERMINAL,
    set_env: &[],
};

const EMPTY: Profile = Profile {
    name: "empty",
    description: "a blank slate: nothing but what other options add",
    tables: &[],
    kernel: &[],
    project: Project::Hidden,
    home: Home::None,
    start: Start::At("/"),
    user: User::Caller,
    hostname: "eyot",
    keep_env: OF_THE_TERMINAL,
    set_env: &[],
};

impl Profile {
    /// What is private even where the root is a tree of the host.
    ///
    /// A blank slate stays one on every root.
    pub(crate) fn over_host(&self) -> &'static [&'static [Row]] {
        if self.tables.is_empty() { &[] } else { &[HOST_ROOT] }
    }

    /// The same over a directory given as root. It brings its own /usr, /etc and homes.
    pub(crate) fn over_directory(&self) -> &'static [&'static [Row]] {
        if self.tables.is_empty() { &[] } else { &[ROOTFS] }
    }
}

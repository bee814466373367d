use std::ffi::OsString;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::{Entry, Filter, HostPath, Settled, Upper, ViewPath, What};

/// Everything a process will see and may do, decided before anything is done.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    pub profile: String,
    pub root: Root,
    pub entries: Vec<Entry>,
    pub isolation: Isolation,
    pub identity: Identity,
    pub confinement: Confinement,
    pub limits: LimitSet,
    pub process: Process,
    /// Every protection that this view is expected to have, and whether it holds.
    pub protections: Vec<Protection>,
    /// Asked for by a lower layer, covered by a higher one.
    pub overridden: Vec<Entry>,
    /// Optional, and the host has no source.
    pub left_out: Vec<Entry>,
    /// What the reader should know and no entry says.
    pub notes: Vec<String>,
}

/// What lies beneath all entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Root {
    /// An empty memory file system of at most `size` bytes (the kernel's half of the memory if none).
    Empty { size: Option<u64> },
    /// A tree of the host.
    Tree { from: HostPath, access: crate::Access, size: Option<u64> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Isolation {
    pub user: UserNamespace,
    pub network: Network,
    pub pid: Sharing,
    pub ipc: Sharing,
    pub uts: Sharing,
    pub cgroup: Sharing,
}

/// Which user namespace the process runs in. Its mounts always belong to another one outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserNamespace {
    /// One of its own, on a block of unprivileged ids of the host (root's views).
    Block,
    /// One of its own that knows the caller's id only (an ordinary user's views).
    CallersId,
    /// The caller's: no border but capabilities.
    Host,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// An own network namespace whose loopback is down.
    None,
    /// An own network namespace with the loopback interface up.
    Loopback,
    Host,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    Own,
    Host,
}

/// A namespace that a view may share with the host.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Share {
    Pid,
    Ipc,
    Uts,
    Cgroup,
}

/// Who the process is, inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    pub uid: u32,
    pub gid: u32,
    /// The caller's supplementary groups that remain because an ordinary user may not drop them.
    pub kept_groups: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confinement {
    pub capabilities: Vec<Capability>,
    pub seccomp: Seccomp,
    /// Landlock scopes: no signal and no abstract socket reaches outside.
    pub landlock: Landlock,
    /// Set-user-ID bits and file capabilities have no effect (`PR_SET_NO_NEW_PRIVS`).
    pub no_new_privileges: bool,
    pub core_dumps: bool,
    pub root_owned: RootOwned,
}

impl Confinement {
    /// Whether the command can ask for the kernel's keys: only the default filter is known to close them.
    pub fn reaches_keys(&self) -> bool {
        match &self.seccomp {
            Seccomp::Filter { name, allowed, .. } => {
                name != "default" || allowed.iter().any(|allowed| allowed == "keyctl")
            }
            Seccomp::Off => true,
        }
    }
}

/// What a writable bind with a mapped owner does when root owns the directory on disk: whoever is
/// mapped to root there can make set-user-ID files of root on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RootOwned {
    Refused,
    /// The user said `--allow root-owned`.
    Mapped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Landlock {
    Scoped,
    Off,
}

/// A capability by its number and its name without `CAP_` (`capabilities(7)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Capability {
    pub number: u8,
    pub name: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Seccomp {
    Filter {
        /// `default`, or the file it came from.
        name: String,
        /// What was opened by name (`--allow`).
        allowed: Vec<String>,
        /// System call names in the profile that this build does not know; they are refused as unknown calls are.
        skipped: Vec<String>,
        #[serde(skip)]
        filter: Filter,
    },
    Off,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LimitSet {
    /// Bytes.
    pub memory: Option<u64>,
    pub memory_by: LimitedBy,
    pub processes: Option<u64>,
    pub processes_by: LimitedBy,
    /// Thousandths of a CPU.
    pub milli_cpus: Option<u64>,
    pub open_files: Option<u64>,
    #[serde(serialize_with = "as_seconds")]
    pub wall_time: Option<Duration>,
}

impl LimitSet {
    /// Whether any of these needs a control group.
    pub fn needs_cgroup(&self) -> bool {
        let grouped = |limit: Option<u64>, by| limit.is_some() && by == LimitedBy::ControlGroup;
        grouped(self.memory, self.memory_by)
            || grouped(self.processes, self.processes_by)
            || self.milli_cpus.is_some()
    }
}

/// What holds a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitedBy {
    /// The view as a whole.
    #[default]
    ControlGroup,
    /// `setrlimit(2)`: memory of each process alone, processes of the view's user.
    Rlimit,
}

fn as_seconds<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs_f64()).serialize(serializer)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// eyot is PID 1: reaps orphans and forwards signals.
    Eyot,
    /// The command itself is PID 1.
    Command,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Process {
    #[serde(serialize_with = "lossy_list")]
    pub command: Vec<OsString>,
    pub workdir: ViewPath,
    #[serde(serialize_with = "lossy_pairs")]
    pub environment: Vec<(OsString, OsString)>,
    pub hostname: Option<String>,
    pub init: Init,
    /// Descriptors of the caller, beside 0 to 2, that the command keeps.
    pub keep_fds: Vec<i32>,
    /// Whether the command gets a terminal of the view's own.
    pub terminal: bool,
}

fn lossy_list<S: Serializer>(list: &[OsString], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(list.iter().map(|text| text.to_string_lossy()))
}

fn lossy_pairs<S: Serializer>(
    list: &[(OsString, OsString)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(list.iter().map(|(k, v)| (k.to_string_lossy(), v.to_string_lossy())))
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Protection {
    /// The name that `--allow-missing` takes.
    pub name: &'static str,
    #[serde(flatten)]
    pub state: ProtectionState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ProtectionState {
    Held,
    /// The user asked for less, by this flag or key.
    Waived {
        by: String,
    },
    /// The machine or the caller cannot have it.
    Absent {
        why: String,
    },
}

/// Whether a missing name may be made in what holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Memory of the view's own.
    Own,
    /// A tree of the host or of the kernel: nothing is made there.
    Foreign,
}

impl Holder {
    pub fn is_own(self) -> bool {
        self == Holder::Own
    }
}

impl Plan {
    pub fn take(&mut self, settled: Settled) {
        self.entries = settled.entries;
        self.overridden = settled.overridden;
        self.left_out = settled.left_out;
    }

    /// What holds the name `at`: the nearest entry above it, or the root.
    pub fn holder_of(&self, at: &ViewPath) -> Holder {
        let mut nearest_first = self.entries.iter().rev();
        let above = nearest_first.find(|entry| entry.at != *at && entry.at.contains(at));
        match above.map(|entry| &entry.what) {
            None => match self.root {
                Root::Empty { .. } => Holder::Own,
                Root::Tree { .. } => Holder::Foreign,
            },
            Some(
                What::Tmpfs { .. }
                | What::Scratch { .. }
                | What::Directory { .. }
                | What::Overlay { upper: Upper::Discarded, .. },
            ) => Holder::Own,
            Some(
                What::Bind { .. }
                | What::Overlay { .. }
                | What::File { .. }
                | What::Symlink { .. }
                | What::Mask
                | What::SelfBind
                | What::Reserved { .. }
                | What::Device { .. }
                | What::Kernel { .. },
            ) => Holder::Foreign,
        }
    }

    /// Whether a device at `at` lies in a directory that the view brings for devices.
    pub fn is_among_devices(&self, at: &ViewPath) -> bool {
        let above =
            self.entries.iter().rev().find(|entry| entry.at != *at && entry.at.contains(at));
        above.is_some_and(|above| matches!(above.what, What::Directory { .. }))
    }

    /// The last entry above or at `at`: what a lookup of that place ends in.
    pub fn covering(&self, at: &ViewPath) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.at.contains(at))
    }
}

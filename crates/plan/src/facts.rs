use std::ffi::OsString;
use std::path::PathBuf;

use serde::Serialize;

/// What the machine and the caller are, as far as a plan depends on it. Found out once.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    pub caller: Caller,
    pub machine: Machine,
}

#[derive(Clone, Debug, Serialize)]
pub struct Caller {
    pub uid: u32,
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// The caller's name in the host's passwd file, or `None`.
    pub name: Option<String>,
    pub home: Option<PathBuf>,
    pub workdir: PathBuf,
    #[serde(skip)]
    pub environment: Vec<(OsString, OsString)>,
    /// CAP_SYS_ADMIN in the initial user namespace: may use the nursery, id blocks and idmapped binds.
    pub privileged: bool,
    /// Standard input, output and error are the same terminal.
    pub on_terminal: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    pub hostname: String,
    /// Major and minor number of the kernel, for what names one (a container's seccomp profile).
    /// What the kernel can do is never read from it.
    pub kernel: (u32, u32),
    /// Landlock's ABI, 0 where it is absent; scopes came with 6 (Linux 6.12).
    pub landlock_abi: u32,
    pub cgroups: CgroupLayout,
    /// Whether the caller can make a control group with each of these controllers; `Err` says why not.
    pub memory_controller: Result<(), String>,
    pub pids_controller: Result<(), String>,
    pub cpu_controller: Result<(), String>,
    /// Whether the kernel takes system-call filters.
    pub seccomp: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CgroupLayout {
    /// Only version 2, at /sys/fs/cgroup.
    Unified,
    /// Version 1 controllers beside a version 2 hierarchy.
    Hybrid,
    Legacy,
    None,
}

//! What the machine and the caller are, as far as a plan depends on it.

use std::path::PathBuf;

use eyot_plan::{Caller, CgroupLayout, Facts, Machine};

use crate::diagnose::Place;
use crate::error::LaunchError;

/// Finds out what plans depend on. Cheap: it is part of every start.
pub fn survey() -> Result<Facts, LaunchError> {
    let step = |error| LaunchError::step("find out who the caller is", Place::Unprivileged, error);
    let (uid, gid) = eyot_sys::effective_ids();
    let entry = passwd_entry(uid);
    let workdir = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let caller = Caller {
        uid,
        gid,
        groups: eyot_sys::supplementary_groups().map_err(step)?,
        name: entry.as_ref().map(|entry| entry.name.clone()),
        home: home.filter(|home| home.is_absolute()).or(entry.map(|entry| entry.home)),
        workdir,
        environment: std::env::vars_os().collect(),
        privileged: eyot_sys::rules_the_machine(),
        on_terminal: eyot_sys::on_terminal(),
    };
    let machine = Machine {
        hostname: eyot_sys::host_name(),
        kernel: eyot_sys::kernel_version(),
        landlock_abi: eyot_sys::landlock_abi(),
        cgroups: cgroup_layout(),
        memory_controller: Err("nobody looked for it".into()),
        pids_controller: Err("nobody looked for it".into()),
        cpu_controller: Err("nobody looked for it".into()),
        seccomp: eyot_sys::takes_filters(),
    };
    Ok(Facts { caller, machine })
}

struct PasswdEntry {
    name: String,
    home: PathBuf,
}

/// The caller's line of `/etc/passwd`. Never NSS: in a static program it would load foreign code.
fn passwd_entry(uid: u32) -> Option<PasswdEntry> {
    let text = std::fs::read_to_string("/etc/passwd").ok()?;
    text.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let matches = fields.len() >= 6 && fields[2].parse() == Ok(uid);
        matches.then(|| PasswdEntry { name: fields[0].into(), home: PathBuf::from(fields[5]) })
    })
}

pub(crate) fn cgroup_layout() -> CgroupLayout {
    use std::path::Path;
    // Version 2 has this file in every directory of it, version 1 has a directory for each controller (cgroups(7)).
    match (
        Path::new("/sys/fs/cgroup/cgroup.controllers").exists(),
        Path::new("/sys/fs/cgroup/unified/cgroup.controllers").exists(),
        Path::new("/sys/fs/cgroup/memory").exists() || Path::new("/sys/fs/cgroup/pids").exists(),
    ) {
        (true, _, _) => CgroupLayout::Unified,
        (false, true, _) => CgroupLayout::Hybrid,
        (false, false, true) => CgroupLayout::Legacy,
        (false, false, false) => CgroupLayout::None,
    }
}

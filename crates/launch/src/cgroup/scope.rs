//! A scope of systemd's: how a caller gets a control group that it may not make itself.
//!
//! Asked for by `busctl(1)`, because a static program does better without a library for D-Bus.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use eyot_plan::{LimitSet, LimitedBy};

use super::Controller;
use super::hierarchy::{self, Version};
use crate::error::Cause;

/// The manager to ask.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    program: PathBuf,
    manager: Manager,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manager {
    System,
    User,
}

/// Places, because the caller's PATH could name somebody else's program.
const BUSCTL: &[&str] = &["/usr/bin/busctl", "/bin/busctl", "/run/current-system/sw/bin/busctl"];

/// How long systemd may take to move the maker.
const PATIENCE: Duration = Duration::from_secs(5);

impl Scope {
    /// A manager that has every controller in `wanted` to give, or why there is none.
    pub(crate) fn find(wanted: &[Controller]) -> Result<Self, String> {
        if !Path::new("/run/systemd/system").exists() {
            return Err("systemd, which could give a group, does not run here".into());
        }
        let program = BUSCTL.iter().map(PathBuf::from).find(|path| path.exists());
        let program = program.ok_or("systemd could give a group, but busctl is not installed")?;
        let (uid, _) = eyot_sys::effective_ids();
        let manager = if uid == 0 { Manager::System } else { Manager::User };
        let unified = hierarchy::all().into_iter().find(|it| it.version == Version::Two);
        let unified = unified.ok_or("systemd's control groups of version 2 are not mounted")?;
        let group = match manager {
            Manager::System => unified.top,
            Manager::User => {
                unified.top.join(format!("user.slice/user-{uid}.slice/user@{uid}.service"))
            }
        };
        let given = std::fs::read_to_string(group.join("cgroup.controllers")).unwrap_or_default();
        let lacks = |one: &&Controller| !given.split_whitespace().any(|name| name == one.name());
        match wanted.iter().find(lacks) {
            Some(one) => {
                Err(format!("{} has no {} controller to give", manager.name(), one.name()))
            }
            None => Ok(Self { program, manager }),
        }
    }

    /// Has process `pid` moved into a new scope with `limits` and comes back when it is there, with the scope's group.
    pub(crate) fn take(&self, name: &str, limits: &LimitSet, pid: i32) -> Result<OwnedFd, Cause> {
        let unit = format!("{name}.scope");
        let mut command = Command::new(&self.program);
        if self.manager == Manager::User {
            command.arg("--user");
        }
        command.args(CALL).args([unit.as_str(), "fail"]).args(properties(limits, pid)).arg("0");
        let output = command.stdin(Stdio::null()).output();
        let refused = |why: String| Cause::Policy {
            why: format!("{} made no scope: {why}", self.manager.name()),
            remedy: "leave the limit out, or see what 'busctl status' says".into(),
        };
        match output {
            Err(error) => return Err(refused(error.to_string())),
            Ok(output) if !output.status.success() => {
                return Err(refused(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
            }
            Ok(_) => {}
        }
        let group = wait_for_move(pid, &unit).ok_or_else(|| refused("it took too long".into()))?;
        Ok(eyot_sys::hold_directory(&group)?)
    }
}

const CALL: &[&str] = &[
    "--quiet",
    "call",
    "org.freedesktop.systemd1",
    "/org/freedesktop/systemd1",
    "org.freedesktop.systemd1.Manager",
    "StartTransientUnit",
    "ssa(sv)a(sa(sv))",
];

impl Manager {
    fn name(self) -> &'static str {
        match self {
            Manager::System => "systemd",
            Manager::User => "the user's systemd",
        }
    }
}

/// The scope's properties as `busctl` takes them: their number, then name, type and value of each
/// (`org.freedesktop.systemd1(5)`).
fn properties(limits: &LimitSet, pid: i32) -> Vec<String> {
    let mut list = vec![
        ["Description", "s", "a view of eyot"].map(str::to_owned).to_vec(),
        ["PIDs", "au", "1", &pid.to_string()].map(str::to_owned).to_vec(),
        ["Delegate", "b", "true"].map(str::to_owned).to_vec(),
        // A scope whose process was killed would stay as a failed unit.
        ["CollectMode", "s", "inactive-or-failed"].map(str::to_owned).to_vec(),
    ];
    let mut add = |name: &str, value: u64| {
        list.push(vec![name.to_owned(), "t".to_owned(), value.to_string()]);
    };
    if let (Some(bytes), LimitedBy::ControlGroup) = (limits.memory, limits.memory_by) {
        add("MemoryMax", bytes);
        add("MemorySwapMax", 0);
    }
    if let (Some(most), LimitedBy::ControlGroup) = (limits.processes, limits.processes_by) {
        add("TasksMax", most);
    }
    if let Some(milli) = limits.milli_cpus {
        // Microseconds a second.
        add("CPUQuotaPerSecUSec", milli * 1000);
    }
    let number = list.len().to_string();
    std::iter::once(number).chain(list.into_iter().flatten()).collect()
}

/// The directory of the scope, once the process is in it: systemd answers before it has done the work.
fn wait_for_move(pid: i32, unit: &str) -> Option<PathBuf> {
    let top = hierarchy::all().into_iter().find(|it| it.version == Version::Two)?.top;
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        let text = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        let own = text.lines().find_map(|line| line.strip_prefix("0::"));
        if let Some(own) = own.filter(|own| own.ends_with(unit)) {
            return Some(top.join(own.trim_start_matches('/')));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_counted_and_typed() {
        let limits = LimitSet {
            memory: Some(1 << 20),
            milli_cpus: Some(500),
            processes: Some(9),
            processes_by: LimitedBy::Rlimit,
            ..LimitSet::default()
        };
        let words = properties(&limits, 42).join(" ");
        let expected = "7 Description s a view of eyot PIDs au 1 42 Delegate b true \
                        CollectMode s inactive-or-failed MemoryMax t 1048576 MemorySwapMax t 0 \
                        CPUQuotaPerSecUSec t 500000";
        assert_eq!(words, expected);
    }
}

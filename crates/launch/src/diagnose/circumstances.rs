//! What the machine says about itself, where an error number alone would fit several rules.

use std::fs;

/// Read when something has been refused, never in a start that goes well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// Capabilities that an effective root lacks, by number.
    pub lacking: Vec<u8>,
    /// A limit of `/proc/sys/user` that is 0, which switches a kind of namespace off.
    pub switched_off: Option<String>,
    /// What keeps user namespaces from ordinary users, if one thing is known to.
    pub barrier: Option<Barrier>,
    /// The caller's own file in `/proc` are root's, because its program cannot be read.
    pub hidden_from_itself: bool,
}

/// What keeps a process from making a user namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// The caller's ids have no meaning in the user namespace it is in.
    Unmapped,
    Chroot,
    /// `kernel.unprivileged_userns_clone` of some distributions is 0.
    Sysctl,
    /// `kernel.apparmor_restrict_unprivileged_userns` is 1.
    AppArmor,
    /// The filter of the view that this process is in.
    View,
    /// A system-call filter of somebody else.
    Filter,
}

impl Circumstances {
    /// Those of the calling process.
    pub fn now() -> Self {
        let effective = eyot_sys::effective_capabilities().unwrap_or_default();
        Self {
            lacking: (0..=40).filter(|number| effective & 1 << number == 0).collect(),
            switched_off: switched_off(),
            barrier: barrier(),
            hidden_from_itself: !eyot_sys::is_inspectable(),
        }
    }
}

fn switched_off() -> Option<String> {
    const LIMITS: [&str; 7] = ["user", "mnt", "pid", "ipc", "uts", "net", "cgroup"];
    let file = |kind| format!("/proc/sys/user/max_{kind}_namespaces");
    LIMITS.into_iter().map(file).find(|file| says(file, "0"))
}

/// The first that holds: each alone is enough, and the kernel asks in about this order.
fn barrier() -> Option<Barrier> {
    let filtered = || field_of("/proc/self/status", "Seccomp:").as_deref() == Some("2");
    let in_view = || says("/proc/1/comm", "eyot") && eyot_sys::own_pid() != 1;
    if !is_mapped() {
        Some(Barrier::Unmapped)
    } else if eyot_sys::root_is_plain_directory() {
        Some(Barrier::Chroot)
    } else if says("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        Some(Barrier::Sysctl)
    } else if says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        Some(Barrier::AppArmor)
    } else if in_view() {
        Some(Barrier::View)
    } else {
        filtered().then_some(Barrier::Filter)
    }
}

fn says(file: &str, text: &str) -> bool {
    fs::read_to_string(file).is_ok_and(|content| content.trim() == text)
}

fn field_of(file: &str, name: &str) -> Option<String> {
    let content = fs::read_to_string(file).ok()?;
    let value = content.lines().find_map(|line| line.strip_prefix(name))?;
    Some(value.trim().to_owned())
}

/// Whether the caller's ids stand in its maps. Where `/proc` does not tell, they are taken to.
fn is_mapped() -> bool {
    let (uid, gid) = eyot_sys::effective_ids();
    let holds = |file: &str, id: u32| {
        fs::read_to_string(file).map_or(true, |map| {
            map.lines().any(|line| {
                let mut numbers = line.split_whitespace().map(|text| text.parse::<u32>().ok());
                match (numbers.next().flatten(), numbers.nth(1).flatten()) {
                    (Some(first), Some(count)) => id >= first && id - first < count,
                    _ => false,
                }
            })
        })
    };
    holds("/proc/self/uid_map", uid) && holds("/proc/self/gid_map", gid)
}

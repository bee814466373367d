use std::path::Path;

use eyot_sys::probe::{Answer as Tried, mount};
use eyot_sys::{Namespaces, Parameter};

use super::super::child::{self, Setting};
use super::super::explain::explain;
use super::super::{Answer, Check, Hangs, Probe, Seen, Surroundings, Weight, mount_table};
use super::{NEWER_KERNEL, RUN_REFUSED};

const IN_VIEW: Setting = Setting::View(Namespaces::NONE);
const IN_USERNS: Setting = Setting::UserNamespace(Namespaces::NONE);

const NO_FILESYSTEM: &str = "the kernel has no such file system, or its module is not loaded";
const UNMASK: &str =
    "leave it out of the view, or start the container around with its /proc and /sys unmasked";

fn plain(kind: &str) -> Tried {
    mount::filesystem(kind, &[])
}

pub(super) const FILESYSTEMS: &[Check] = &[
    needed("tmpfs", "Linux 2.4", IN_VIEW, || plain("tmpfs"), "the ground every view stands on"),
    Check {
        name: "proc",
        since: "Linux 3.8",
        probe: Probe::Thrown(Setting::View(Namespaces::PID), || plain("proc")),
        used_for: "the view's own /proc",
        hangs: Hangs::Everybody(Weight::Needed),
        without: "eyot run is refused, but with --no-proc",
        cause: "the new pid namespace does not belong to the caller",
        cure: UNMASK,
    },
    Check {
        name: "sysfs",
        since: "Linux 3.8",
        probe: Probe::Thrown(Setting::View(Namespaces::NETWORK), || {
            mount::read_only_filesystem("sysfs")
        }),
        used_for: "the view's own /sys",
        hangs: Hangs::Everybody(Weight::Needed),
        without: "eyot run is refused, but with --no-sys",
        cause: "the new network namespace does not belong to the caller",
        cure: UNMASK,
    },
    needed(
        "devpts",
        "Linux 4.7",
        IN_VIEW,
        || mount::filesystem("devpts", &[Parameter::Text("ptmxmode", "0666")]),
        "terminals of the view's own",
    ),
    needed(
        "mqueue",
        "Linux 2.6.30",
        Setting::View(Namespaces::IPC),
        || plain("mqueue"),
        "the view's own /dev/mqueue",
    ),
    Check {
        name: "cgroup2",
        since: "Linux 4.5",
        probe: Probe::Thrown(Setting::View(Namespaces::CGROUP), || {
            mount::read_only_filesystem("cgroup2")
        }),
        used_for: "the view's own /sys/fs/cgroup, where the host has version 2",
        hangs: Hangs::Everybody(Weight::Fallback),
        without: "/sys/fs/cgroup is empty in the view",
        cause: "a version 2 hierarchy can be mounted only where the caller's is visible",
        cure: "mount cgroup2 at /sys/fs/cgroup on the host",
    },
    Check {
        name: "overlay",
        since: "Linux 3.18",
        probe: Probe::Thrown(IN_VIEW, mount::overlay),
        used_for: "--overlay: a tree that can be written and is thrown away",
        hangs: Hangs::Everybody(Weight::Fallback),
        without: "a view with --overlay is refused, all others start",
        cause: NO_FILESYSTEM,
        cure: "modprobe overlay; in a user namespace Linux 5.11 or newer",
    },
    Check {
        name: "overlay layers by descriptor",
        since: "Linux 6.15",
        probe: Probe::Thrown(IN_VIEW, mount::overlay_by_descriptor),
        used_for: "layers that nobody can exchange between look-up and mount",
        hangs: Hangs::Everybody(Weight::Fallback),
        without: "a view with --overlay is refused, all others start",
        cause: "overlay takes layers only as paths",
        cure: NEWER_KERNEL,
    },
    Check {
        name: "overlay of detached mounts",
        since: "Linux 6.15",
        probe: Probe::Thrown(IN_VIEW, mount::overlay_of_detached),
        used_for: "layers that are restricted and attached nowhere",
        hangs: Hangs::Everybody(Weight::Fallback),
        without: "a view with --overlay is refused, all others start",
        cause: "overlay takes no layers on mounts that belong to no namespace",
        cure: NEWER_KERNEL,
    },
    memory("tmpfs without swap", "Linux 6.4", IN_VIEW, || {
        mount::filesystem("tmpfs", &[Parameter::Flag("noswap")])
    }),
    informative(
        "tmpfs in a user namespace",
        "Linux 3.9",
        IN_USERNS,
        || plain("tmpfs"),
        "an ordinary user's views, and eyot inside eyot",
    ),
    informative(
        "proc in a user namespace",
        "Linux 3.8",
        Setting::UserNamespace(Namespaces::PID),
        || plain("proc"),
        "an ordinary user's views, and eyot inside eyot",
    ),
    informative(
        "sysfs in a user namespace",
        "Linux 3.8",
        Setting::UserNamespace(Namespaces::NETWORK),
        || mount::read_only_filesystem("sysfs"),
        "an ordinary user's views, and eyot inside eyot",
    ),
    informative(
        "overlay in a user namespace",
        "Linux 5.11",
        IN_USERNS,
        mount::overlay,
        "--overlay in an ordinary user's views",
    ),
    memory("ramfs in a user namespace", "Linux 3.9", IN_USERNS, || plain("ramfs")),
    memory("tmpfs without swap in a user namespace", "Linux 6.4", IN_USERNS, || {
        mount::filesystem("tmpfs", &[Parameter::Flag("noswap")])
    }),
];

pub(super) const MOUNTS: &[Check] = &[
    needed(
        "bind restricted before it is attached",
        "Linux 5.12",
        IN_VIEW,
        mount::restricted_bind,
        "every bind of a view: there is no moment at which it is too open",
    ),
    needed("pivot_root", "Linux 2.3.41", IN_VIEW, mount::pivot, "leaving the host's tree"),
    needed(
        "detaching a mount in use",
        "Linux 2.4.11",
        IN_VIEW,
        mount::detach,
        "the same, and swaps",
    ),
    newer(
        "mount beneath a mount",
        "Linux 6.5",
        mount::beneath,
        "changing a mount of a running view without a gap",
        "a change of a running view has a gap, or stacks mounts",
    ),
    newer(
        "mount inside a detached tree",
        "Linux 6.15",
        mount::attach_inside_detached,
        "building a generation of several mounts unseen",
        "the tree is built in a namespace of its own",
    ),
    newer(
        "bind from a detached tree",
        "Linux 6.15",
        mount::clone_from_detached,
        "binding parts of the view's own memory",
        "the memory is attached first, out of sight",
    ),
    newer(
        "listmount",
        "Linux 6.8",
        mount::list,
        "reading a view's mounts from the kernel",
        "/proc/PID/mountinfo is read instead",
    ),
    newer(
        "statmount",
        "Linux 6.8",
        mount::stat,
        "reading a view's mounts from the kernel",
        "/proc/PID/mountinfo is read instead",
    ),
    newer(
        "open_tree_attr",
        "Linux 6.15",
        mount::open_tree_attr,
        "binding and restricting in one call",
        "two calls do it on a mount that nobody sees yet",
    ),
    newer(
        "open_tree as a namespace",
        "Linux 7.0",
        mount::open_tree_namespace,
        "a new mount namespace that copies nothing of the host's",
        "root starts views in the nursery; an ordinary user's start copies the host's mount table",
    ),
];

pub(super) const IDMAPPED: &[Check] = &[
    idmapped("idmapped mount of /", |around| at(around, Path::new("/"), &IDMAPPED[0])),
    idmapped("idmapped mount of the current directory", |around| match std::env::current_dir() {
        Ok(path) => at(around, &path, &IDMAPPED[1]),
        Err(error) => (Answer::Unknown { why: error.to_string() }, None),
    }),
    idmapped("idmapped mount of /home", |around| at(around, Path::new("/home"), &IDMAPPED[2])),
    idmapped("idmapped mount of /var/lib", |around| {
        at(around, Path::new("/var/lib"), &IDMAPPED[3])
    }),
    Check {
        name: "idmapped mount of a new tmpfs",
        since: "Linux 6.3",
        probe: Probe::Thrown(IN_VIEW, mount::idmapped_memory),
        ..idmapped("", |_| (Answer::Yes, None))
    },
];

fn at(around: &Surroundings, path: &Path, check: &Check) -> Seen {
    let outcome = child::attempt(IN_VIEW, around.privileged, || mount::idmapped(path));
    let kind = mount_table::kind_at(&around.mounts, path).map(str::to_owned);
    (explain(outcome, check, IN_VIEW.place(around.privileged)), kind)
}

const fn idmapped(name: &'static str, look: fn(&Surroundings) -> Seen) -> Check {
    Check {
        name,
        since: "Linux 5.12",
        probe: Probe::Here(look),
        used_for: "root's writable binds: the view writes as the directory's owner",
        hangs: Hangs::Everybody(Weight::Fallback),
        without: "root's writable binds of this file system are refused; an ordinary user needs no mapping",
        cause: "the file system cannot show other owners, or the caller does not rule it",
        cure: "as root bind a directory of another file system (ext4, xfs, btrfs, tmpfs can), or bind it read-only",
    }
}

const fn needed(
    name: &'static str,
    since: &'static str,
    setting: Setting,
    attempt: fn() -> Tried,
    used_for: &'static str,
) -> Check {
    Check {
        name,
        since,
        probe: Probe::Thrown(setting, attempt),
        used_for,
        hangs: Hangs::Everybody(Weight::Needed),
        without: RUN_REFUSED,
        cause: "the caller has no CAP_SYS_ADMIN here, or a filter around it refuses mounts",
        cure: "run as root, or with user namespaces allowed, and outside of filters that refuse mounts",
    }
}

const fn informative(
    name: &'static str,
    since: &'static str,
    setting: Setting,
    attempt: fn() -> Tried,
    used_for: &'static str,
) -> Check {
    Check {
        hangs: Hangs::Everybody(Weight::Informative),
        without: "such views are refused",
        cure: UNMASK,
        ..needed(name, since, setting, attempt, used_for)
    }
}

/// Memory for secrets.
const fn memory(
    name: &'static str,
    since: &'static str,
    setting: Setting,
    attempt: fn() -> Tried,
) -> Check {
    Check {
        name,
        since,
        probe: Probe::Thrown(setting, attempt),
        used_for: "secrets that are never written to swap",
        hangs: Hangs::Everybody(Weight::Fallback),
        without: "ramfs is used for them, or tmpfs on a machine without swap",
        cause: NO_FILESYSTEM,
        cure: "start as root without a user namespace on Linux 6.4 or newer, or switch swap off",
    }
}

const fn newer(
    name: &'static str,
    since: &'static str,
    attempt: fn() -> Tried,
    used_for: &'static str,
    without: &'static str,
) -> Check {
    Check {
        name,
        since,
        probe: Probe::Thrown(IN_VIEW, attempt),
        used_for,
        hangs: Hangs::Everybody(Weight::Fallback),
        without,
        cause: "the kernel does not know it yet",
        cure: NEWER_KERNEL,
    }
}

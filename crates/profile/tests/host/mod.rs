//! A machine and its callers that exist only here.

pub(crate) mod described;

use std::ffi::OsString;

use eyot_plan::{
    Caller, CgroupLayout, Facts, HostPath, Layer, Links, Machine, Plan, PlanError, SourceFact, View,
};
use eyot_profile::{LayeredView, draft};

/// Ann's machine: a Debian with a merged /usr.
pub(crate) fn facts(uid: u32) -> Facts {
    let root = uid == 0;
    let variable = |(name, value): (&str, &str)| (OsString::from(name), OsString::from(value));
    let variables = [
        ("TERM", "xterm"),
        ("LC_TIME", "de_DE.UTF-8"),
        ("GH_TOKEN", "secret"),
        ("EDITOR", "vi"),
        ("SOURCE_DATE_EPOCH", "1700000000"),
    ];
    Facts {
        caller: Caller {
            uid,
            gid: uid,
            groups: if root { vec![] } else { vec![uid, 27, 44] },
            name: Some(if root { "root" } else { "ann" }.to_owned()),
            home: Some(if root { "/root" } else { "/home/ann" }.into()),
            workdir: "/home/ann/work".into(),
            environment: variables.into_iter().map(variable).collect(),
            privileged: root,
            on_terminal: false,
        },
        machine: Machine {
            hostname: "oak".to_owned(),
            kernel: (6, 18),
            landlock_abi: 7,
            cgroups: CgroupLayout::Unified,
            memory_controller: Ok(()),
            pids_controller: Ok(()),
            cpu_controller: Ok(()),
            seccomp: true,
        },
    }
}

const DIRECTORIES: &[&str] = &[
    "/",
    "/usr",
    "/etc",
    "/etc/alternatives",
    "/etc/ssl/certs",
    "/etc/ssl/private",
    "/etc/ld.so.conf.d",
    "/etc/ssh",
    "/tmp",
    "/var/tmp",
    "/run",
    "/home",
    "/root",
    "/proc",
    "/sys",
    "/sys/fs/cgroup",
    "/dev",
    "/dev/pts",
    "/dev/mqueue",
    "/dev/shm",
    "/home/ann",
    "/home/ann/work",
    "/home/ann/work/.git",
    "/home/ann/work/.git/hooks",
    "/home/ann/.cargo/bin",
    "/usr/src/x",
    "/srv/data",
    "/srv/rootfs",
    "/srv/rootfs/proc",
    "/srv/rootfs/dev",
    "/srv/rootfs/tmp",
];
const FILES: &[&str] = &[
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/gitconfig",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/shadow",
    "/etc/machine-id",
    "/home/ann/work/.git/config",
];
const LINKS: &[(&str, &str)] = &[
    ("/bin", "usr/bin"),
    ("/lib", "usr/lib"),
    ("/lib64", "usr/lib64"),
    ("/sbin", "usr/sbin"),
    ("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC"),
];

pub(crate) fn fact_of(path: &HostPath, links: Links) -> SourceFact {
    let path = path.to_string();
    let link = LINKS.iter().find(|(from, _)| *from == path);
    match (link, links) {
        (Some((_, to)), Links::Copied) => SourceFact::Symlink { to: (*to).to_owned() },
        (Some(_), Links::Followed) => SourceFact::Directory,
        (None, _) if path == "/" => SourceFact::Directory,
        (None, _) if DIRECTORIES.contains(&path.as_str()) => SourceFact::Directory,
        (None, _) if FILES.contains(&path.as_str()) => SourceFact::File,
        (None, _) if path.starts_with("/dev/") => SourceFact::CharacterDevice,
        (None, _) => SourceFact::Missing,
    }
}

pub(crate) fn flags(view: View) -> LayeredView {
    LayeredView { layer: Layer::Flag, name: String::new(), view }
}

pub(crate) fn plan(layers: &[LayeredView], facts: &Facts) -> Result<Plan, PlanError> {
    draft(layers, facts, None)?.settle(fact_of)
}

//! What lies around the process: containers, filters, and how deep it is nested.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use eyot_sys::probe::namespace;

use super::child::{self, Setting};
use super::{Answer, Seen, Surroundings};

pub(super) fn rights(around: &Surroundings) -> Seen {
    match (around.privileged, around.uid) {
        (true, uid) => (Answer::Yes, Some(format!("uid {uid} with CAP_SYS_ADMIN"))),
        (false, uid) => {
            let cause = match uid {
                0 => "uid 0, but without CAP_SYS_ADMIN over the machine: in a container or a user namespace"
                    .to_owned(),
                uid => format!("uid {uid} is an ordinary user"),
            };
            (Answer::No { cause, cure: "run eyot as root, outside of any container".into() }, None)
        }
    }
}

pub(super) fn initial_user_namespace(_: &Surroundings) -> Seen {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let words: Vec<&str> = map.split_whitespace().collect();
    match words.as_slice() {
        ["0", "0", "4294967295"] => (Answer::Yes, None),
        [] => (Answer::Unknown { why: "/proc/self/uid_map cannot be read".into() }, None),
        words => (
            Answer::No {
                cause: format!("inside a user namespace, with the id map '{}'", words.join(" ")),
                cure: "start eyot outside of the container or sandbox around it".into(),
            },
            None,
        ),
    }
}

/// Whether something is mounted over parts of `/proc`, as container engines do.
pub(super) fn whole_proc(around: &Surroundings) -> Seen {
    let places = around.mounts.iter().map(|mount| mount.at.as_path());
    let covered: Vec<String> = places
        .filter(|at| at.starts_with("/proc") && *at != Path::new("/proc"))
        // Made to be mounted on, and so empty that nothing is hidden.
        .filter(|at| *at != Path::new("/proc/sys/fs/binfmt_misc"))
        .map(|at| at.display().to_string())
        .collect();
    match covered.len() {
        0 => (Answer::Yes, None),
        count => (
            Answer::No {
                cause: format!("{count} mounts cover parts of /proc: {}", shortened(&covered)),
                cure: "start the container around with its /proc unmasked \
                       (docker: --security-opt systempaths=unconfined, podman: --security-opt unmask=ALL)"
                    .into(),
            },
            None,
        ),
    }
}

fn shortened(names: &[String]) -> String {
    match names {
        [first, second, third, _, ..] => format!("{first}, {second}, {third}, …"),
        few => few.join(", "),
    }
}

/// How many system-call filters were there before eyot, as the kernel writes it.
pub(super) fn filters() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim().to_owned())
    };
    match field("Seccomp:").as_deref() {
        Some("0") | None => None,
        // The count came with Linux 5.9.
        Some(_) => Some(field("Seccomp_filters:").unwrap_or_else(|| "some".into())),
    }
}

pub(super) fn no_filter(_: &Surroundings) -> Seen {
    let Some(count) = filters() else { return (Answer::Yes, None) };
    let cause = format!(
        "system-call filters in force around this process: {count}; they may refuse what the kernel could do"
    );
    let cure = "start the container or service around with another filter \
                (docker, podman: --security-opt seccomp=unconfined; eyot: --allow nesting)";
    (Answer::No { cause, cure: cure.into() }, None)
}

/// How many user namespaces fit inside each other below this one.
pub(super) fn nesting(around: &Surroundings) -> Seen {
    // A view has two, and what runs in it may be eyot again.
    const WANTED: u8 = 4;
    const ALL: u8 = 33;
    match child::attempt(Setting::Caller, around.privileged, || Ok(namespace::levels_left())) {
        Ok(left) if left >= WANTED => {
            let deep = ALL.saturating_sub(left);
            (Answer::Yes, Some(format!("{left} more levels; {deep} of {ALL} are used")))
        }
        Ok(0) => (
            Answer::Unknown { why: "no user namespace can be made at all, see below".into() },
            None,
        ),
        Ok(left) => (
            Answer::No {
                cause: format!(
                    "{left} more user namespaces fit inside each other; a view needs two"
                ),
                cure: "start eyot less deep inside other containers, or see 'limits' below".into(),
            },
            None,
        ),
        Err(refusal) => (Answer::Unknown { why: refusal.to_string() }, None),
    }
}

/// Whether groups that the caller is in besides its own can be taken from a view.
pub(super) fn droppable_groups(around: &Surroundings) -> Seen {
    let gid = eyot_sys::effective_ids().1;
    let groups = eyot_sys::supplementary_groups().unwrap_or_default();
    let kept: Vec<String> =
        groups.into_iter().filter(|group| *group != gid).map(|group| group.to_string()).collect();
    match (around.privileged, kept.is_empty()) {
        (true, _) | (_, true) => (Answer::Yes, None),
        (false, false) => (
            Answer::No {
                cause: format!(
                    "an ordinary user cannot drop groups (user_namespaces(7)); a view keeps {}",
                    kept.join(", ")
                ),
                cure: "run eyot as root, or as a user without supplementary groups".into(),
            },
            None,
        ),
    }
}

/// Whether systemd answers, on its private socket or a bus.
pub(super) fn systemd(around: &Surroundings) -> Seen {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let own = |name: &str| runtime.as_ref().map(|runtime| runtime.join(name));
    let places = [
        (around.uid == 0).then(|| PathBuf::from("/run/systemd/private")),
        own("systemd/private"),
        own("bus"),
        Some(PathBuf::from("/run/dbus/system_bus_socket")),
    ];
    let reached = places.into_iter().flatten().find(|place| UnixStream::connect(place).is_ok());
    match reached {
        Some(place) => (Answer::Yes, Some(place.display().to_string())),
        None => (
            Answer::No {
                cause: "no socket of systemd or of a D-Bus answers".into(),
                cure: "on a machine with systemd log in by a session of your own (pam_systemd), or run as root".into(),
            },
            None,
        ),
    }
}

/// A program that maps an ordinary user's `/etc/subuid` ids.
pub(super) fn id_helper(_: &Surroundings) -> Seen {
    let directories = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin".into());
    let mut places = std::env::split_paths(&directories).map(|place| place.join("newuidmap"));
    match places.find(|place| place.exists()) {
        Some(place) => (Answer::Yes, Some(place.display().to_string())),
        None => (
            Answer::No {
                cause: "newuidmap is not installed".into(),
                cure: "apt install uidmap".into(),
            },
            None,
        ),
    }
}

pub(super) fn own_id_range(_: &Surroundings) -> Seen {
    match crate::ids::is_configured() {
        true => (Answer::Yes, None),
        false => (
            Answer::No {
                cause: "/etc/subuid and /etc/subgid have no line for 'eyot' that is the same in both and has 65536 ids"
                    .into(),
                cure: "useradd --system --add-subids-for-system eyot, or write 'eyot:START:COUNT' into both files".into(),
            },
            None,
        ),
    }
}

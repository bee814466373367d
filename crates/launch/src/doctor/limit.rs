//! What administrators limit by sysctl. Read, not tried: the limits are causes, and the checks by use feel them.

use std::fs;

use super::{Answer, Seen, Surroundings};

/// The limit that keeps ordinary users from user namespaces, as cause and cure; `None` if no known one is in force.
pub(super) fn of_user_namespaces() -> Option<(String, String)> {
    let answers = [clone_sysctl(), apparmor_sysctl(), counts().0];
    answers.into_iter().find_map(|answer| match answer {
        Answer::No { cause, cure } => Some((cause, cure)),
        Answer::Yes | Answer::Unknown { .. } => None,
    })
}

pub(super) fn clone(_: &Surroundings) -> Seen {
    (clone_sysctl(), None)
}

pub(super) fn apparmor(_: &Surroundings) -> Seen {
    (apparmor_sysctl(), None)
}

fn clone_sysctl() -> Answer {
    match sysctl("kernel/unprivileged_userns_clone") {
        Some(0) => no(
            "kernel.unprivileged_userns_clone is 0: only root may make user namespaces",
            "sysctl kernel.unprivileged_userns_clone=1, or run eyot as root",
        ),
        _ => Answer::Yes,
    }
}

fn apparmor_sysctl() -> Answer {
    match sysctl("kernel/apparmor_restrict_unprivileged_userns") {
        Some(value) if value != 0 => no(
            "kernel.apparmor_restrict_unprivileged_userns is on: in an ordinary user's user namespaces a program \
             without an AppArmor profile that says 'userns,' has no rights",
            "give eyot such a profile (packaging/ has one), run it as root, or \
             sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        _ => Answer::Yes,
    }
}

pub(super) fn namespace_counts(_: &Surroundings) -> Seen {
    counts()
}

fn counts() -> Seen {
    const KINDS: [&str; 8] = ["user", "mnt", "pid", "ipc", "uts", "net", "cgroup", "time"];
    let limits = KINDS.iter().filter_map(|kind| {
        let name = format!("user/max_{kind}_namespaces");
        sysctl(&name).map(|limit| (limit, name.replace('/', ".")))
    });
    match limits.min() {
        None => (Answer::Unknown { why: "/proc/sys/user cannot be read".into() }, None),
        Some((0, name)) => {
            (no(&format!("{name} is 0"), &format!("sysctl {name}=10000 or more")), None)
        }
        Some((least, name)) => (Answer::Yes, Some(format!("the least is {name} = {least}"))),
    }
}

pub(super) fn mounts(around: &Surroundings) -> Seen {
    let Some(limit) = sysctl("fs/mount-max") else {
        return (Answer::Unknown { why: "/proc/sys/fs/mount-max cannot be read".into() }, None);
    };
    let used = around.mounts.len() as u64;
    // A view needs about as many mounts as it has binds; one by the direct way is born with all of the caller's.
    const ROOM: u64 = 200;
    let detail = Some(format!("fs.mount-max = {limit}, {used} in use here"));
    match used + ROOM <= limit {
        true => (Answer::Yes, detail),
        false => (
            no(
                &format!("fs.mount-max is {limit} and {used} mounts are in use here"),
                "sysctl fs.mount-max=100000, which is the kernel's default, or more",
            ),
            None,
        ),
    }
}

pub(super) fn processes(_: &Surroundings) -> Seen {
    // The fourth field of loadavg is runnable/all threads, all of which have a number.
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let used = load.split([' ', '/']).nth(4).and_then(|text| text.parse::<u64>().ok());
    match (sysctl("kernel/pid_max"), used) {
        (Some(limit), Some(used)) if used + 100 > limit => (
            no(
                &format!("kernel.pid_max is {limit} and {used} numbers are in use"),
                "end some processes, or sysctl kernel.pid_max=4194304",
            ),
            None,
        ),
        (Some(limit), Some(used)) => {
            (Answer::Yes, Some(format!("kernel.pid_max = {limit}, {used} in use")))
        }
        _ => (Answer::Unknown { why: "/proc/sys/kernel/pid_max cannot be read".into() }, None),
    }
}

pub(super) fn terminal_input(_: &Surroundings) -> Seen {
    let answer = match sysctl("dev/tty/legacy_tiocsti") {
        Some(0) => Answer::Yes,
        Some(_) => no(
            "dev.tty.legacy_tiocsti is on: a program can type into the terminal that it was started from",
            "sysctl dev.tty.legacy_tiocsti=0",
        ),
        None => no(
            "the kernel has no switch for TIOCSTI (it came with Linux 6.2): a program can type into its terminal",
            "use a newer kernel",
        ),
    };
    (answer, None)
}

fn no(cause: &str, cure: &str) -> Answer {
    Answer::No { cause: cause.to_owned(), cure: cure.to_owned() }
}

fn sysctl(name: &str) -> Option<u64> {
    fs::read_to_string(format!("/proc/sys/{name}")).ok()?.trim().parse().ok()
}

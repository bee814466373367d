use eyot_sys::Namespaces;
use eyot_sys::probe::{Answer, namespace};

use super::super::child::Setting;
use super::super::{Check, Hangs, Probe, Weight};
use super::{NOTHING, ROOT_REFUSED, USER_REFUSED};

pub(super) const AS_CALLER: &[Check] = &[
    Check {
        name: "user namespace",
        since: "Linux 3.8",
        probe: Probe::Thrown(Setting::Caller, namespace::user),
        used_for: "the border around every view: its root is nobody on the host",
        hangs: Hangs::Everybody(Weight::Needed),
        without: "eyot run is refused, but as root with --user host",
        cause: "this machine forbids user namespaces to this caller",
        cure: "run eyot as root, or lift the limit that 'limits' below names",
    },
    root_only("mount namespace", "Linux 2.4.19", "what a view sees of the file system", || {
        namespace::own(Namespaces::MOUNT)
    }),
    root_only("pid namespace", "Linux 2.6.24", "hiding the host's processes", || {
        namespace::own(Namespaces::PID)
    }),
    root_only("network namespace", "Linux 2.6.29", "--net none and loopback", || {
        namespace::own(Namespaces::NETWORK)
    }),
    root_only("ipc namespace", "Linux 2.6.19", "own System V IPC and message queues", || {
        namespace::own(Namespaces::IPC)
    }),
    root_only("uts namespace", "Linux 2.6.19", "an own host name", || {
        namespace::own(Namespaces::UTS)
    }),
    root_only("cgroup namespace", "Linux 4.6", "hiding where the view's group lies", || {
        namespace::own(Namespaces::CGROUP)
    }),
    Check {
        name: "time namespace",
        since: "Linux 5.6",
        probe: Probe::Thrown(Setting::Caller, || namespace::own(Namespaces::TIME)),
        used_for: "nothing yet",
        hangs: Hangs::Everybody(Weight::Informative),
        without: NOTHING,
        cause: "the kernel is built without time namespaces",
        cure: "run as root on Linux 5.6 or newer, should anything need one",
    },
];

pub(super) const IN_USER_NAMESPACE: &[Check] = &[
    Check {
        name: "user namespace in a user namespace",
        since: "Linux 3.8",
        probe: Probe::Thrown(Setting::Caller, namespace::user_in_user),
        used_for: "an ordinary user's views: the outer one owns the mounts, the inner one the command",
        hangs: Hangs::User,
        without: USER_REFUSED,
        cause: "this machine forbids user namespaces inside of user namespaces",
        cure: "run eyot as root, or lift the limit that 'limits' below names",
    },
    user_only("mount namespace in a user namespace", "Linux 3.8", || {
        namespace::own(Namespaces::MOUNT)
    }),
    user_only("pid namespace in a user namespace", "Linux 3.8", || namespace::own(Namespaces::PID)),
    user_only("network namespace in a user namespace", "Linux 3.8", || {
        namespace::own(Namespaces::NETWORK)
    }),
    user_only("ipc namespace in a user namespace", "Linux 3.8", || namespace::own(Namespaces::IPC)),
    user_only("uts namespace in a user namespace", "Linux 3.8", || namespace::own(Namespaces::UTS)),
    user_only("cgroup namespace in a user namespace", "Linux 4.6", || {
        namespace::own(Namespaces::CGROUP)
    }),
];

const fn root_only(
    name: &'static str,
    since: &'static str,
    used_for: &'static str,
    attempt: fn() -> Answer,
) -> Check {
    Check {
        name,
        since,
        probe: Probe::Thrown(Setting::Caller, attempt),
        used_for,
        hangs: Hangs::Root,
        without: ROOT_REFUSED,
        cause: "the call needs CAP_SYS_ADMIN, or the kernel is built without this kind of namespace",
        cure: "run as root; an ordinary user's views make it in a user namespace instead",
    }
}

const fn user_only(name: &'static str, since: &'static str, attempt: fn() -> Answer) -> Check {
    Check {
        name,
        since,
        probe: Probe::Thrown(Setting::UserNamespace(Namespaces::NONE), attempt),
        used_for: "an ordinary user's views, and eyot inside eyot",
        hangs: Hangs::User,
        without: USER_REFUSED,
        cause: "the kernel is built without it, or a security module takes rights from new user namespaces",
        cure: "run eyot as root, or lift the limit that 'limits' below names",
    }
}

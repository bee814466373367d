use eyot_sys::probe::{call, confine};

use super::super::child::Setting;
use super::super::{Answer, Check, Hangs, Probe, Seen, Surroundings, Weight};
use super::{NEWER_KERNEL, NOTHING, RUN_REFUSED};

const FILTERED: &str = "the kernel is too old, or a filter around this process refuses the call";
const LET_PASS: &str = "use Linux 5.15 or newer, or a container whose filter lets the call pass";

pub(super) const PROCESSES: &[Check] = &[
    Check {
        name: "clone3",
        since: "Linux 5.3",
        probe: Probe::Thrown(Setting::Caller, call::clone3),
        used_for: "starting a view's first process in its namespaces and its control group",
        hangs: Hangs::Everybody(Weight::Fallback),
        without: "clone is used; a view joins its control group afterwards",
        cause: FILTERED,
        cure: LET_PASS,
    },
    Check {
        name: "pidfd",
        since: "Linux 5.3",
        probe: Probe::Thrown(Setting::Caller, call::pidfd),
        used_for: "signalling a view without mistaking it",
        hangs: Hangs::Everybody(Weight::Fallback),
        without: "views start, but no signal, time limit, enter or stop reaches them",
        cause: FILTERED,
        cure: LET_PASS,
    },
    needed(
        "openat2",
        "Linux 5.6",
        call::openat2,
        "resolving a view's paths inside of its root only",
    ),
    needed(
        "close_range",
        "Linux 5.9",
        call::close_range,
        "closing every descriptor that a view is not given",
    ),
    Check {
        name: "FUSE",
        since: "Linux 2.6.14",
        probe: Probe::Thrown(Setting::Caller, || call::open_device("/dev/fuse")),
        used_for: "nothing by default; programs that mount by FUSE need --device /dev/fuse",
        hangs: Hangs::Everybody(Weight::Informative),
        without: "such programs fail in a view as on the host",
        cause: "there is no /dev/fuse, or the caller may not open it",
        cure: "modprobe fuse; chmod 666 /dev/fuse, as distributions have it",
    },
    Check {
        name: "io_uring",
        since: "Linux 5.1",
        probe: Probe::Thrown(Setting::Caller, call::io_uring),
        used_for: "nothing: the default filter refuses it in views",
        hangs: Hangs::Everybody(Weight::Informative),
        without: NOTHING,
        cause: "sysctl kernel.io_uring_disabled is on, or the kernel is built without it",
        cure: "sysctl kernel.io_uring_disabled=0, should a program of the host need it",
    },
];

pub(super) const CONFINEMENT: &[Check] = &[
    Check {
        name: "seccomp filter",
        since: "Linux 3.17",
        probe: Probe::Thrown(Setting::Caller, confine::filter),
        used_for: "refusing system calls that views have no business with",
        hangs: Hangs::Everybody(Weight::Needed),
        without: "eyot run is refused, but with --allow-missing=seccomp",
        cause: "the kernel is built without CONFIG_SECCOMP_FILTER",
        cure: "use a kernel with CONFIG_SECCOMP_FILTER",
    },
    Check {
        name: "seccomp notification",
        since: "Linux 5.0",
        probe: Probe::Thrown(Setting::Caller, confine::notification),
        used_for: "eyot run --why",
        hangs: Hangs::Everybody(Weight::Fallback),
        without: "--why is refused",
        cause: "another listener is in force around this process, or the kernel is too old",
        cure: "start eyot outside of the supervisor around it (podman and docker with a notify profile, eyot run --why)",
    },
    Check {
        name: "seccomp synchronous wake-up",
        since: "Linux 6.6",
        probe: Probe::Thrown(Setting::Caller, confine::notification_wakes_synchronously),
        used_for: "a fast eyot run --why",
        hangs: Hangs::Everybody(Weight::Fallback),
        without: "--why is slower",
        cause: "the kernel does not know it yet",
        cure: NEWER_KERNEL,
    },
    Check {
        name: "Landlock",
        since: "Linux 5.13",
        probe: Probe::Here(landlock),
        used_for: "rules on files and ports, by request",
        hangs: Hangs::Everybody(Weight::Fallback),
        without: "views that ask for such rules are refused",
        cause: NO_LANDLOCK,
        cure: ADD_LANDLOCK,
    },
    Check {
        name: "Landlock scopes",
        since: "Linux 6.12",
        probe: Probe::Thrown(Setting::Caller, confine::landlock_scopes),
        used_for: "keeping signals and abstract sockets of a view inside, where it shares namespaces",
        hangs: Hangs::Everybody(Weight::Protection("landlock")),
        without: "own pid and network namespaces do it; views that share one need --allow-missing=landlock",
        cause: "the kernel's Landlock is older than ABI 6",
        cure: ADD_LANDLOCK,
    },
];

const NO_LANDLOCK: &str =
    "the kernel has no Landlock, or it was not switched on at boot, or a filter refuses it";
const ADD_LANDLOCK: &str = "use Linux 6.12 or newer, with landlock in the boot parameter lsm=";

fn landlock(_: &Surroundings) -> Seen {
    match eyot_sys::landlock_abi() {
        0 => (Answer::No { cause: NO_LANDLOCK.into(), cure: ADD_LANDLOCK.into() }, None),
        abi => (Answer::Yes, Some(format!("ABI {abi}"))),
    }
}

const fn needed(
    name: &'static str,
    since: &'static str,
    attempt: fn() -> eyot_sys::probe::Answer,
    used_for: &'static str,
) -> Check {
    Check {
        name,
        since,
        probe: Probe::Thrown(Setting::Caller, attempt),
        used_for,
        hangs: Hangs::Everybody(Weight::Needed),
        without: RUN_REFUSED,
        cause: FILTERED,
        cure: LET_PASS,
    }
}

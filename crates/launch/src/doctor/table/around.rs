use super::super::{Check, Hangs, Probe, Seen, Surroundings, Weight};
use super::super::{container, control_group, limit};
use super::NOTHING;

pub(super) const SURROUNDINGS: &[Check] = &[
    here(
        "rights over the machine",
        container::rights,
        "id blocks, idmapped binds, the nursery: fast starts and views of any user",
        "eyot run makes views of the caller's own user, in user namespaces",
    ),
    here(
        "initial user namespace",
        container::initial_user_namespace,
        "the same",
        "eyot run works as for an ordinary user, even for uid 0",
    ),
    here(
        "/proc is whole",
        container::whole_proc,
        "the view's own /proc and /sys",
        "inside a user namespace the kernel refuses a new /proc where the old one is covered",
    ),
    here(
        "no filter around eyot",
        container::no_filter,
        "calls that container engines refuse",
        "some answers below are the filter's, not the kernel's",
    ),
    here(
        "room for nested user namespaces",
        container::nesting,
        "views inside of views",
        "eyot run fails where the kernel's limit of 33 levels is reached",
    ),
    Check {
        hangs: Hangs::Everybody(Weight::Protection("supplementary-groups")),
        ..here(
            "supplementary groups can be dropped",
            container::droppable_groups,
            "views that are in no group of the host",
            "the view's process may use what those groups may use",
        )
    },
    here(
        "systemd answers",
        container::systemd,
        "control groups for ordinary users' limits; services",
        "limits fall back to rlimits where no group can be made",
    ),
    here(
        "ids for views in /etc/subuid",
        container::own_id_range,
        "the host ids of root's views",
        "ids from 1879048192 on are used, which nothing else is given",
    ),
    here(
        "newuidmap",
        container::id_helper,
        "nothing: eyot needs no setuid helper; podman does",
        NOTHING,
    ),
];

pub(super) const CONTROL_GROUPS: &[Check] = &[
    here(
        "control groups",
        control_group::layout,
        "limits, freezing and ending a view as a whole",
        "limits are rlimits",
    ),
    limited("memory limit by control group", control_group::memory, "--memory"),
    limited("process limit by control group", control_group::pids, "--processes"),
    limited("cpu limit by control group", control_group::cpu, "--cpus"),
    here(
        "start inside a control group",
        control_group::start_inside,
        "a view that was never outside of its group",
        "the view's first process joins its group before it does anything else",
    ),
];

pub(super) const LIMITS: &[Check] = &[
    here(
        "sysctl lets users make namespaces",
        limit::clone,
        "an ordinary user's views",
        "eyot run as an ordinary user is refused",
    ),
    here(
        "AppArmor lets users make namespaces",
        limit::apparmor,
        "an ordinary user's views",
        "eyot run as an ordinary user is refused, unless eyot has a profile of its own",
    ),
    here(
        "namespaces a user may have",
        limit::namespace_counts,
        "every view",
        "the start that passes the limit is refused",
    ),
    here(
        "mounts a namespace may have",
        limit::mounts,
        "every view",
        "the start that passes the limit is refused",
    ),
    here(
        "process numbers",
        limit::processes,
        "every view",
        "the start that passes the limit is refused",
    ),
    here(
        "terminals refuse faked input",
        limit::terminal_input,
        "nothing: a view on a terminal has a terminal of its own",
        NOTHING,
    ),
];

/// The words for cause and cure come from what was read.
const fn here(
    name: &'static str,
    look: fn(&Surroundings) -> Seen,
    used_for: &'static str,
    without: &'static str,
) -> Check {
    Check {
        name,
        since: "-",
        probe: Probe::Here(look),
        used_for,
        hangs: Hangs::Everybody(Weight::Informative),
        without,
        cause: "told by the check itself",
        cure: "told by the check itself",
    }
}

const fn limited(
    name: &'static str,
    look: fn(&Surroundings) -> Seen,
    used_for: &'static str,
) -> Check {
    Check {
        hangs: Hangs::Everybody(Weight::Fallback),
        ..here(
            name,
            look,
            used_for,
            "an rlimit is set instead where there is one, and the run report says so",
        )
    }
}

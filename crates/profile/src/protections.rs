use eyot_plan::{
    Confinement, Facts, Identity, Network, Origin, PlanError, Protection, ProtectionState, Seccomp,
    SeccompChoice, Share, Sharing, UserNamespace,
};

use crate::confinement::{SCOPES_ABI, choice};
use crate::isolation::Walls;
use crate::limits::Limits;
use crate::nearest::unknown;
use crate::request::{Chosen, Request, refuse};
use crate::seccomp::Allow;

/// Everything that `--allow-missing` takes, in the order in which plans list it.
pub const PROTECTIONS: &[&str] = &[
    MOUNTS,
    "user-namespace",
    "pid-namespace",
    "ipc-namespace",
    "uts-namespace",
    "cgroup-namespace",
    "network",
    SECCOMP,
    LANDLOCK,
    "no-new-privileges",
    "capabilities",
    GROUPS,
    LIMITS,
];

const MOUNTS: &str = "mounts-locked";
const SECCOMP: &str = "seccomp";
const LANDLOCK: &str = "landlock";
const GROUPS: &str = "supplementary-groups";
const LIMITS: &str = "limits";

/// Decided parts of a plan that protections are read from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decided<'a> {
    pub(crate) walls: &'a Walls,
    pub(crate) confinement: &'a Confinement,
    pub(crate) identity: &'a Identity,
    pub(crate) limits: &'a Limits,
    pub(crate) facts: &'a Facts,
}

/// A protection that cannot be had, and whether a view may start without the user's word.
enum Need {
    Required(Origin),
    Informational,
}

/// Says which protections hold, and refuses a view that lacks a required one.
pub(crate) fn protections(
    request: Request<'_>,
    decided: Decided<'_>,
    profile: &Origin,
) -> Result<Vec<Protection>, PlanError> {
    let accepted = accepted(request)?;
    let mut list = Vec::new();
    let Decided { walls, .. } = decided;
    let border =
        held_unless(walls.user_by.as_ref().filter(|_| walls.isolation.user == UserNamespace::Host));
    let shared = |share| held_unless(walls.shared_by(share));
    let network = walls.network_by.as_ref().filter(|_| walls.isolation.network == Network::Host);
    let kept = decided.capabilities_by(request);
    let states = [
        (MOUNTS, border.clone()),
        ("user-namespace", border),
        ("pid-namespace", shared(Share::Pid)),
        ("ipc-namespace", shared(Share::Ipc)),
        ("uts-namespace", shared(Share::Uts)),
        ("cgroup-namespace", shared(Share::Cgroup)),
        ("network", held_unless(network)),
        (SECCOMP, decided.seccomp(request)),
        (LANDLOCK, decided.landlock()),
        ("no-new-privileges", ProtectionState::Held),
        ("capabilities", held_unless(kept.as_ref())),
        (GROUPS, decided.groups()),
    ];
    for (name, state) in states {
        if let (ProtectionState::Absent { why }, Need::Required(by)) =
            (&state, decided.need(name, profile))
        {
            refuse_missing(name, why, &by, &accepted)?;
        }
        list.push(Protection { name, state });
    }
    list.extend(decided.limits(&accepted)?);
    Ok(list)
}

fn accepted(request: Request<'_>) -> Result<Vec<&str>, PlanError> {
    let named = request.all("allow-missing", |view| view.allow_missing.iter().map(String::as_str));
    let check = |name: Chosen<&'_ str>| match PROTECTIONS.iter().find(|known| **known == name.value)
    {
        Some(known) => Ok(*known),
        None => Err(refuse(unknown("protection", name.value, PROTECTIONS), &name.by)),
    };
    named.into_iter().map(check).collect()
}

fn refuse_missing(name: &str, why: &str, by: &Origin, accepted: &[&str]) -> Result<(), PlanError> {
    match accepted.contains(&name) {
        true => Ok(()),
        false => {
            let what = format!(
                "protection '{name}' is missing: {why}; --allow-missing={name} accepts a view without it"
            );
            Err(refuse(what, by))
        }
    }
}

fn held_unless(waived_by: Option<&Origin>) -> ProtectionState {
    match waived_by {
        Some(by) => ProtectionState::Waived { by: by.to_string() },
        None => ProtectionState::Held,
    }
}

impl Decided<'_> {
    fn need(&self, name: &str, profile: &Origin) -> Need {
        match name {
            // An ordinary user cannot drop groups at all, so asking for a word would teach to give it.
            GROUPS => Need::Informational,
            LANDLOCK => self.landlock_need(),
            _ => Need::Required(profile.clone()),
        }
    }

    /// By whose word the view keeps capabilities, if it keeps any.
    fn capabilities_by(&self, request: Request<'_>) -> Option<Origin> {
        let named = request.all("cap", |view| &view.cap).into_iter().map(|kept| kept.by);
        let allow = request.all("allow", |view| &view.allow);
        let opened = allow.into_iter().filter(|allow| allow.value == Allow::Nesting.name());
        let mut words = named.chain(opened.map(|allow| allow.by));
        words.next().filter(|_| !self.confinement.capabilities.is_empty())
    }

    /// Scopes close what only shared namespaces leave open.
    fn landlock_need(&self) -> Need {
        let walls = self.walls;
        let pid = walls.shared_by(Share::Pid);
        let network =
            walls.network_by.as_ref().filter(|_| walls.isolation.network == Network::Host);
        pid.or(network).map_or(Need::Informational, |by| Need::Required(by.clone()))
    }

    fn seccomp(&self, request: Request<'_>) -> ProtectionState {
        let absent = |why: &str| ProtectionState::Absent { why: why.to_owned() };
        match (&self.confinement.seccomp, choice(request)) {
            (Seccomp::Filter { .. }, _) => ProtectionState::Held,
            (Seccomp::Off, Some(Chosen { value: SeccompChoice::Off, by })) => {
                held_unless(Some(&by))
            }
            (Seccomp::Off, _) if self.facts.machine.seccomp => {
                absent("eyot has no table of this machine's system calls")
            }
            (Seccomp::Off, _) => absent("the kernel takes no filters of system calls"),
        }
    }

    fn landlock(&self) -> ProtectionState {
        let why = match self.facts.machine.landlock_abi {
            SCOPES_ABI.. => return ProtectionState::Held,
            0 => "the kernel has no Landlock".to_owned(),
            abi => format!(
                "the kernel's Landlock (ABI {abi}) has no scopes, which came with {SCOPES_ABI}"
            ),
        };
        let Walls { isolation, .. } = self.walls;
        let open = match (isolation.network, isolation.pid) {
            (Network::Host, Sharing::Host) => "abstract sockets and signals reach the host",
            (Network::Host, Sharing::Own) => "abstract sockets reach the host",
            (Network::None | Network::Loopback, Sharing::Host) => "signals reach the host",
            (Network::None | Network::Loopback, Sharing::Own) => {
                "own network and pid namespaces keep sockets and signals inside"
            }
        };
        ProtectionState::Absent { why: format!("{why}; {open}") }
    }

    fn groups(&self) -> ProtectionState {
        match self.identity.kept_groups.as_slice() {
            [] => ProtectionState::Held,
            groups => {
                let groups: Vec<String> = groups.iter().map(u32::to_string).collect();
                let why =
                    format!("an ordinary user cannot drop groups; kept: {}", groups.join(", "));
                ProtectionState::Absent { why }
            }
        }
    }

    /// Listed only where limits were asked for.
    fn limits(&self, accepted: &[&str]) -> Result<Option<Protection>, PlanError> {
        for (why, by) in &self.limits.missing {
            refuse_missing(LIMITS, why, by, accepted)?;
        }
        let whys: Vec<&str> = self.limits.missing.iter().map(|(why, _)| why.as_str()).collect();
        let state = match whys.is_empty() {
            true => ProtectionState::Held,
            false => ProtectionState::Absent { why: whys.join("; ") },
        };
        Ok(self.limits.asked.then_some(Protection { name: LIMITS, state }))
    }
}

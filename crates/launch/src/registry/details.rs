//! What a supervisor says about its view.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::time::SystemTime;

use eyot_plan::{
    Capability, Confinement, Filter, Identity, Init, Instruction, Isolation, Landlock, LimitSet,
    LimitedBy, Network, Plan, Process, Root, RootOwned, Seccomp, Sharing, UserNamespace, ViewPath,
};
use serde::{Deserialize, Serialize};

use crate::terminal::has_terminals;

/// What a living view is, for people. Text in it comes from the view's user and is not to be printed raw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    pub profile: String,
    /// The beginning of the command.
    pub command: Vec<String>,
    /// As the supervisor numbers processes.
    pub init_pid: i32,
    /// Seconds since 1970.
    pub started: f64,
    pub user: UserKind,
    pub network: NetworkKind,
    pub uid: u32,
    pub gid: u32,
    /// The view's user as ids of the host.
    pub host_uid: u32,
    pub host_gid: u32,
    pub entries: usize,
    /// Protections that the view lacks.
    pub absent: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserKind {
    Block,
    CallersId,
    Host,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    None,
    Loopback,
    Host,
}

/// Bytes of the command that are shown: a message has to stay one message.
const SHOWN: usize = 4096;

impl Description {
    pub(super) fn of(
        plan: &Plan,
        init_pid: i32,
        host_ids: (u32, u32),
        started: SystemTime,
    ) -> Self {
        let since = started.duration_since(SystemTime::UNIX_EPOCH);
        let absent = plan
            .protections
            .iter()
            .filter(|protection| protection.state != eyot_plan::ProtectionState::Held);
        Self {
            profile: plan.profile.clone(),
            command: shown(&plan.process.command),
            init_pid,
            started: since.map_or(0.0, |time| time.as_secs_f64()),
            user: plan.isolation.user.into(),
            network: plan.isolation.network.into(),
            uid: plan.identity.uid,
            gid: plan.identity.gid,
            host_uid: host_ids.0,
            host_gid: host_ids.1,
            entries: plan.entries.len(),
            absent: absent.map(|protection| protection.name.to_owned()).collect(),
        }
    }
}

fn shown(command: &[OsString]) -> Vec<String> {
    let mut left = SHOWN;
    let words = command.iter().map(|word| word.to_string_lossy().into_owned());
    words
        .take_while(|word| {
            let fits = word.len() <= left;
            left = left.saturating_sub(word.len() + 1);
            fits
        })
        .collect()
}

impl From<UserNamespace> for UserKind {
    fn from(user: UserNamespace) -> Self {
        match user {
            UserNamespace::Block => Self::Block,
            UserNamespace::CallersId => Self::CallersId,
            UserNamespace::Host => Self::Host,
        }
    }
}

impl From<UserKind> for UserNamespace {
    fn from(user: UserKind) -> Self {
        match user {
            UserKind::Block => Self::Block,
            UserKind::CallersId => Self::CallersId,
            UserKind::Host => Self::Host,
        }
    }
}

impl From<Network> for NetworkKind {
    fn from(network: Network) -> Self {
        match network {
            Network::None => Self::None,
            Network::Loopback => Self::Loopback,
            Network::Host => Self::Host,
        }
    }
}

/// How the view's command is confined: what a process that enters needs to be confined the same way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Details {
    init_pid: i32,
    /// How many namespaces belong to this answer.
    pub(super) namespaces: usize,
    user: UserKind,
    pub(super) host_ids: (u32, u32),
    uid: u32,
    gid: u32,
    kept_groups: Vec<u32>,
    capabilities: Vec<u8>,
    filter: Option<Vec<(u16, u8, u8, u32)>>,
    /// See [`shares_reach`].
    landlock: bool,
    core_dumps: bool,
    open_files: Option<u64>,
    /// The limits that `setrlimit(2)` holds.
    memory: Option<u64>,
    processes: Option<u64>,
    /// Whether control groups hold the others, so that the group has to be joined.
    pub(super) grouped: bool,
    /// Whether the view can make terminals.
    pub(super) terminals: bool,
    workdir: Vec<u8>,
    environment: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Details {
    pub(super) fn of(plan: &Plan, init_pid: i32, host_ids: (u32, u32)) -> Self {
        let (limits, confinement) = (&plan.limits, &plan.confinement);
        let by_rlimit = |limit: Option<u64>, by| limit.filter(|_| by == LimitedBy::Rlimit);
        let bytes = |text: &OsString| text.as_bytes().to_vec();
        Self {
            init_pid,
            namespaces: super::join::number_of_own(&plan.isolation),
            user: plan.isolation.user.into(),
            host_ids,
            uid: plan.identity.uid,
            gid: plan.identity.gid,
            kept_groups: plan.identity.kept_groups.clone(),
            capabilities: confinement.capabilities.iter().map(|one| one.number).collect(),
            filter: match &confinement.seccomp {
                Seccomp::Off => None,
                Seccomp::Filter { filter, .. } => {
                    Some(filter.instructions.iter().map(|i| (i.code, i.jt, i.jf, i.k)).collect())
                }
            },
            landlock: confinement.landlock == Landlock::Scoped && shares_reach(plan),
            core_dumps: confinement.core_dumps,
            open_files: limits.open_files,
            memory: by_rlimit(limits.memory, limits.memory_by),
            processes: by_rlimit(limits.processes, limits.processes_by),
            grouped: limits.needs_cgroup(),
            terminals: has_terminals(plan),
            workdir: plan.process.workdir.as_path().as_os_str().as_bytes().to_vec(),
            environment: plan
                .process
                .environment
                .iter()
                .map(|(k, v)| (bytes(k), bytes(v)))
                .collect(),
        }
    }

    /// A plan of `command` as the view's own, without its mounts: they are there already.
    pub(super) fn into_plan(self, command: Vec<OsString>) -> Result<Plan, eyot_plan::PlanError> {
        let instruction = |(code, jt, jf, k)| Instruction { code, jt, jf, k };
        let text = |bytes| OsString::from_vec(bytes);
        Ok(Plan {
            profile: String::new(),
            root: Root::Empty { size: None },
            entries: Vec::new(),
            // The namespaces are joined, and only which user namespace there is matters to what follows.
            isolation: Isolation {
                user: self.user.into(),
                network: Network::Host,
                pid: Sharing::Host,
                ipc: Sharing::Host,
                uts: Sharing::Host,
                cgroup: Sharing::Host,
            },
            identity: Identity { uid: self.uid, gid: self.gid, kept_groups: self.kept_groups },
            confinement: Confinement {
                capabilities: self.capabilities.into_iter().map(capability).collect(),
                seccomp: self.filter.map_or(Seccomp::Off, |filter| Seccomp::Filter {
                    name: String::new(),
                    allowed: Vec::new(),
                    skipped: Vec::new(),
                    filter: Filter { instructions: filter.into_iter().map(instruction).collect() },
                }),
                landlock: if self.landlock { Landlock::Scoped } else { Landlock::Off },
                no_new_privileges: true,
                core_dumps: self.core_dumps,
                root_owned: RootOwned::Refused,
            },
            limits: LimitSet {
                memory: self.memory,
                memory_by: LimitedBy::Rlimit,
                processes: self.processes,
                processes_by: LimitedBy::Rlimit,
                open_files: self.open_files,
                ..LimitSet::default()
            },
            process: Process {
                command,
                workdir: ViewPath::new(OsString::from_vec(self.workdir))?,
                environment: self
                    .environment
                    .into_iter()
                    .map(|(k, v)| (text(k), text(v)))
                    .collect(),
                hostname: None,
                init: Init::Command,
                keep_fds: Vec::new(),
                terminal: false,
            },
            protections: Vec::new(),
            overridden: Vec::new(),
            left_out: Vec::new(),
            notes: Vec::new(),
        })
    }

    pub(super) fn init_pid(&self) -> i32 {
        self.init_pid
    }
}

/// Whether signals or abstract sockets could reach out of the view without Landlock's scopes.
///
/// A Landlock domain cannot be joined: one of its own would keep whoever enters from the view's own processes. Where the
/// view's PID and network namespaces hold the same line, it goes without.
fn shares_reach(plan: &Plan) -> bool {
    plan.isolation.pid == Sharing::Host || plan.isolation.network == Network::Host
}

/// Only the number counts when a plan is carried out.
fn capability(number: u8) -> Capability {
    Capability { number, name: "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details() -> Details {
        Details {
            init_pid: 7,
            // Its own mounts; a plan for entering speaks of no others.
            namespaces: 1,
            user: UserKind::Host,
            host_ids: (5, 6),
            uid: 5,
            gid: 6,
            kept_groups: vec![4, 24],
            capabilities: vec![10],
            filter: Some(vec![(6, 0, 0, 0x7fff_0000)]),
            landlock: true,
            core_dumps: false,
            open_files: Some(64),
            memory: Some(1 << 20),
            processes: Some(9),
            grouped: false,
            // A plan for entering has no entries that would make them.
            terminals: false,
            workdir: b"/srv".to_vec(),
            environment: vec![(b"A".to_vec(), b"\xff=".to_vec())],
        }
    }

    #[test]
    fn a_plan_of_the_details_has_the_same_details() {
        let plan = details().into_plan(vec!["sh".into()]).unwrap();
        assert_eq!(plan.process.command, ["sh"]);
        assert_eq!(Details::of(&plan, 7, (5, 6)), details());
    }

    #[test]
    fn details_come_through_their_text_unchanged() {
        let text = serde_json::to_string(&details()).unwrap();
        assert_eq!(serde_json::from_str::<Details>(&text).unwrap(), details());
    }

    #[test]
    fn landlock_is_repeated_only_where_nothing_else_holds_its_line() {
        let mut plan = details().into_plan(Vec::new()).unwrap();
        let repeated = |plan: &Plan| Details::of(plan, 7, (5, 6)).landlock;
        assert!(repeated(&plan));
        plan.isolation.pid = Sharing::Own;
        assert!(repeated(&plan), "the network is shared");
        plan.isolation.network = Network::None;
        assert!(!repeated(&plan));
    }

    #[test]
    fn a_long_command_is_cut_to_whole_words() {
        let command: Vec<OsString> = vec!["a".into(), "b".repeat(SHOWN - 2).into(), "c".into()];
        assert_eq!(shown(&command).len(), 2);
        assert_eq!(shown(&["x".repeat(SHOWN + 1).into()]).len(), 0);
    }
}

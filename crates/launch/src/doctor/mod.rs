//! What this machine and this caller may do, found out by trying each thing in a process that is thrown away.
//!
//! The checks are a table: what is tried, what eyot uses it for, what follows where it is refused, what can be done.

mod child;
mod container;
mod control_group;
mod explain;
mod limit;
mod mount_table;
mod table;
mod verdict;

use serde::Serialize;

use child::Setting;
use explain::explain;
use mount_table::MountLine;
pub use verdict::Verdict;

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub name: &'static str,
    pub group: Group,
    #[serde(flatten)]
    pub answer: Answer,
    /// What was learned besides: a number, a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    pub used_for: &'static str,
    /// What follows where the answer is no.
    pub without: &'static str,
    /// How much that matters to this caller.
    pub weight: Weight,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    Yes,
    No { cause: String, cure: String },
    Unknown { why: String },
}

/// Findings of one subject, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    Surroundings,
    Namespaces,
    UserNamespace,
    Filesystems,
    Mounts,
    IdmappedMounts,
    Processes,
    Confinement,
    ControlGroups,
    Limits,
    Bpf,
}

/// What hangs on a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// `eyot run` refuses to start a view without it.
    Needed,
    /// Views start, and report this protection as absent.
    Protection(&'static str),
    /// There is another way.
    Fallback,
    /// Nothing of `eyot run`.
    Informative,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
struct Check {
    name: &'static str,
    /// Where the mainline kernel has it from; `-` where it is no feature of the kernel.
    since: &'static str,
    probe: Probe,
    used_for: &'static str,
    hangs: Hangs,
    without: &'static str,
    /// The likely cause, for answers that tell no more than "no".
    cause: &'static str,
    cure: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Probe {
    /// Something that a process is thrown away for.
    Thrown(Setting, fn() -> eyot_sys::probe::Answer),
    /// Something that leaves no trace in the process that looks.
    Here(fn(&Surroundings) -> Seen),
}

/// For whom a check weighs how much.
#[derive(Clone, Copy, Debug)]
enum Hangs {
    Everybody(Weight),
    /// Root's views need it.
    Root,
    /// An ordinary user's views need it.
    User,
}

/// What the checks know of where they run.
#[derive(Debug)]
struct Surroundings {
    privileged: bool,
    uid: u32,
    mounts: Vec<MountLine>,
}

/// The answer of a check made in place, and what was learned besides.
type Seen = (Answer, Option<String>);

/// Makes every check. The process must have one thread.
pub fn doctor() -> Vec<Finding> {
    let around = Surroundings::look();
    let groups = table::ALL.iter();
    groups.flat_map(|(group, checks)| checks.iter().map(|row| row.find(*group, &around))).collect()
}

impl Surroundings {
    fn look() -> Self {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        Self {
            privileged: eyot_sys::rules_the_machine(),
            uid: eyot_sys::effective_ids().0,
            mounts: mount_table::parse(&mounts),
        }
    }
}

impl Check {
    fn find(&self, group: Group, around: &Surroundings) -> Finding {
        let (answer, detail) = match self.probe {
            Probe::Here(look) => look(around),
            Probe::Thrown(setting, attempt) => {
                let outcome = child::attempt(setting, around.privileged, attempt);
                (explain(outcome, self, setting.place(around.privileged)), None)
            }
        };
        let (weight, without) = match (self.hangs, around.privileged) {
            (Hangs::Everybody(weight), _) => (weight, self.without),
            (Hangs::Root, true) | (Hangs::User, false) => (Weight::Needed, self.without),
            (Hangs::Root, false) => {
                (Weight::Informative, "nothing changes for an ordinary user's views")
            }
            (Hangs::User, true) => (
                Weight::Informative,
                "nothing changes for root's views; an ordinary user's, and eyot inside of eyot, are refused",
            ),
        };
        let (name, used_for) = (self.name, self.used_for);
        Finding { name, group, answer, detail, used_for, without, weight }
    }
}

impl Group {
    pub fn title(self) -> &'static str {
        match self {
            Group::Surroundings => "surroundings",
            Group::Namespaces => "namespaces, as the caller",
            Group::UserNamespace => "namespaces, in a new user namespace",
            Group::Filesystems => "file systems",
            Group::Mounts => "mounts",
            Group::IdmappedMounts => "idmapped mounts",
            Group::Processes => "processes",
            Group::Confinement => "confinement",
            Group::ControlGroups => "control groups",
            Group::Limits => "limits",
            Group::Bpf => "BPF programs",
        }
    }
}

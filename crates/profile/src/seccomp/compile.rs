use std::collections::{BTreeMap, BTreeSet};

use eyot_plan::Filter;

use super::answer::{CLOSED, SKIPPED, X32_BIT};
use super::emit::{ARCH, Emitter, Label, NUMBER};
use super::policy::errno::EBUSY;
use super::{Action, Arch, Condition, Policy, table};

/// The kernel takes no longer program (linux/bpf_common.h, BPF_MAXINSNS).
const LONGEST: usize = 4096;

/// `seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, …)`
const NEW_LISTENER: [Condition; 2] = [Condition::int_is(0, 1), Condition::any_set(1, 8)];

/// How a program that a supervisor listens to differs from the plain one.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Calls that are allowed but that the supervisor wants to see first.
    pub notify: BTreeSet<String>,
    pub refusals: Refusals,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refusals {
    /// The kernel answers them.
    #[default]
    Answer,
    /// The supervisor sees every call that would get an error number and answers it, for `--why`. Calls that
    /// would kill or trap stay the kernel's: no supervisor can do that in its place.
    ///
    /// Of two filters that notify, the kernel asks the newer one's listener, and that may say "go on". So while
    /// refusals are notifications, nobody inside gets a listener: EBUSY, which is what the kernel itself says as
    /// long as ours lives, and the filter goes on saying after it died. A dead listener's calls get ENOSYS.
    Notify,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the system call filter has {instructions} instructions; the kernel takes at most {LONGEST}"
)]
pub struct CompileError {
    pub instructions: usize,
}

/// The program that answers on `arch` as [`Policy::answer`] says, changed by `options`.
pub fn compile(policy: &Policy, arch: Arch, options: &Options) -> Result<Filter, CompileError> {
    let ranges = ranges(policy, arch, options);
    let mut compiler = Compiler::default();
    let open = compiler.tree(&ranges);
    let open = compiler.emitter.load(NUMBER, open);
    let closed = compiler.emitter.returns(return_value(options.of(CLOSED)));
    let start = compiler.emitter.if_equal(arch.audit(), open, closed);
    let start = compiler.emitter.load(ARCH, start);

    let filter = compiler.emitter.finish(start);
    match filter.instructions.len() {
        instructions if instructions > LONGEST => Err(CompileError { instructions }),
        _ => Ok(filter),
    }
}

/// What happens to a call: cases in order, then the rest. Calls with equal decisions share their code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Decision {
    cases: Vec<(Vec<Condition>, Action)>,
    otherwise: Action,
}

/// From this number up to the next range's.
struct Range {
    from: u32,
    decision: Decision,
}

/// All 2^32 numbers, neighbours with one decision joined.
fn ranges(policy: &Policy, arch: Arch, options: &Options) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    let mut add = |from, decision: Decision| {
        if ranges.last().is_none_or(|last| last.decision != decision) {
            ranges.push(Range { from, decision });
        }
    };
    let plain = |action| Decision { cases: vec![], otherwise: options.of(action) };

    let mut next = 0;
    for (name, number) in table::calls(arch) {
        if *number > next {
            add(next, plain(policy.unknown));
        }
        add(*number, decision(policy, name, options));
        next = number + 1;
    }
    add(next, plain(policy.unknown));
    if arch == Arch::X86_64 {
        add(X32_BIT, plain(CLOSED));
    }
    add(SKIPPED, Decision { cases: vec![], otherwise: Action::Allow });
    ranges
}

fn decision(policy: &Policy, name: &str, options: &Options) -> Decision {
    let action = |action| match options.of(action) {
        Action::Allow if options.notify.contains(name) => Action::Notify,
        other => other,
    };
    let mut cases = Vec::new();
    if name == "seccomp" && options.refusals == Refusals::Notify {
        cases.push((NEW_LISTENER.to_vec(), Action::Errno(EBUSY)));
    }
    for rule in policy.rules_for(name) {
        if rule.when.is_empty() {
            // Nothing behind it is ever asked.
            return Decision { cases, otherwise: action(rule.action) };
        }
        cases.push((rule.when.clone(), action(rule.action)));
    }
    Decision { cases, otherwise: action(policy.default) }
}

impl Options {
    fn of(&self, action: Action) -> Action {
        match (action, self.refusals) {
            (Action::Errno(_), Refusals::Notify) => Action::Notify,
            _ => action,
        }
    }
}

#[derive(Default)]
struct Compiler {
    emitter: Emitter,
    written: BTreeMap<Decision, Label>,
}

impl Compiler {
    /// A search tree, so that the last call costs no more than the first: about eight comparisons.
    fn tree(&mut self, ranges: &[Range]) -> Label {
        match ranges {
            [one] => self.decision(&one.decision),
            _ => {
                let (lower, upper) = ranges.split_at(ranges.len() / 2);
                let then = self.tree(upper);
                let otherwise = self.tree(lower);
                self.emitter.if_at_least(upper[0].from, then, otherwise)
            }
        }
    }

    fn decision(&mut self, decision: &Decision) -> Label {
        if let Some(label) = self.written.get(decision) {
            return *label;
        }
        let mut next = self.emitter.returns(return_value(decision.otherwise));
        for (conditions, action) in decision.cases.iter().rev() {
            let mut then = self.emitter.returns(return_value(*action));
            for condition in conditions.iter().rev() {
                then = self.emitter.condition(condition, then, next);
            }
            next = then;
        }
        self.written.insert(decision.clone(), next);
        next
    }
}

/// `SECCOMP_RET_*` of linux/seccomp.h.
fn return_value(action: Action) -> u32 {
    match action {
        Action::KillProcess => 0x8000_0000,
        Action::KillThread => 0x0000_0000,
        Action::Trap => 0x0003_0000,
        Action::Errno(errno) => 0x0005_0000 | u32::from(errno),
        Action::Notify => 0x7fc0_0000,
        Action::Trace(data) => 0x7ff0_0000 | u32::from(data),
        Action::Log => 0x7ffc_0000,
        Action::Allow => 0x7fff_0000,
    }
}

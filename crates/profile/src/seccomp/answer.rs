use std::borrow::Cow;

use super::policy::errno::ENOSYS;
use super::{Action, Allow, Arch, Policy, Rule, table};

/// x32, the 32-bit ABI of x86_64, shares the audit architecture and sets this bit in the number.
pub(super) const X32_BIT: u32 = 0x4000_0000;
/// What a tracer writes over a number to have the call skipped. The kernel does nothing for it, and to answer it
/// would overwrite the result that the tracer chose.
pub(super) const SKIPPED: u32 = u32::MAX;
/// For what enters by a door that stays closed. ENOSYS is what a kernel without that door says.
pub(super) const CLOSED: Action = Action::Errno(ENOSYS);

/// One call as the kernel shows it to a filter (`struct seccomp_data`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    pub audit_arch: u32,
    pub number: u32,
    pub args: [u64; 6],
}

/// Why a call was refused, for `--why`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `None` for a call that our table lacks.
    pub name: Option<&'static str>,
    pub action: Action,
    pub why: Cow<'static, str>,
    /// Each of these alone opens it; empty: nothing does.
    pub opened_by: &'static [Allow],
}

impl Call {
    pub fn new(arch: Arch, number: u32, args: [u64; 6]) -> Self {
        Self { audit_arch: arch.audit(), number, args }
    }
}

/// Where a call comes in, before any rule is asked.
enum Door {
    Known(&'static str),
    Newer,
    Closed,
    Skipped,
}

impl Policy {
    /// What the compiled filter answers to `call` on `arch`.
    pub fn answer(&self, arch: Arch, call: &Call) -> Action {
        match Door::of(arch, call) {
            Door::Known(name) => {
                self.rule(name, &call.args).map_or(self.default, |rule| rule.action)
            }
            Door::Newer => self.unknown,
            Door::Closed => CLOSED,
            Door::Skipped => Action::Allow,
        }
    }

    /// Which rule refuses `call`, and what would open it; `None` where it is not refused.
    pub fn refusal(&self, arch: Arch, call: &Call) -> Option<Refusal> {
        let action = self.answer(arch, call);
        if !action.refuses() {
            return None;
        }
        let (name, why, opened_by): (_, _, &[Allow]) = match Door::of(arch, call) {
            Door::Known(name) => match self.rule(name, &call.args) {
                Some(rule) => (Some(name), rule.why.clone(), rule.opened_by),
                None => (Some(name), "no rule of the profile allows it".into(), &[]),
            },
            Door::Newer => {
                (None, "newer than every call eyot knows; programs fall back".into(), &[])
            }
            Door::Closed => (None, "the entry for 32-bit programs is closed".into(), &[]),
            Door::Skipped => return None,
        };
        Some(Refusal { name, action, why, opened_by })
    }

    fn rule(&self, name: &str, args: &[u64; 6]) -> Option<&Rule> {
        self.rules_for(name).find(|rule| rule.when.iter().all(|condition| condition.holds(args)))
    }
}

impl Door {
    fn of(arch: Arch, call: &Call) -> Self {
        if call.audit_arch != arch.audit() {
            return Door::Closed;
        }
        match table::name_of(arch, call.number) {
            Some(name) => Door::Known(name),
            None if call.number == SKIPPED => Door::Skipped,
            None if arch == Arch::X86_64 && call.number >= X32_BIT => Door::Closed,
            None => Door::Newer,
        }
    }
}

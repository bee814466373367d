use std::borrow::Cow;

use super::Allow;

/// What to answer to which call: the first rule that names the call and whose conditions hold decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub rules: Vec<Rule>,
    /// For a call of our table that no rule fits.
    pub default: Action,
    /// For a number that our table lacks: a newer kernel's call.
    pub unknown: Action,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Names that a machine lacks are no error: `open` does not exist on aarch64.
    pub names: Vec<Cow<'static, str>>,
    /// All must hold; none means always.
    pub when: Vec<Condition>,
    pub action: Action,
    /// Why it stands, for a person: the words of our table, or the place in a profile.
    pub why: Cow<'static, str>,
    /// Each of these alone opens what this rule refuses.
    pub opened_by: &'static [Allow],
}

/// What the kernel does with a call. The kernel applies at most 4095 as an error number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    Allow,
    Errno(u16),
    KillProcess,
    KillThread,
    Trap,
    Trace(u16),
    Log,
    Notify,
}

/// A comparison of one argument, 0 to 5, as an unsigned 64-bit value.
///
/// A filter sees the whole register. Where the kernel takes an `int`, the upper half is whatever the caller left
/// there, so a rule must mask it off or be evaded by setting it: see [`Condition::int_is`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    pub argument: u8,
    pub test: Test,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Test {
    Eq(u64),
    Ne(u64),
    Lt(u64),
    Le(u64),
    Gt(u64),
    Ge(u64),
    MaskedEq {
        mask: u64,
        value: u64,
    },
    /// At least one bit of the mask.
    AnySet(u64),
}

impl Condition {
    /// An argument that the kernel takes as a 32-bit value.
    pub const fn int_is(argument: u8, value: u32) -> Self {
        Self { argument, test: Test::MaskedEq { mask: 0xffff_ffff, value: value as u64 } }
    }

    pub const fn any_set(argument: u8, mask: u64) -> Self {
        Self { argument, test: Test::AnySet(mask) }
    }

    pub fn holds(&self, args: &[u64; 6]) -> bool {
        let given = args[usize::from(self.argument)];
        match self.test {
            Test::Eq(value) => given == value,
            Test::Ne(value) => given != value,
            Test::Lt(value) => given < value,
            Test::Le(value) => given <= value,
            Test::Gt(value) => given > value,
            Test::Ge(value) => given >= value,
            Test::MaskedEq { mask, value } => given & mask == value,
            Test::AnySet(mask) => given & mask != 0,
        }
    }
}

impl Action {
    /// Whether the call is not carried out, whatever else happens.
    pub fn refuses(self) -> bool {
        match self {
            Action::Errno(_) | Action::KillProcess | Action::KillThread | Action::Trap => true,
            Action::Allow | Action::Trace(_) | Action::Log | Action::Notify => false,
        }
    }
}

impl Policy {
    pub(super) fn rules_for(&self, name: &str) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.names.iter().any(|theirs| theirs == name))
    }
}

/// The few error numbers that rules answer with; the same on every machine we know (asm-generic/errno.h).
pub mod errno {
    pub const EPERM: u16 = 1;
    pub const EACCES: u16 = 13;
    pub const EBUSY: u16 = 16;
    pub const EINVAL: u16 = 22;
    pub const ENOSYS: u16 = 38;
    pub const EOPNOTSUPP: u16 = 95;
    pub const EAFNOSUPPORT: u16 = 97;
    pub const MAX: u16 = 4095;
}

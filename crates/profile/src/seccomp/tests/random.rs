//! Policies and calls drawn so that they meet.

use crate::seccomp::*;

/// Numerical Recipes' generator: the same sequence on every run, so a failure repeats.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        // The low bits of such a generator repeat soon.
        self.0 >> 33 | (self.0 << 31 & 0xffff_ffff_0000_0000)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Arguments that often meet a rule's values: few bits, small numbers, either half.
    fn argument(&mut self) -> u64 {
        match self.below(6) {
            0 => self.below(64),
            1 => 1 << self.below(64),
            2 => self.below(0o200000),
            3 => self.next() << 32 | self.below(64),
            4 => [0x5412, 0x541c, 0xffff_ffff, u64::MAX, 0x2_0008][self.below(5) as usize],
            _ => self.next(),
        }
    }

    fn number(&mut self) -> u32 {
        match self.below(20) {
            0 => self.next() as u32,
            1 => 0x4000_0000 | self.below(600) as u32,
            _ => self.below(480) as u32,
        }
    }

    pub(super) fn call(&mut self, arch: Arch) -> Call {
        let audit_arch = if self.below(50) == 0 { 0x4000_0003 } else { arch.audit() };
        Call { audit_arch, number: self.number(), args: std::array::from_fn(|_| self.argument()) }
    }

    fn action(&mut self) -> Action {
        match self.below(9) {
            0 => Action::KillProcess,
            1 => Action::KillThread,
            2 => Action::Trap,
            3 => Action::Trace(self.below(1 << 16) as u16),
            4 => Action::Log,
            5 => Action::Notify,
            6 => Action::Allow,
            _ => Action::Errno(self.below(200) as u16),
        }
    }

    fn condition(&mut self) -> Condition {
        let value = self.argument();
        let test = match self.below(8) {
            0 => Test::Eq(value),
            1 => Test::Ne(value),
            2 => Test::Lt(value),
            3 => Test::Le(value),
            4 => Test::Gt(value),
            5 => Test::Ge(value),
            6 => Test::AnySet(value),
            _ => Test::MaskedEq { mask: value, value: value & self.argument() },
        };
        Condition { argument: self.below(6) as u8, test }
    }

    /// Rules over few names, so that several meet on one call.
    pub(super) fn policy(&mut self, arch: Arch) -> Policy {
        let rules = (0..self.below(60)).map(|_| {
            let calls = table::calls(arch);
            let names = (0..1 + self.below(4))
                .map(|_| calls[self.below(40) as usize * 8].0.into())
                .collect();
            let when = (0..self.below(4)).map(|_| self.condition()).collect();
            Rule { names, when, action: self.action(), why: "".into(), opened_by: &[] }
        });
        let rules = rules.collect();
        Policy { rules, default: self.action(), unknown: self.action() }
    }
}

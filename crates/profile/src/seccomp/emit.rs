//! Writes a classic BPF program from its end to its beginning.
//!
//! Jumps of such a program only go forward, and a conditional one reaches 255 instructions. Written backwards, every
//! target is there before the jump to it and its distance is known, so one pass is enough and nothing is patched.

use eyot_plan::{Filter, Instruction};

use super::{Condition, Test};

// linux/bpf_common.h
const LOAD_WORD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND: u16 = 0x54; // BPF_ALU | BPF_AND | BPF_K
const JUMP: u16 = 0x05; // BPF_JMP | BPF_JA
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER: u16 = 0x25;
const JUMP_AT_LEAST: u16 = 0x35;
const JUMP_ANY_SET: u16 = 0x45;
const RETURN: u16 = 0x06; // BPF_RET | BPF_K

/// Offsets in `struct seccomp_data` (linux/seccomp.h). Both machines we know keep the lower half of an argument first.
pub(super) const NUMBER: u32 = 0;
pub(super) const ARCH: u32 = 4;
const ARGS: u32 = 16;

/// A place that can be jumped to: how many instructions stand from it to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(usize);

#[derive(Debug, Default)]
pub(super) struct Emitter {
    reversed: Vec<Instruction>,
}

impl Emitter {
    pub(super) fn returns(&mut self, value: u32) -> Label {
        let same = Instruction { code: RETURN, jt: 0, jf: 0, k: value };
        match self.reversed.iter().rposition(|instruction| *instruction == same) {
            Some(at) => Label(at + 1),
            None => self.push(RETURN, 0, 0, value),
        }
    }

    /// Loads a word of `struct seccomp_data`, then goes on at `next`.
    pub(super) fn load(&mut self, offset: u32, next: Label) -> Label {
        self.follow(next);
        self.push(LOAD_WORD, 0, 0, offset)
    }

    pub(super) fn if_equal(&mut self, value: u32, then: Label, otherwise: Label) -> Label {
        self.branch(JUMP_EQUAL, value, then, otherwise)
    }

    pub(super) fn if_at_least(&mut self, value: u32, then: Label, otherwise: Label) -> Label {
        self.branch(JUMP_AT_LEAST, value, then, otherwise)
    }

    pub(super) fn condition(
        &mut self,
        condition: &Condition,
        then: Label,
        otherwise: Label,
    ) -> Label {
        let low = ARGS + 8 * u32::from(condition.argument);
        let word = Words { low, high: low + 4 };
        match condition.test {
            Test::Eq(value) => self.masked(word, u64::MAX, value, then, otherwise),
            Test::Ne(value) => self.masked(word, u64::MAX, value, otherwise, then),
            Test::MaskedEq { mask, value } => self.masked(word, mask, value, then, otherwise),
            Test::Gt(value) => self.ordered(word, JUMP_GREATER, value, then, otherwise),
            Test::Le(value) => self.ordered(word, JUMP_GREATER, value, otherwise, then),
            Test::Ge(value) => self.ordered(word, JUMP_AT_LEAST, value, then, otherwise),
            Test::Lt(value) => self.ordered(word, JUMP_AT_LEAST, value, otherwise, then),
            Test::AnySet(mask) => self.any_set(word, mask, then, otherwise),
        }
    }

    /// The program that starts at `entry`.
    pub(super) fn finish(mut self, entry: Label) -> Filter {
        self.follow(entry);
        self.reversed.reverse();
        Filter { instructions: self.reversed }
    }

    fn masked(
        &mut self,
        word: Words,
        mask: u64,
        value: u64,
        then: Label,
        otherwise: Label,
    ) -> Label {
        let equal = self.masked_half(word.low, low(mask), low(value), then, otherwise);
        self.masked_half(word.high, high(mask), high(value), equal, otherwise)
    }

    fn masked_half(
        &mut self,
        offset: u32,
        mask: u32,
        value: u32,
        then: Label,
        otherwise: Label,
    ) -> Label {
        if mask == 0 && value == 0 {
            return then;
        }
        let mut next = self.if_equal(value, then, otherwise);
        if mask != u32::MAX {
            self.follow(next);
            next = self.push(AND, 0, 0, mask);
        }
        self.load(offset, next)
    }

    /// The higher halves decide unless they are equal; then the lower ones do.
    fn ordered(
        &mut self,
        word: Words,
        jump: u16,
        value: u64,
        then: Label,
        otherwise: Label,
    ) -> Label {
        let lower = self.branch(jump, low(value), then, otherwise);
        let lower = self.load(word.low, lower);
        let equal = self.if_equal(high(value), lower, otherwise);
        let higher = self.branch(JUMP_GREATER, high(value), then, equal);
        self.load(word.high, higher)
    }

    fn any_set(&mut self, word: Words, mask: u64, then: Label, otherwise: Label) -> Label {
        let lower = self.any_set_half(word.low, low(mask), then, otherwise);
        self.any_set_half(word.high, high(mask), then, lower)
    }

    fn any_set_half(&mut self, offset: u32, mask: u32, then: Label, otherwise: Label) -> Label {
        if mask == 0 {
            return otherwise;
        }
        let test = self.branch(JUMP_ANY_SET, mask, then, otherwise);
        self.load(offset, test)
    }

    fn branch(&mut self, code: u16, k: u32, then: Label, otherwise: Label) -> Label {
        // Either target may need an instruction in between, which moves the other one away: hence the reserve.
        let then = self.within_reach(then);
        let otherwise = self.within_reach(otherwise);
        let (jt, jf) = (self.distance(then), self.distance(otherwise));
        self.push(code, jt as u8, jf as u8, k)
    }

    /// `target`, or a jump to it from where a conditional jump reaches.
    fn within_reach(&mut self, target: Label) -> Label {
        const REACH: usize = 250;
        if self.distance(target) <= REACH { target } else { self.jump(target) }
    }

    /// Makes sure that the instruction written next runs into `target`.
    fn follow(&mut self, target: Label) {
        if self.distance(target) != 0 {
            self.jump(target);
        }
    }

    fn jump(&mut self, target: Label) -> Label {
        let instruction = self.reversed[target.0 - 1];
        if instruction.code == RETURN {
            // As short as a jump to it, and faster.
            return self.push(RETURN, 0, 0, instruction.k);
        }
        let distance = self.distance(target);
        self.push(JUMP, 0, 0, distance as u32)
    }

    /// From the instruction written next to `target`.
    fn distance(&self, target: Label) -> usize {
        self.reversed.len() - target.0
    }

    fn push(&mut self, code: u16, jt: u8, jf: u8, k: u32) -> Label {
        self.reversed.push(Instruction { code, jt, jf, k });
        Label(self.reversed.len())
    }
}

/// Where the two halves of an argument lie.
#[derive(Clone, Copy)]
struct Words {
    low: u32,
    high: u32,
}

const fn low(value: u64) -> u32 {
    value as u32
}

const fn high(value: u64) -> u32 {
    (value >> 32) as u32
}

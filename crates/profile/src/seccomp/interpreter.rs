//! What the kernel does with a filter, for tests: it refuses what the kernel's checker refuses (a jump past the end,
//! a word outside `struct seccomp_data`, an instruction it does not know) by panicking.

use eyot_plan::Filter;

use super::{Action, Call};

/// The action for `call`, and how many instructions it took.
pub(super) fn run(filter: &Filter, call: &Call) -> (Action, usize) {
    let mut accumulator = 0;
    let mut at = 0;
    for steps in 1.. {
        let instruction = filter.instructions[at];
        let k = instruction.k;
        let jump = |taken| usize::from(if taken { instruction.jt } else { instruction.jf });
        at += 1;
        match instruction.code {
            0x20 => accumulator = word(call, k),
            0x54 => accumulator &= k,
            0x05 => at += k as usize,
            0x15 => at += jump(accumulator == k),
            0x25 => at += jump(accumulator > k),
            0x35 => at += jump(accumulator >= k),
            0x45 => at += jump(accumulator & k != 0),
            0x06 => return (action(k), steps),
            code => panic!("the kernel takes no instruction {code:#x} in a filter"),
        }
    }
    unreachable!("the loop ends with a return or a panic")
}

/// A word of `struct seccomp_data`: number, architecture, instruction pointer (not needed), six arguments.
fn word(call: &Call, offset: u32) -> u32 {
    match offset {
        0 => call.number,
        4 => call.audit_arch,
        16..64 if offset.is_multiple_of(4) => {
            let argument = call.args[(offset as usize - 16) / 8];
            if offset.is_multiple_of(8) { argument as u32 } else { (argument >> 32) as u32 }
        }
        _ => panic!("no word at {offset}"),
    }
}

fn action(value: u32) -> Action {
    let data = value as u16;
    match value & 0xffff_0000 {
        0x8000_0000 => Action::KillProcess,
        0x0000_0000 => Action::KillThread,
        0x0003_0000 => Action::Trap,
        0x0005_0000 => Action::Errno(data),
        0x7fc0_0000 => Action::Notify,
        0x7ff0_0000 => Action::Trace(data),
        0x7ffc_0000 => Action::Log,
        0x7fff_0000 => Action::Allow,
        _ => panic!("no action {value:#x}"),
    }
}

//! Answers of a kernel that this machine does not have, by a system-call filter (`seccomp(2)`).

use eyot_profile::seccomp::{Arch, table::number_of};
use eyot_sys::{Errno, FilterInstruction, Listener};

use crate::case::Outcome;

/// A call that shall be refused, and with which answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) call: &'static str,
    pub(crate) when: When,
    pub(crate) errno: Errno,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    Always,
    /// The argument at this index is this number.
    Is(u32, u32),
    /// The argument at this index is any other number.
    IsNot(u32, u32),
    /// The argument at this index has one of these bits.
    Has(u32, u32),
}

impl Answer {
    pub(crate) fn unknown(call: &'static str) -> Self {
        Self { call, when: When::Always, errno: Errno::NOSYS }
    }
}

/// From here on this process, and what it starts, gets these answers.
pub(crate) fn answer(answers: &[Answer]) -> Outcome {
    // struct seccomp_data: the number first, the low half of each argument from 16 on, 8 bytes each.
    const LOAD: u16 = 0x20;
    const RETURN: u16 = 0x06;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const JUMP_IF_SET: u16 = 0x45;
    const ALLOW: u32 = 0x7fff_0000;
    const ERRNO: u32 = 0x0005_0000;
    let mut program: Vec<FilterInstruction> = Vec::new();
    for Answer { call, when, errno } in answers {
        let number = number_of(Arch::NATIVE.ok_or("no table of system calls")?, call);
        let number = number.ok_or_else(|| format!("no call is named '{call}'"))?;
        let argument = |index: &u32| (LOAD, 0, 0, 16 + 8 * index);
        let test = match when {
            When::Always => vec![],
            When::Is(index, value) => vec![argument(index), (JUMP_IF_EQUAL, 0, 1, *value)],
            When::IsNot(index, value) => vec![argument(index), (JUMP_IF_EQUAL, 1, 0, *value)],
            When::Has(index, bits) => vec![argument(index), (JUMP_IF_SET, 0, 1, *bits)],
        };
        program.push((LOAD, 0, 0, 0));
        program.push((JUMP_IF_EQUAL, 0, test.len() as u8 + 1, number));
        program.extend(test);
        program.push((RETURN, 0, 0, ERRNO | errno.raw_os_error() as u32));
    }
    program.push((RETURN, 0, 0, ALLOW));
    eyot_sys::set_syscall_filter(&program, Listener::None)?;
    Ok(())
}

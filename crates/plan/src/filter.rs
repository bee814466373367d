use serde::Serialize;

/// One classic-BPF instruction, as in `linux/filter.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Instruction {
    pub code: u16,
    pub jt: u8,
    pub jf: u8,
    pub k: u32,
}

/// A compiled system-call filter (`seccomp(2)`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    pub instructions: Vec<Instruction>,
}

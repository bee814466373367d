use eyot_plan::{Filter, Instruction};

use super::Arch;
use super::precompiled_x86_64::X86_64;

/// What [`compile`](super::compile) makes of the standard policy with nothing opened, ready made: nearly every view has
/// it, and compiling it took a start 60 microseconds. `None` where nobody has made it yet.
pub(crate) fn precompiled(arch: Arch) -> Option<Filter> {
    let instructions = match arch {
        Arch::X86_64 => X86_64,
        Arch::Aarch64 => return None,
    };
    let instruction = |&(code, jt, jf, k)| Instruction { code, jt, jf, k };
    Some(Filter { instructions: instructions.iter().map(instruction).collect() })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::expect_file;

    use super::super::{Options, Policy, compile};
    use super::*;

    /// `UPDATE_EXPECT=1 cargo test -p eyot-profile` writes the file anew.
    #[test]
    fn it_is_what_the_compiler_makes() {
        let filter = compile(&Policy::standard(&[]), Arch::X86_64, &Options::default()).unwrap();
        let mut text = String::from(
            "//! Made from the standard policy by the test in `precompiled.rs`, which also compares them.\n\n\
             #[rustfmt::skip]\npub(super) const X86_64: &[(u16, u8, u8, u32)] = &[\n",
        );
        for Instruction { code, jt, jf, k } in &filter.instructions {
            writeln!(text, "    ({code:#x}, {jt}, {jf}, {k:#x}),").unwrap();
        }
        text.push_str("];\n");
        expect_file!["precompiled_x86_64.rs"].assert_eq(&text);
        assert_eq!(precompiled(Arch::X86_64), Some(filter));
    }
}

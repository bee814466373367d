//! The compiled programs, run by the interpreter.

mod programs;
mod random;
mod standard;

use expect_test::Expect;
use eyot_plan::Filter;

use super::policy::errno::{ENOSYS, EPERM};
use super::{Action, Arch, Options, Policy, compile};

const REFUSED: Action = Action::Errno(EPERM);
const ABSENT: Action = Action::Errno(ENOSYS);

fn program(policy: &Policy, arch: Arch) -> Filter {
    compile(policy, arch, &Options::default()).unwrap()
}

fn check(text: String, expected: Expect) {
    expected.assert_eq(&text);
}

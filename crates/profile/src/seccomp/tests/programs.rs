//! Compiled programs of any policy.

use expect_test::expect;

use super::random::Random;
use super::{ABSENT, REFUSED, check, program};
use crate::seccomp::interpreter::run;
use crate::seccomp::*;

#[test]
fn with_a_listener_refusals_and_named_calls_go_to_the_supervisor() {
    let arch = Arch::X86_64;
    let options = Options {
        notify: ["openat".to_owned(), "mount".to_owned()].into(),
        refusals: Refusals::Notify,
    };
    let mut policy = Policy::standard(&[]);
    policy.rules.push(Rule {
        names: vec!["sync".into()],
        when: vec![],
        action: Action::KillProcess,
        why: "".into(),
        opened_by: &[],
    });
    let filter = compile(&policy, arch, &options).unwrap();
    let answer = |name: &str, args| {
        run(&filter, &Call::new(arch, table::number_of(arch, name).unwrap_or(471), args)).0
    };
    assert_eq!(answer("mount", [0; 6]), Action::Notify);
    assert_eq!(answer("openat", [0; 6]), Action::Notify);
    assert_eq!(answer("read", [0; 6]), Action::Allow);
    assert_eq!(answer("chmod", [0, 0o4755, 0, 0, 0, 0]), Action::Notify);
    assert_eq!(answer("chmod", [0, 0o755, 0, 0, 0, 0]), Action::Allow);
    assert_eq!(answer("sync", [0; 6]), Action::KillProcess);
    assert_eq!(answer("a newer call", [0; 6]), Action::Notify);

    // A listener of the program's own would answer in the supervisor's place once that died.
    assert_eq!(answer("seccomp", [1, 8, 0, 0, 0, 0]), Action::Errno(errno::EBUSY));
    assert_eq!(answer("seccomp", [1, 9 | 1 << 32, 0, 0, 0, 0]), Action::Errno(errno::EBUSY));
    assert_eq!(answer("seccomp", [1, 7, 0, 0, 0, 0]), Action::Allow);
    assert_eq!(answer("seccomp", [2, 8, 0, 0, 0, 0]), Action::Allow);

    let only_named = Options { refusals: Refusals::Answer, ..options };
    let filter = compile(&policy, arch, &only_named).unwrap();
    assert_eq!(run(&filter, &Call::new(arch, 165, [0; 6])).0, REFUSED);
    assert_eq!(run(&filter, &Call::new(arch, 257, [0; 6])).0, Action::Notify);
    assert_eq!(run(&filter, &Call::new(arch, 257, [0, 0, 0o101, 0o4755, 0, 0])).0, REFUSED);
}

#[test]
fn every_comparison_at_the_edges_of_both_halves() {
    const EDGES: [u64; 12] = [
        0,
        1,
        0x7fff_ffff,
        0xffff_fffe,
        0xffff_ffff,
        0x1_0000_0000,
        0x1_0000_0001,
        0x1_ffff_ffff,
        0x7fff_ffff_ffff_ffff,
        0x8000_0000_0000_0000,
        0xffff_ffff_0000_0000,
        u64::MAX,
    ];
    for value in EDGES {
        let masks = EDGES.map(|mask| Test::MaskedEq { mask, value });
        let plain = [
            Test::Eq(value),
            Test::Ne(value),
            Test::Lt(value),
            Test::Le(value),
            Test::Gt(value),
            Test::Ge(value),
        ];
        for test in plain.into_iter().chain(masks).chain([Test::AnySet(value)]) {
            let policy = only("read", vec![Condition { argument: 5, test }], Action::Errno(7));
            let filter = program(&policy, Arch::X86_64);
            for given in EDGES {
                let call = Call::new(Arch::X86_64, 0, [0, 0, 0, 0, 0, given]);
                let (answer, _) = run(&filter, &call);
                let expected = match test {
                    Test::Eq(v) => given == v,
                    Test::Ne(v) => given != v,
                    Test::Lt(v) => given < v,
                    Test::Le(v) => given <= v,
                    Test::Gt(v) => given > v,
                    Test::Ge(v) => given >= v,
                    Test::MaskedEq { mask, value } => given & mask == value,
                    Test::AnySet(mask) => given & mask > 0,
                };
                let expected = if expected { Action::Errno(7) } else { Action::Allow };
                assert_eq!(answer, expected, "{test:?} of {given:#x}");
            }
        }
    }
}

fn only(name: &'static str, when: Vec<Condition>, action: Action) -> Policy {
    let rule = Rule { names: vec![name.into()], when, action, why: "".into(), opened_by: &[] };
    Policy { rules: vec![rule], default: Action::Allow, unknown: ABSENT }
}

#[test]
fn the_program_answers_as_the_policy_says() {
    let mut random = Random(0x5eed);
    let mut meetings = 0;
    for arch in Arch::ALL {
        for round in 0..150 {
            let policy = match round {
                0 => Policy::standard(&[]),
                1 => Policy::standard(&Allow::ALL),
                2..11 => Policy::standard(&[Allow::ALL[round - 2]]),
                _ => random.policy(arch),
            };
            let filter = program(&policy, arch);
            for _ in 0..if round < 11 { 20_000 } else { 500 } {
                let call = random.call(arch);
                let answer = policy.answer(arch, &call);
                assert_eq!(run(&filter, &call).0, answer, "round {round} on {arch:?}: {call:x?}");
                meetings += usize::from(answer != policy.default);
            }
        }
    }
    // Else the calls would be drawn so that no rule is ever asked.
    assert!(meetings > 100_000, "only {meetings} of the calls met a rule");
}

#[test]
fn the_standard_program_is_short_and_a_call_takes_few_steps() {
    for arch in Arch::ALL {
        let filter = program(&Policy::standard(&[]), arch);
        let steps = (0..=600).map(|number| run(&filter, &Call::new(arch, number, [0; 6])).1);
        assert!(filter.instructions.len() < 400, "{}", filter.instructions.len());
        let most = steps.max().unwrap();
        assert!(most < 32, "{most} steps on {arch:?}");
    }
}

#[test]
fn a_program_that_the_kernel_would_not_take_is_an_error() {
    let rules = (0..3000)
        .map(|value| only("read", vec![Condition { argument: 0, test: Test::Eq(value) }], REFUSED));
    let rules = rules.flat_map(|policy| policy.rules).collect();
    let policy = Policy { rules, default: Action::Allow, unknown: ABSENT };
    let error = compile(&policy, Arch::X86_64, &Options::default()).unwrap_err();
    check(
        error.to_string(),
        expect!["the system call filter has 12061 instructions; the kernel takes at most 4096"],
    );
}

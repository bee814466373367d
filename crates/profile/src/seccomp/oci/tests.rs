use std::fmt::Write as _;

use expect_test::{Expect, expect};
use serde_json::json;

use super::*;
use crate::seccomp::interpreter::run;
use crate::seccomp::{Call, Options, compile};

const CALCULATOR: &str = include_str!("../../../../../examples/seccomp/calculator.json");
const DOCKER: &str = include_str!("../../../../../examples/seccomp/docker-format.json");

const X86_64: Machine = Machine { arch: Arch::X86_64, kernel: (6, 1) };
const AARCH64: Machine = Machine { arch: Arch::Aarch64, kernel: (6, 1) };

/// The compiled profile's answer to a call by name.
fn answer(profile: &Profile, machine: Machine, name: &str, args: [u64; 6]) -> Action {
    let filter = compile(&profile.policy, machine.arch, &Options::default()).unwrap();
    let number = match name {
        "a newer call" => 471,
        name => table::number_of(machine.arch, name).unwrap(),
    };
    run(&filter, &Call::new(machine.arch, number, args)).0
}

fn check(profile: &str, machine: Machine, calls: &[(&str, [u64; 6])], expected: Expect) {
    let profile = read_text(profile, machine).unwrap();
    let mut text = String::new();
    for (name, args) in calls {
        let given: Vec<_> = args.iter().take(2).map(|arg| format!("{arg:#x}")).collect();
        writeln!(
            text,
            "{name}({}): {:?}",
            given.join(", "),
            answer(&profile, machine, name, *args)
        )
        .unwrap();
    }
    writeln!(text, "unknown: {:?}", profile.unknown_names).unwrap();
    writeln!(text, "closed: {:?}", profile.closed_architectures).unwrap();
    expected.assert_eq(&text);
}

fn first(value: u64) -> [u64; 6] {
    [value, 0, 0, 0, 0, 0]
}

fn second(value: u64) -> [u64; 6] {
    [0, value, 0, 0, 0, 0]
}

#[test]
fn the_calculators_profile() {
    let calls = [
        ("read", first(0)),
        ("mkdir", first(0)),
        ("fcntl", second(1)),
        ("fcntl", second(2)),
        ("fcntl", second(1030)),
        ("prctl", first(15)),
        ("prctl", first(16)),
        ("prctl", first(1 << 32 | 15)),
        ("socket", first(2)),
        ("ptrace", first(0)),
        ("rseq", first(0)),
        ("mseal", first(0)),
        ("a newer call", first(0)),
    ];
    check(
        CALCULATOR,
        X86_64,
        &calls,
        expect![[r#"
            read(0x0, 0x0): Allow
            mkdir(0x0, 0x0): Errno(1)
            fcntl(0x0, 0x1): Allow
            fcntl(0x0, 0x2): Errno(1)
            fcntl(0x0, 0x406): Allow
            prctl(0xf, 0x0): Allow
            prctl(0x10, 0x0): Errno(1)
            prctl(0x10000000f, 0x0): Allow
            socket(0x2, 0x0): Errno(97)
            ptrace(0x0, 0x0): KillProcess
            rseq(0x0, 0x0): Allow
            mseal(0x0, 0x0): Errno(38)
            a newer call(0x0, 0x0): Errno(38)
            unknown: ["_llseek"]
            closed: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_X86"]
        "#]],
    );
    check(
        CALCULATOR,
        AARCH64,
        &[calls[0], calls[2], calls[3]],
        expect![[r#"
            read(0x0, 0x0): Allow
            fcntl(0x0, 0x1): Allow
            fcntl(0x0, 0x2): Errno(1)
            unknown: ["_llseek", "access", "arch_prctl", "open"]
            closed: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]
        "#]],
    );
    assert_eq!(read_text(CALCULATOR, X86_64).unwrap().flags, [Flag::Log]);
}

#[test]
fn dockers_conditions_are_judged_without_capabilities() {
    let calls = [
        ("mount", first(0)),
        ("swapon", first(0)),
        ("clone", first(17)),
        ("clone", first(0x1000_0011)),
        ("clone3", first(0)),
        ("ptrace", first(0)),
        ("modify_ldt", first(0)),
        ("a newer call", first(0)),
    ];
    check(
        DOCKER,
        X86_64,
        &calls,
        expect![[r#"
            mount(0x0, 0x0): Errno(13)
            swapon(0x0, 0x0): Allow
            clone(0x11, 0x0): Allow
            clone(0x10000011, 0x0): Errno(1)
            clone3(0x0, 0x0): Errno(38)
            ptrace(0x0, 0x0): Allow
            modify_ldt(0x0, 0x0): Trap
            a newer call(0x0, 0x0): Allow
            unknown: []
            closed: ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]
        "#]],
    );
    check(
        DOCKER,
        AARCH64,
        &calls[..3],
        expect![[r#"
            mount(0x0, 0x0): Errno(13)
            swapon(0x0, 0x0): Allow
            clone(0x11, 0x0): Allow
            unknown: []
            closed: ["SCMP_ARCH_ARM"]
        "#]],
    );
}

#[test]
fn a_kernel_version_is_compared_by_number() {
    let ptrace = |kernel| {
        let machine = Machine { kernel, ..X86_64 };
        answer(&read_text(DOCKER, machine).unwrap(), machine, "ptrace", [0; 6])
    };
    assert_eq!(ptrace((2, 6)), Action::Allow);
    assert_eq!(ptrace((4, 7)), Action::Errno(1));
    assert_eq!(ptrace((4, 8)), Action::Allow);
    assert_eq!(ptrace((4, 10)), Action::Allow);
}

#[test]
fn the_first_rule_that_fits_decides() {
    let profile = json!({ "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        { "names": ["read"], "action": "SCMP_ACT_LOG", "args": [{ "index": 0, "value": 3, "op": "SCMP_CMP_GT" }] },
        { "names": ["read"], "action": "SCMP_ACT_ALLOW" },
        { "names": ["read"], "action": "SCMP_ACT_KILL" },
    ]});
    let profile = read(&profile, X86_64).unwrap();
    assert_eq!(answer(&profile, X86_64, "read", first(4)), Action::Log);
    assert_eq!(answer(&profile, X86_64, "read", first(3)), Action::Allow);
}

#[test]
fn conditions_on_different_arguments_must_all_hold() {
    let profile = json!({ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{
        "names": ["read"], "action": "SCMP_ACT_TRACE", "errnoRet": 9, "args": [
            { "index": 0, "value": 1, "op": "SCMP_CMP_GE" },
            { "index": 1, "value": 5, "op": "SCMP_CMP_LT" },
            { "index": 5, "value": 18446744073709551615u64, "op": "SCMP_CMP_NE" },
        ],
    }]});
    let profile = read(&profile, X86_64).unwrap();
    assert_eq!(answer(&profile, X86_64, "read", [1, 4, 0, 0, 0, 0]), Action::Trace(9));
    assert_eq!(answer(&profile, X86_64, "read", [0, 4, 0, 0, 0, 0]), Action::Allow);
    assert_eq!(answer(&profile, X86_64, "read", [1, 5, 0, 0, 0, 0]), Action::Allow);
    assert_eq!(answer(&profile, X86_64, "read", [1, 4, 0, 0, 0, u64::MAX]), Action::Allow);
}

#[test]
fn a_refusal_names_the_place_in_the_profile() {
    let profile = read_text(CALCULATOR, X86_64).unwrap();
    let why = |number| {
        profile.policy.refusal(Arch::X86_64, &Call::new(Arch::X86_64, number, [0; 6])).unwrap().why
    };
    expect!["the profile says so at /syscalls/6"].assert_eq(&why(41));
    expect!["no rule of the profile allows it"].assert_eq(&why(83));
    expect!["newer than every call the profile names"].assert_eq(&why(462));
}

#[test]
fn a_malformed_profile_is_an_error_that_names_the_place() {
    let allow = "\"defaultAction\": \"SCMP_ACT_ALLOW\"";
    let rule = |rule: &str| format!("{{{allow}, \"syscalls\": [{rule}]}}");
    let read_rule =
        |rest: &str| rule(&format!(r#"{{"names": ["read"], "action": "SCMP_ACT_ERRNO", {rest}}}"#));
    let argument = |arg: &str| read_rule(&format!(r#""args": [{arg}]"#));
    let malformed = [
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        format!("{{{allow}"),
        "{\"defaultAction\": 7}".to_owned(),
        "{\"defaultAction\": \"ALLOW\"}".to_owned(),
        format!("{{{allow}, \"defaultErrnoRet\": 1}}"),
        format!("{{{allow}, \"syscall\": []}}"),
        format!("{{{allow}, \"syscalls\": {{}}}}"),
        format!("{{{allow}, \"architectures\": [\"x86_64\"]}}"),
        format!(
            "{{{allow}, \"archMap\": [{{\"architecture\": \"SCMP_ARCH_MIPS\", \"subArchitectures\": [\"mips\"]}}]}}"
        ),
        format!("{{{allow}, \"flags\": [\"TSYNC\"]}}"),
        rule("7"),
        rule("{}"),
        rule(r#"{"action": "SCMP_ACT_ERRNO"}"#),
        rule(r#"{"names": [], "action": "SCMP_ACT_ERRNO"}"#),
        rule(r#"{"names": [7], "action": "SCMP_ACT_ERRNO"}"#),
        rule(r#"{"name": "read", "names": ["write"], "action": "SCMP_ACT_ERRNO"}"#),
        rule(r#"{"names": ["read"], "action": "SCMP_ACT_KILL_EVERYTHING"}"#),
        rule(r#"{"names": ["read"], "action": "SCMP_ACT_LOG", "errnoRet": 1}"#),
        read_rule(r#""errnoRet": 4096"#),
        read_rule(r#""errnoRet": -1"#),
        read_rule(r#""errno": "EWHATEVER""#),
        read_rule(r#""a/b": 1"#),
        read_rule(r#""includes": {"capabilities": []}"#),
        read_rule(r#""includes": {"minKernel": "4"}"#),
        read_rule(r#""excludes": {"caps": "CAP_SYS_ADMIN"}"#),
        argument(r#"{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}"#),
        argument(r#"{"index": 0, "value": 1.5, "op": "SCMP_CMP_EQ"}"#),
        argument(r#"{"index": 0, "value": 18446744073709551616, "op": "SCMP_CMP_EQ"}"#),
        argument(r#"{"index": 0, "op": "SCMP_CMP_EQ"}"#),
        argument(r#"{"index": 0, "value": 1, "op": "=="}"#),
        argument(r#"{"index": 0, "value": 1, "op": "SCMP_CMP_EQ", "value2": 1}"#),
    ];
    let mut text = String::new();
    for profile in malformed {
        let error = read_text(&profile, X86_64).expect_err(&profile);
        writeln!(text, "{error}").unwrap();
    }
    expect![[r#"
        seccomp profile, top level: EOF while parsing a value at line 1 column 0
        seccomp profile, top level: [] is not an object
        seccomp profile, top level: 'defaultAction' is missing
        seccomp profile, top level: EOF while parsing an object at line 1 column 34
        seccomp profile, /defaultAction: 7 is not a text
        seccomp profile, /defaultAction: unknown action 'ALLOW'
        seccomp profile, /defaultErrnoRet: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE answer with a number
        seccomp profile, /syscall: unknown field
        seccomp profile, /syscalls: {} is not a list
        seccomp profile, /architectures/0: unknown architecture 'x86_64'
        seccomp profile, /archMap/0/subArchitectures/0: unknown architecture 'mips'
        seccomp profile, /flags/0: unknown flag 'TSYNC'
        seccomp profile, /syscalls/0: 7 is not an object
        seccomp profile, /syscalls/0: 'action' is missing
        seccomp profile, /syscalls/0: 'names' is missing or empty
        seccomp profile, /syscalls/0: 'names' is missing or empty
        seccomp profile, /syscalls/0/names/0: 7 is not a text
        seccomp profile, /syscalls/0: both 'name' and 'names'
        seccomp profile, /syscalls/0/action: unknown action 'SCMP_ACT_KILL_EVERYTHING'
        seccomp profile, /syscalls/0/errnoRet: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE answer with a number
        seccomp profile, /syscalls/0/errnoRet: 4096 is not a whole number from 0 to 4095
        seccomp profile, /syscalls/0/errnoRet: -1 is not a whole number from 0 to 4095
        seccomp profile, /syscalls/0/errno: unknown error name 'EWHATEVER'; give its number as errnoRet
        seccomp profile, /syscalls/0/a~1b: unknown field
        seccomp profile, /syscalls/0/includes/capabilities: unknown field
        seccomp profile, /syscalls/0/includes/minKernel: '4' is not a kernel version such as 4.8
        seccomp profile, /syscalls/0/excludes/caps: "CAP_SYS_ADMIN" is not a list
        seccomp profile, /syscalls/0/args/0/index: 6 is not a whole number from 0 to 5
        seccomp profile, /syscalls/0/args/0/value: 1.5 is not a whole number from 0 to 18446744073709551615
        seccomp profile, /syscalls/0/args/0/value: 1.8446744073709552e+19 is not a whole number from 0 to 18446744073709551615
        seccomp profile, /syscalls/0/args/0: 'value' is missing
        seccomp profile, /syscalls/0/args/0/op: unknown comparison '=='
        seccomp profile, /syscalls/0/args/0/value2: unknown field
    "#]].assert_eq(&text);
}

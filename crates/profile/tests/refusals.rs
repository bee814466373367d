//! What cannot become a plan, and what the person reads then.

#[allow(dead_code, reason = "each test binary uses its own part")]
mod host;

use expect_test::{Expect, expect};
use eyot_plan::{
    Facts, Layer, NetworkMode, RootKind, SeccompChoice, Share, TmpfsEntry, UserMode, View,
};
use eyot_profile::{LayeredView, draft};
use host::{fact_of, facts, flags, plan};

const ROOT: u32 = 0;
const ANN: u32 = 1000;

fn check(uid: u32, view: View, expected: Expect) {
    check_on(facts(uid), view, expected);
}

fn check_on(facts: Facts, view: View, expected: Expect) {
    let error = plan(&[flags(view)], &facts).expect_err("this is a plan");
    expected.assert_eq(&error.to_string());
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn run() -> View {
    View::default()
}

#[test]
fn unknown_names_name_the_nearest() {
    check(
        ANN,
        View { extends: Some("agnet".into()), ..run() },
        expect!["'agnet' is no profile; 'agent' is (asked by flag --extends)"],
    );
    check(
        ANN,
        View { extends: Some("desktop".into()), ..run() },
        expect![
            "'desktop' is no profile; known are run, build, service, agent, empty (asked by flag --extends)"
        ],
    );
    check(
        ANN,
        View { cap: words(&["CAP_NET_ADMN"]), ..run() },
        expect!["'NET_ADMN' is no capability; 'NET_ADMIN' is (asked by flag --cap)"],
    );
    check(
        ANN,
        View { allow: words(&["iouring"]), ..run() },
        expect!["'iouring' is no relaxation; 'io-uring' is (asked by flag --allow)"],
    );
    check(
        ANN,
        View { allow_missing: words(&["landlok"]), ..run() },
        expect!["'landlok' is no protection; 'landlock' is (asked by flag --allow-missing)"],
    );
}

#[test]
fn paths_that_cannot_be_used() {
    let bind = |text: &str| vec![text.parse().unwrap()];
    check(
        ANN,
        View { ro: bind("../lib"), ..run() },
        expect!["'../lib' contains '..': give it as an absolute path without (asked by flag --ro)"],
    );
    check(
        ANN,
        View { ro: bind("~bob/x"), ..run() },
        expect![
            "'~bob/x' names another user's home: give it as an absolute path (asked by flag --ro)"
        ],
    );
    check(
        ANN,
        View { rw: bind("/srv/data:data"), ..run() },
        expect!["'data' is not an absolute path without '.' and '..' (asked by flag --rw)"],
    );
    check(
        ANN,
        View { rw: bind("/"), ..run() },
        expect!["'/' itself is chosen by --root, not covered by an entry (asked by flag --rw)"],
    );
    check(
        ANN,
        View { ro: bind("/no/such"), ..run() },
        expect![
            "the host has nothing at '/no/such', which 'bind /no/such ro from /no/such' (flag --ro) needs"
        ],
    );
    check(
        ANN,
        View { mask: words(&["etc"]), ..run() },
        expect!["'etc' is not an absolute path without '.' and '..' (asked by flag --mask)"],
    );
    let mut homeless = facts(ANN);
    homeless.caller.home = None;
    check_on(
        homeless,
        View { ro: bind("~/x"), ..run() },
        expect!["'~/x' lies below a home directory, and you have none (asked by flag --ro)"],
    );
}

#[test]
fn the_same_place_twice_names_both_requests() {
    let tmpfs: TmpfsEntry = "/data".parse().unwrap();
    let view = View { ro: vec!["/srv/data:/data".parse().unwrap()], tmpfs: vec![tmpfs], ..run() };
    check(
        ANN,
        view,
        expect![
            "'/data' is asked for twice: 'bind /data ro from /srv/data' (flag --ro) and 'tmpfs /data rw' (flag --tmpfs)"
        ],
    );
}

#[test]
fn roots() {
    check(
        ANN,
        View { writable_root: Some(true), ..run() },
        expect!["only a directory given as root can be writable (asked by flag --writable-root)"],
    );
    let root = Some(RootKind::Host);
    check(
        ANN,
        View { root, writable_root: Some(true), ..run() },
        expect!["only a directory given as root can be writable (asked by flag --writable-root)"],
    );
    check(
        ANN,
        View { scratch_size: Some("much".into()), ..run() },
        expect!["'much' is not a size such as 4096, 64M or 1.5G (asked by flag --scratch-size)"],
    );
}

#[test]
fn who_may_do_without_a_user_namespace() {
    let view = || View { user: Some(UserMode::Host), ..run() };
    check(
        ANN,
        view(),
        expect!["without a user namespace only root can make a view (asked by flag --user)"],
    );
    check(
        ROOT,
        View { cap: words(&["sys_admin"]), ..view() },
        expect![
            "CAP_SYS_ADMIN without a user namespace can undo the whole view (asked by flag --user)"
        ],
    );
    check(
        ROOT,
        View { uid: Some(u32::MAX), ..run() },
        expect!["4294967295 is no id (asked by flag --uid)"],
    );
}

#[test]
fn names_and_numbers() {
    check(
        ANN,
        View { hostname: Some("a b".into()), ..run() },
        expect![
            "'a b' is no host name: 1 to 64 letters, digits, '.', '-' and '_' (asked by flag --hostname)"
        ],
    );
    let view = View { hostname: Some("a".into()), share: vec![Share::Uts], ..run() };
    check(
        ANN,
        view,
        expect![
            "'a' would rename the host: the view shares its name (flag --share) (asked by flag --hostname)"
        ],
    );
    check(
        ANN,
        View { keep_fd: vec![-1], ..run() },
        expect!["'-1' is no descriptor (asked by flag --keep-fd)"],
    );
    check(
        ANN,
        View { keep_env: words(&["A=B"]), ..run() },
        expect!["'A=B' cannot name a variable (asked by flag --keep-env)"],
    );
    check(
        ANN,
        View { env: [("A".into(), "x\0y".into())].into(), ..run() },
        expect!["the value of 'A' holds a NUL byte (asked by flag --env)"],
    );
}

#[test]
fn the_command_starts_where_something_is() {
    for (workdir, expected) in [
        (
            "/srv",
            expect![
                "the view has no '/srv' to start in: add it with --dir, --ro or --rw (asked by flag --workdir)"
            ],
        ),
        (
            "/tmp/x",
            expect![
                "the view has no '/tmp/x' to start in: add it with --dir, --ro or --rw (asked by flag --workdir)"
            ],
        ),
        (
            "/etc/passwd",
            expect![
                "the view has no '/etc/passwd' to start in: add it with --dir, --ro or --rw (asked by flag --workdir)"
            ],
        ),
        (
            "tmp",
            expect!["'tmp' is not an absolute path without '.' and '..' (asked by flag --workdir)"],
        ),
    ] {
        check(ANN, View { workdir: Some(workdir.into()), ..run() }, expected);
    }
}

#[test]
fn limits() {
    check(
        ANN,
        View { memory: Some("1X".into()), ..run() },
        expect!["'1X' is not a size such as 4096, 64M or 1.5G (asked by flag --memory)"],
    );
    check(
        ANN,
        View { cpus: Some(f64::NAN), ..run() },
        expect!["'NaN' is no number of processors (0.01 or more) (asked by flag --cpus)"],
    );
    check(
        ANN,
        View { processes: Some(0), ..run() },
        expect!["a limit of 0 lets nothing run (asked by flag --processes)"],
    );
    check(
        ANN,
        View { wall_time: Some("1d".into()), ..run() },
        expect!["'1d' is not a time such as 250ms, 90s, 5m or 2h (asked by flag --wall-time)"],
    );

    let mut bare = facts(ROOT);
    bare.machine.memory_controller = Err("version 1 is mounted read-only".into());
    bare.machine.pids_controller = Err("no such controller".into());
    bare.machine.cpu_controller = Err("no such controller".into());
    check_on(
        bare.clone(),
        View { memory: Some("1M".into()), ..run() },
        expect![
            "protection 'limits' is missing: no control group limits the memory of the view as a whole: version 1 is mounted read-only; --allow-missing=limits accepts a view without it (asked by flag --memory)"
        ],
    );
    check_on(
        bare.clone(),
        View { cpus: Some(1.0), ..run() },
        expect![
            "protection 'limits' is missing: no control group limits processor time: no such controller; --allow-missing=limits accepts a view without it (asked by flag --cpus)"
        ],
    );
    let view = View { processes: Some(9), user: Some(UserMode::Host), ..run() };
    check_on(
        bare,
        view,
        expect![
            "protection 'limits' is missing: no control group limits the number of processes: no such controller, and RLIMIT_NPROC never stops root; --allow-missing=limits accepts a view without it (asked by flag --processes)"
        ],
    );
}

#[test]
fn a_missing_protection_needs_the_users_word() {
    let mut old = facts(ANN);
    old.machine.landlock_abi = 4;
    let net = || View { net: Some(NetworkMode::Host), ..run() };
    check_on(
        old.clone(),
        net(),
        expect![
            "protection 'landlock' is missing: the kernel's Landlock (ABI 4) has no scopes, which came with 6; abstract sockets reach the host; --allow-missing=landlock accepts a view without it (asked by flag --net)"
        ],
    );
    check_on(
        old.clone(),
        View { share: vec![Share::Pid], ..run() },
        expect![
            "protection 'landlock' is missing: the kernel's Landlock (ABI 4) has no scopes, which came with 6; signals reach the host; --allow-missing=landlock accepts a view without it (asked by flag --share)"
        ],
    );
    old.machine.seccomp = false;
    check_on(
        old,
        run(),
        expect![
            "protection 'seccomp' is missing: the kernel takes no filters of system calls; --allow-missing=seccomp accepts a view without it (asked by profile run)"
        ],
    );
}

#[test]
fn seccomp_profiles() {
    let choice = |path: &str| Some(SeccompChoice::Profile(path.into()));
    let view = View { seccomp: choice("x.json"), allow: words(&["bpf"]), ..run() };
    check(
        ANN,
        view,
        expect![
            "'bpf' opens the default filter, but 'x.json' is used instead (asked by flag --allow)"
        ],
    );
    let layers = [flags(View { seccomp: choice("x.json"), ..run() })];
    let error = draft(&layers, &facts(ANN), Some("{")).expect_err("this is JSON");
    expect!["'x.json' cannot be used: seccomp profile, top level: EOF while parsing an object at line 1 column 1 (asked by flag --seccomp)"].assert_eq(&error.to_string());
}

#[test]
fn a_file_is_named_by_its_path() {
    let view = View { share: vec![Share::Uts], hostname: Some("x".into()), ..run() };
    let file = LayeredView { layer: Layer::File, name: "/etc/eyot/views/a.toml".into(), view };
    let error = draft(&[file], &facts(ANN), None).map(|draft| draft.settle(fact_of));
    expect!["'x' would rename the host: the view shares its name (file /etc/eyot/views/a.toml) (asked by file /etc/eyot/views/a.toml)"].assert_eq(&error.expect_err("this is a plan").to_string());
}

//! How views, profile and caller together make one plan.

#[allow(dead_code, reason = "each test binary uses its own part")]
mod host;

use expect_test::{Expect, expect};
use eyot_plan::{
    CgroupLayout, Content, Facts, Layer, LimitedBy, Plan, ProtectionState, RootOwned, Seccomp,
    SeccompChoice, Share, UserMode, View, What,
};
use eyot_profile::seccomp::Allow;
use eyot_profile::{LayeredView, draft};
use host::{fact_of, facts, flags, plan};

const ROOT: u32 = 0;
const ANN: u32 = 1000;

fn planned(facts: &Facts, view: View) -> Plan {
    plan(&[flags(view)], facts).expect("this is no plan")
}

/// What became of the directory the caller stands in.
fn check_project(uid: u32, workdir: &str, profile: &str, expected: Expect) {
    let mut facts = facts(uid);
    facts.caller.workdir = workdir.into();
    let plan = planned(&facts, View { extends: Some(profile.to_owned()), ..View::default() });
    let project = plan.entries.iter().filter(|entry| entry.at.as_path() == facts.caller.workdir);
    let mut text: String = project.map(|entry| format!("{entry}\n")).collect();
    text += &format!("starts in {}\n", plan.process.workdir);
    text.extend(plan.notes.iter().map(|note| format!("note: {note}\n")));
    expected.assert_eq(&text);
}

#[test]
fn a_project_is_shown_at_its_own_path() {
    check_project(
        ANN,
        "/home/ann/work",
        "run",
        expect![[r#"
        bind /home/ann/work ro from /home/ann/work
        starts in /home/ann/work
    "#]],
    );
    check_project(
        ANN,
        "/home/ann/work",
        "agent",
        expect![[r#"
        bind /home/ann/work rw from /home/ann/work
        starts in /home/ann/work
    "#]],
    );
    check_project(
        ANN,
        "/usr/src/x",
        "run",
        expect![[r#"
        starts in /usr/src/x
    "#]],
    );
    check_project(
        ANN,
        "/tmp",
        "run",
        expect![[r#"
        scratch /tmp rw
        starts in /tmp
    "#]],
    );
    check_project(
        ANN,
        "/home/ann/work",
        "service",
        expect![[r#"
        starts in /
    "#]],
    );
}

#[test]
fn more_than_a_project_is_not_shown() {
    for (workdir, expected) in [
        (
            "/",
            expect![[r#"
            starts in /
            note: the current directory '/' is not shown: it is the whole host
        "#]],
        ),
        (
            "/home",
            expect![[r#"
            starts in /home
            note: the current directory '/home' is not shown: it holds your home directory
        "#]],
        ),
        (
            "/home/ann",
            expect![[r#"
                scratch /home/ann rw
                starts in /home/ann
                note: the current directory '/home/ann' is not shown: it is your home directory
            "#]],
        ),
        (
            "/home/bob",
            expect![[r#"
            starts in /home/ann
            note: the current directory '/home/bob' is not shown: it is a home directory
            note: the command starts in '/home/ann': '/home/bob' is not in the view
        "#]],
        ),
        (
            "/var",
            expect![[r#"
            starts in /var
            note: the current directory '/var' is not shown: it would cover 'scratch /var/tmp rw'
        "#]],
        ),
        (
            "/etc",
            expect![[r#"
            dir /etc ro
            starts in /etc
        "#]],
        ),
        (
            "/proc/1",
            expect![[r#"
                starts in /home/ann
                note: the current directory '/proc/1' is not shown: /proc is the view's own
            "#]],
        ),
    ] {
        check_project(ANN, workdir, "run", expected);
    }
    // After sudo the directory is still the other user's home.
    check_project(
        ROOT,
        "/home/ann",
        "agent",
        expect![[r#"
        starts in /root
        note: the current directory '/home/ann' is not shown: it is a home directory
        note: the command starts in '/root': '/home/ann' is not in the view
    "#]],
    );
}

#[test]
fn a_flag_that_covers_the_project_takes_its_place() {
    let view = View { tmpfs: vec!["/home/ann".parse().unwrap()], ..View::default() };
    let plan = planned(&facts(ANN), view);
    assert_eq!(plan.process.workdir.to_string(), "/home/ann");
    expect!["the command starts in '/home/ann': '/home/ann/work' is not in the view"]
        .assert_eq(&plan.notes.join("\n"));
}

#[test]
fn a_start_that_a_bind_does_not_have_is_no_start() {
    let bind = vec!["/srv/data:/home/ann".parse().unwrap()];
    let plan = planned(&facts(ANN), View { ro: bind, ..View::default() });
    assert_eq!(plan.process.workdir.to_string(), "/home/ann");
}

#[test]
fn a_later_layer_decides_and_lists_add_up() {
    let view = |hostname: &str, ro: &str| View {
        hostname: Some(hostname.to_owned()),
        ro: vec![ro.parse().unwrap()],
        command: vec![hostname.to_owned()],
        ..View::default()
    };
    let file = |name: &str, view| LayeredView { layer: Layer::File, name: name.to_owned(), view };
    let layers = [file("a.toml", view("a", "/srv/data:/a")), flags(view("b", "/home/ann/work:/b"))];
    let plan = plan(&layers, &facts(ROOT)).unwrap();
    assert_eq!(plan.process.hostname.as_deref(), Some("b"));
    assert_eq!(plan.process.command, ["b"]);
    let asked = plan.entries.iter().filter(|entry| entry.origin.layer > Layer::Profile);
    let lines: Vec<String> = asked.map(|entry| format!("{entry} ({})", entry.origin)).collect();
    expect![[r#"
        bind /a ro from /srv/data (file a.toml)
        bind /b ro from /home/ann/work (flag --ro)"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn a_relative_source_is_shown_at_its_own_path() {
    let bind = |text: &str| vec![text.parse().unwrap()];
    let plan = planned(&facts(ANN), View { rw: bind("./.git"), ..View::default() });
    let git = plan.entries.iter().find(|entry| entry.at.as_path().ends_with(".git")).unwrap();
    assert_eq!(git.to_string(), "bind /home/ann/work/.git rw from /home/ann/work/.git");
}

#[test]
fn only_what_is_named_passes_from_the_environment() {
    let view = View {
        keep_env: vec!["EDITOR".to_owned(), "NOPE".to_owned()],
        env: [("LANG".to_owned(), "C".to_owned())].into(),
        ..View::default()
    };
    let plan = planned(&facts(ANN), view);
    let text: Vec<String> = plan
        .process
        .environment
        .iter()
        .map(|(name, value)| format!("{}={}", name.display(), value.display()))
        .collect();
    expect![[r#"
        EDITOR=vi
        HOME=/home/ann
        LANG=C
        LC_TIME=de_DE.UTF-8
        LOGNAME=ann
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        SHELL=/bin/sh
        TERM=xterm
        USER=ann
        XDG_RUNTIME_DIR=/run/user/1000"#]]
    .assert_eq(&text.join("\n"));
    assert_eq!(plan.notes, ["'NOPE' is not set, so it is not kept (flag --keep-env)"]);
}

fn text_of(plan: &Plan, at: &str) -> String {
    let entry = plan.entries.iter().find(|entry| entry.at.as_path().as_os_str() == at).unwrap();
    match &entry.what {
        What::File { content: Content::Text(text), .. } => text.clone(),
        other => panic!("{other:?} has no text"),
    }
}

#[test]
fn the_generated_files_know_the_user_and_nobody_else() {
    let plan = planned(&facts(ANN), View { uid: Some(0), ..View::default() });
    expect![[r#"
        root:x:0:0:root:/home/ann:/bin/sh
        nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
    "#]]
    .assert_eq(&text_of(&plan, "/etc/passwd"));
    let plan = planned(&facts(ANN), View::default());
    expect![[r#"
        root:x:0:0:root:/root:/bin/sh
        ann:x:1000:1000::/home/ann:/bin/sh
        nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
    "#]]
    .assert_eq(&text_of(&plan, "/etc/passwd"));
    expect![[r#"
        root:x:0:
        ann:x:1000:
        nogroup:x:65534:
    "#]]
    .assert_eq(&text_of(&plan, "/etc/group"));
    expect![[r#"
        127.0.0.1 localhost
        ::1 localhost ip6-localhost ip6-loopback
        127.0.1.1 eyot
    "#]]
    .assert_eq(&text_of(&plan, "/etc/hosts"));
}

#[test]
fn an_odd_name_or_home_cannot_write_lines_of_its_own() {
    let mut facts = facts(ANN);
    facts.caller.name = Some("x:0:0\nroot".to_owned());
    facts.caller.home = Some("/home/a:b".into());
    let plan = planned(&facts, View::default());
    expect![[r#"
        root:x:0:0:root:/root:/bin/sh
        user:x:1000:1000::/home/user:/bin/sh
        nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
    "#]]
    .assert_eq(&text_of(&plan, "/etc/passwd"));
}

#[test]
fn what_is_open_by_name_opens_the_filter() {
    let allow = |names: &[&str]| View {
        allow: names.iter().map(ToString::to_string).collect(),
        ..View::default()
    };
    let layers = [flags(allow(&["root-owned", "bpf", "nesting", "bpf"]))];
    let open = draft(&layers, &facts(ROOT), None).unwrap();
    let expected = eyot_profile::seccomp::Policy::standard(&[Allow::Nesting, Allow::Bpf]);
    assert_eq!(open.policy(), Some(&expected));
    let open = open.settle(fact_of).unwrap();
    let closed = planned(&facts(ROOT), View::default());
    assert_eq!(open.confinement.root_owned, RootOwned::Mapped);
    assert_eq!(closed.confinement.root_owned, RootOwned::Refused);
    let (Seccomp::Filter { filter: open, allowed, .. }, Seccomp::Filter { filter: closed, .. }) =
        (open.confinement.seccomp, closed.confinement.seccomp)
    else {
        panic!("a view has no filter");
    };
    assert_eq!(allowed, ["nesting", "bpf"]);
    assert_ne!(open, closed);
}

#[test]
fn a_containers_profile_replaces_the_default() {
    let seccomp = Some(SeccompChoice::Profile("p.json".to_owned()));
    let layers = [flags(View { seccomp, ..View::default() })];
    let file = eyot_profile::seccomp_file(&layers, &facts(ANN).caller).unwrap();
    assert_eq!(file.unwrap().to_string(), "/home/ann/work/p.json");
    let text = r#"{"defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mount", "banana"], "action": "SCMP_ACT_ERRNO"}]}"#;
    let plan = draft(&layers, &facts(ANN), Some(text)).unwrap().settle(fact_of).unwrap();
    let Seccomp::Filter { name, skipped, filter, .. } = plan.confinement.seccomp else {
        panic!("the view has no filter");
    };
    assert_eq!((name.as_str(), skipped.as_slice()), ("p.json", ["banana".to_owned()].as_slice()));
    assert!(!filter.instructions.is_empty());
}

fn state(plan: &Plan, name: &str) -> ProtectionState {
    plan.protections.iter().find(|protection| protection.name == name).unwrap().state.clone()
}

fn absent(why: &str) -> ProtectionState {
    ProtectionState::Absent { why: why.to_owned() }
}

#[test]
fn the_users_word_accepts_what_is_missing() {
    let mut bare = facts(ROOT);
    bare.machine.seccomp = false;
    bare.machine.memory_controller = Err("none".into());
    bare.machine.pids_controller = Err("none".into());
    let view = View {
        allow_missing: vec!["seccomp".to_owned(), "limits".to_owned()],
        memory: Some("1M".to_owned()),
        processes: Some(9),
        ..View::default()
    };
    let plan = planned(&bare, view);
    assert_eq!(plan.confinement.seccomp, Seccomp::Off);
    assert_eq!(state(&plan, "seccomp"), absent("the kernel takes no filters of system calls"));
    let why = "no control group limits the memory of the view as a whole: none";
    assert_eq!(state(&plan, "limits"), absent(why));
    assert_eq!(plan.limits.memory_by, LimitedBy::Rlimit);
    assert_eq!(plan.limits.processes_by, LimitedBy::Rlimit);
    assert!(!plan.limits.needs_cgroup());
    assert_eq!(plan.notes, ["processes are limited by RLIMIT_NPROC: none"]);
}

#[test]
fn what_was_asked_away_is_waived_and_not_missing() {
    let mut bare = facts(ROOT);
    bare.machine.seccomp = false;
    let view = View {
        seccomp: Some(SeccompChoice::Off),
        share: vec![Share::Ipc],
        cap: vec!["kill".to_owned()],
        user: Some(UserMode::Host),
        ..View::default()
    };
    let plan = planned(&bare, view);
    let waived = |by: &str| ProtectionState::Waived { by: by.to_owned() };
    assert_eq!(state(&plan, "seccomp"), waived("flag --seccomp"));
    assert_eq!(state(&plan, "ipc-namespace"), waived("flag --share"));
    assert_eq!(state(&plan, "capabilities"), waived("flag --cap"));
    assert_eq!(state(&plan, "mounts-locked"), waived("flag --user"));
    assert_eq!(state(&plan, "network"), ProtectionState::Held);
}

#[test]
fn an_old_landlock_is_told_but_not_needed_with_namespaces_of_ones_own() {
    let mut old = facts(ANN);
    old.machine.landlock_abi = 0;
    let plan = planned(&old, View::default());
    let why = "the kernel has no Landlock; own network and pid namespaces keep sockets and signals inside";
    assert_eq!(state(&plan, "landlock"), absent(why));
}

#[test]
fn roots_binds_take_the_owner_along_and_an_ordinary_users_cannot() {
    let owner = |uid| {
        let plan = planned(
            &facts(uid),
            View { ro: vec!["/srv/data".parse().unwrap()], ..View::default() },
        );
        let shown = plan.entries.into_iter().find(|entry| entry.at.as_path().starts_with("/srv"));
        match shown.map(|entry| entry.what) {
            Some(What::Bind { owner, .. }) => owner,
            other => panic!("{other:?} is no bind"),
        }
    };
    assert_eq!(owner(ROOT), eyot_plan::Owner::Mapped);
    assert_eq!(owner(ANN), eyot_plan::Owner::AsOnDisk);
}

#[test]
fn control_groups_of_version_1_are_shown_where_they_limit() {
    let shown = |layout, memory: Option<&str>| {
        let mut facts = facts(ROOT);
        facts.machine.cgroups = layout;
        let plan = planned(&facts, View { memory: memory.map(str::to_owned), ..View::default() });
        let shown = plan.entries.iter().any(|entry| entry.at.to_string() == "/sys/fs/cgroup");
        let noted = plan.notes.iter().any(|note| note.starts_with("/sys/fs/cgroup is empty"));
        (shown, noted)
    };
    assert_eq!(shown(CgroupLayout::Unified, None), (true, false));
    assert_eq!(shown(CgroupLayout::Hybrid, None), (false, true));
    assert_eq!(shown(CgroupLayout::Legacy, Some("1G")), (true, false));
    assert_eq!(shown(CgroupLayout::None, None), (false, false));
}

#[test]
fn what_nesting_leaves_to_root_is_waived_by_its_word() {
    let nesting = || View { allow: vec!["nesting".to_owned()], ..View::default() };
    let plan = planned(&facts(ROOT), nesting());
    let by = "flag --allow".to_owned();
    assert_eq!(state(&plan, "capabilities"), ProtectionState::Waived { by });

    // An ordinary user needs no capability to nest.
    let plan = planned(&facts(ANN), nesting());
    assert_eq!(state(&plan, "capabilities"), ProtectionState::Held);
}

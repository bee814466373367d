use std::path::PathBuf;

use super::Place::{Host, Unprivileged, UserNamespace};
use super::*;

fn check(call: Call, errno: Errno, place: Place, around: &Circumstances, expected: Option<Rule>) {
    let error = Error { call, errno, kernel_log: vec!["e tmpfs: Bad value".into()] };
    assert_eq!(diagnose_in(&error, place, around), expected, "{error}: {errno}, {place:?}");
}

fn new_user_namespace() -> Call {
    Call::Clone { namespaces: "NEWUSER|NEWNS".into() }
}

fn write(file: &str) -> Call {
    Call::WriteProc { file: format!("/proc/self/{file}"), text: String::new() }
}

#[test]
fn rules_of_mounts() {
    let clone = |reach| Call::CloneTree { from: PathBuf::from("/"), reach };
    let set = || {
        let (on, add) = (PathBuf::from("/"), eyot_sys::Attributes::default());
        Call::SetAttributes { on, add, reach: Reach::OneMount }
    };
    let new = |kind: &str, step: &str| Call::NewFilesystem { kind: kind.into(), step: step.into() };
    let attach = |kinds| Call::Attach { at: PathBuf::from("/usr"), kinds };
    let cases = [
        (clone(Reach::OneMount), Errno::INVAL, UserNamespace, Some(Rule::LockedTogether)),
        (clone(Reach::OneMount), Errno::INVAL, Host, None),
        (clone(Reach::WholeTree), Errno::PERM, Unprivileged, Some(Rule::NeedsPrivilege)),
        (clone(Reach::WholeTree), Errno::NOSPC, Host, Some(Rule::MountLimit)),
        (set(), Errno::PERM, UserNamespace, Some(Rule::LockedAttributes)),
        (set(), Errno::PERM, Host, None),
        (new("proc", "fsmount"), Errno::PERM, UserNamespace, Some(Rule::TooRevealing)),
        (new("proc", "fsopen"), Errno::PERM, Unprivileged, Some(Rule::NeedsPrivilege)),
        (new("ext4", "create"), Errno::PERM, UserNamespace, Some(Rule::FilesystemForRoot)),
        (new("tmpfs", "set noswap"), Errno::INVAL, UserNamespace, Some(Rule::BadParameter)),
        (new("overlay", "create"), Errno::INVAL, UserNamespace, Some(Rule::OverlayLayer)),
        (new("tmpfs", "create"), Errno::INVAL, UserNamespace, None),
        (attach(Kinds::Different), Errno::INVAL, Host, Some(Rule::MountPointKind)),
        (attach(Kinds::Alike), Errno::INVAL, Host, None),
        (attach(Kinds::Unknown), Errno::INVAL, Host, None),
        (attach(Kinds::Unknown), Errno::LOOP, Host, Some(Rule::NamespaceLoop)),
        (attach(Kinds::Unknown), Errno::NOSYS, Host, Some(Rule::UnknownCall)),
    ];
    for (call, errno, place, expected) in cases {
        check(call, errno, place, &Circumstances::default(), expected);
    }
}

#[test]
fn what_keeps_user_namespaces_away_is_read_and_not_guessed() {
    let cases = [
        (None, Rule::SecurityModule),
        (Some(Barrier::Unmapped), Rule::UnmappedCaller),
        (Some(Barrier::Chroot), Rule::ChrootedCaller),
        (Some(Barrier::Sysctl), Rule::UserNamespaceForbidden),
        (Some(Barrier::AppArmor), Rule::AppArmorRestriction),
        (Some(Barrier::View), Rule::NestedView),
        (Some(Barrier::Filter), Rule::FilteredNamespaces),
    ];
    for (barrier, expected) in cases {
        let around = Circumstances { barrier, ..Circumstances::default() };
        check(new_user_namespace(), Errno::PERM, UserNamespace, &around, Some(expected));
    }
    let switched_off = Circumstances {
        switched_off: Some("/proc/sys/user/max_user_namespaces".into()),
        ..Circumstances::default()
    };
    let none = Circumstances::default();
    let reached = Some(Rule::UserNamespaceLimit);
    check(new_user_namespace(), Errno::NOSPC, UserNamespace, &none, reached);
    let off = Some(Rule::NamespacesSwitchedOff);
    check(new_user_namespace(), Errno::NOSPC, UserNamespace, &switched_off, off);
}

#[test]
fn a_user_namespace_without_rights() {
    let apparmor = Circumstances { barrier: Some(Barrier::AppArmor), ..Circumstances::default() };
    let hidden = Circumstances { hidden_from_itself: true, ..Circumstances::default() };
    let none = Circumstances::default();
    for (file, errno, around, expected) in [
        ("setgroups", Errno::ACCESS, &apparmor, Rule::AppArmorRestriction),
        ("uid_map", Errno::ACCESS, &apparmor, Rule::AppArmorRestriction),
        ("uid_map", Errno::PERM, &apparmor, Rule::AppArmorRestriction),
        ("setgroups", Errno::ACCESS, &none, Rule::SecurityModule),
        ("setgroups", Errno::ACCESS, &hidden, Rule::UnreadableExecutable),
        ("setgroups", Errno::PERM, &none, Rule::SetgroupsDenied),
        ("uid_map", Errno::PERM, &none, Rule::UnmappedId),
    ] {
        check(write(file), errno, UserNamespace, around, Some(expected));
    }
}

#[test]
fn a_capability_is_named_missing_only_where_it_is() {
    let lacking = |number| Circumstances { lacking: vec![number], ..Circumstances::default() };
    let missing = Some(Rule::MissingCapability);
    let node = || Call::Make { what: MadeName::Device, at: PathBuf::from("null") };
    check(write("uid_map"), Errno::PERM, Host, &lacking(CAP_SETUID), missing);
    check(write("uid_map"), Errno::PERM, Host, &lacking(CAP_MKNOD), None);
    check(node(), Errno::PERM, Host, &lacking(CAP_MKNOD), missing);
    check(node(), Errno::PERM, Host, &lacking(CAP_SETUID), None);
    check(node(), Errno::PERM, UserNamespace, &lacking(CAP_MKNOD), None);
}

#[test]
fn every_rule_explains_itself_once() {
    let mut seen = Vec::new();
    for rule in Rule::ALL {
        let text = rule.explanation().rule;
        assert!(!seen.contains(&text), "{rule:?} says what another says");
        seen.push(text);
    }
}

#[test]
fn root_maps_itself_with_setfcap_only() {
    let map = |text: &str| Call::WriteProc { file: "/proc/self/uid_map".into(), text: text.into() };
    let around = Circumstances::default();
    check(map("0 0 1\n"), Errno::PERM, UserNamespace, &around, Some(Rule::RootNeedsSetfcap));
    check(map("0 1000 1\n"), Errno::PERM, UserNamespace, &around, Some(Rule::UnmappedId));
    check(map("0 0 1\n"), Errno::PERM, Host, &around, None);
}

#[test]
fn a_filter_is_named_where_there_is_one() {
    let name = || Call::Other { call: "sethostname(eyot)".into() };
    let behind = Circumstances { barrier: Some(Barrier::Filter), ..Circumstances::default() };
    check(name(), Errno::PERM, UserNamespace, &behind, Some(Rule::FilteredCall));
    check(Call::PivotRoot, Errno::PERM, Host, &behind, Some(Rule::FilteredCall));
    check(name(), Errno::PERM, UserNamespace, &Circumstances::default(), None);
    check(Call::PivotRoot, Errno::INVAL, Host, &behind, None);
}

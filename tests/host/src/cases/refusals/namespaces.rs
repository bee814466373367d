//! Namespaces and ids that cannot be had.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use expect_test::expect;
use eyot_launch::Rule;
use eyot_sys::{Errno, Handle, IdRange, LastLink, Namespaces};

use super::{has_rule, refused, steady};
use crate::case::{Outcome, cases};
use crate::executable::{AT, Said, said};
use crate::filter::{Answer, When, answer};

cases! {
    userns: user_namespaces_are_switched_off, network_namespaces_are_switched_off,
        the_limit_of_user_namespaces_is_reached, namespaces_are_nested_too_deep,
        the_caller_is_in_a_chroot, the_caller_has_no_ids, a_containers_filter_forbids, a_containers_filter_forbids_the_name,
        a_containers_filter_forbids_the_root, root_without_setfcap,
        a_view_in_a_view, a_view_in_a_view_that_allows_it, a_security_module_takes_the_rights,
        a_security_module_forbids, apparmor_takes_the_rights, a_sysctl_forbids, eyot_cannot_be_read, groups_cannot_be_changed,
        an_ordinary_user_maps_one_id, an_ordinary_user_has_no_view_without_user_namespace;
    root: an_id_outside_the_block, root_lacks_setuid, root_needs_no_mknod, root_lacks_chown,
        root_lacks_sys_chroot, root_lacks_net_admin, no_capability_may_undo_the_view,
        all_ids_are_in_use, the_run_directory_is_open_to_others;
}

const NEWUSER: u32 = 0x1000_0000;

fn user_namespaces_are_switched_off() -> Outcome {
    fs::write("/proc/sys/user/max_user_namespaces", "0")?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot make the view's namespaces
          kernel: clone(NEWUSER|NEWNS|NEWPID|NEWIPC|NEWUTS|NEWNET|NEWCGROUP)
          kernel: No space left on device (os error 28)
          rule: the administrator has switched namespaces off: a limit in /proc/sys/user is 0
                (namespaces(7), /proc/sys/user)
          try: run as root, or have max_user_namespaces and its neighbours there raised (sysctl user.max_user_namespaces)
    "#]],
    )
}

fn network_namespaces_are_switched_off() -> Outcome {
    fs::write("/proc/sys/user/max_net_namespaces", "0")?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot make the view's namespaces
          kernel: clone(NEWUSER|NEWNS|NEWPID|NEWIPC|NEWUTS|NEWNET|NEWCGROUP)
          kernel: No space left on device (os error 28)
          rule: the administrator has switched namespaces off: a limit in /proc/sys/user is 0
                (namespaces(7), /proc/sys/user)
          try: run as root, or have max_user_namespaces and its neighbours there raised (sysctl user.max_user_namespaces)
    "#]],
    )
}

fn the_limit_of_user_namespaces_is_reached() -> Outcome {
    // A view of an ordinary user has two, one in the other.
    fs::write("/proc/sys/user/max_user_namespaces", "1")?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot drop the view's rights
          kernel: unshare(NEWUSER)
          kernel: No space left on device (os error 28)
          rule: the limit of namespaces for this user is reached, or they are nested 32 deep
                (namespaces(7), /proc/sys/user; user_namespaces(7))
          try: raise the limits in /proc/sys/user (max_user_namespaces and its neighbours), or nest fewer
    "#]],
    )
}

fn namespaces_are_nested_too_deep() -> Outcome {
    let (uid, gid) = eyot_sys::effective_ids();
    let itself = |id| IdRange { inside: id, outside: id, count: 1 };
    while eyot_sys::unshare(Namespaces::USER).is_ok() {
        eyot_sys::map_own_ids(eyot_sys::open_own_proc()?, itself(uid), itself(gid))?;
    }
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot make the view's namespaces
          kernel: clone(NEWUSER|NEWNS|NEWPID|NEWIPC|NEWUTS|NEWNET|NEWCGROUP)
          kernel: No space left on device (os error 28)
          rule: the limit of namespaces for this user is reached, or they are nested 32 deep
                (namespaces(7), /proc/sys/user; user_namespaces(7))
          try: raise the limits in /proc/sys/user (max_user_namespaces and its neighbours), or nest fewer
    "#]],
    )
}

fn the_caller_is_in_a_chroot() -> Outcome {
    fs::create_dir("/tmp/root")?;
    for place in ["bin", "dev", "etc", "lib", "lib64", "proc", "sys", "tmp", "usr", "var"] {
        let Ok(from) = Handle::open(format!("/{place}").as_ref(), LastLink::Follow) else {
            continue;
        };
        let at = format!("/tmp/root/{place}");
        fs::create_dir(&at)?;
        let reach = eyot_sys::Reach::WholeTree;
        super::cover(eyot_sys::DetachedMount::clone_of(&from, at.as_ref(), reach)?, &at)?;
    }
    std::os::unix::fs::chroot("/tmp/root")?;
    std::env::set_current_dir("/")?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot make the view's namespaces
          kernel: clone(NEWUSER|NEWNS|NEWPID|NEWIPC|NEWUTS|NEWNET|NEWCGROUP)
          kernel: Operation not permitted (os error 1)
          rule: a process in a chroot cannot make a user namespace
                (user_namespaces(7); unshare(2), EPERM)
          try: start eyot outside the chroot, or as root
    "#]],
    )
}

fn the_caller_has_no_ids() -> Outcome {
    eyot_sys::unshare(Namespaces::USER)?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot make the view's namespaces
          kernel: clone(NEWUSER|NEWNS|NEWPID|NEWIPC|NEWUTS|NEWNET|NEWCGROUP)
          kernel: Operation not permitted (os error 1)
          rule: the user or group that runs eyot does not exist in the user namespace around it
                (user_namespaces(7); clone(2), EPERM)
          try: map the user in /proc/PID/uid_map and gid_map first (unshare --map-user)
    "#]],
    )
}

fn a_containers_filter_forbids() -> Outcome {
    let forbidden = Answer { call: "clone", when: When::Has(0, NEWUSER), errno: Errno::PERM };
    answer(&[Answer::unknown("clone3"), forbidden])?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot make the view's namespaces
          kernel: clone(NEWUSER|NEWNS|NEWPID|NEWIPC|NEWUTS|NEWNET|NEWCGROUP)
          kernel: Operation not permitted (os error 1)
          rule: a system-call filter around eyot, as container engines put one, refuses new namespaces
                (seccomp(2); 'Seccomp' in /proc/self/status is 2)
          try: start the container with a filter that lets namespaces pass (docker and podman: --security-opt seccomp=FILE)
    "#]],
    )
}

fn a_view_in_a_view() -> Outcome {
    let eyot = format!("{AT}:/eyot");
    refused(
        ["run", "--ro", &eyot, "--", "/eyot", "run", "true"],
        &expect![[r#"
        error: cannot make the view's namespaces
          kernel: clone(NEWUSER|NEWNS|NEWPID|NEWIPC|NEWUTS|NEWNET|NEWCGROUP)
          kernel: Operation not permitted (os error 1)
          rule: eyot runs inside a view, whose filter refuses new namespaces
                (seccomp(2); PID 1 here is eyot)
          try: say --allow nesting to the eyot around this one
    "#]],
    )
}

fn a_view_in_a_view_that_allows_it() -> Outcome {
    let eyot = format!("{AT}:/eyot");
    let words = ["run", "--allow", "nesting", "--ro", &eyot, "--", "/eyot", "run", "echo", "inner"];
    assert_eq!(crate::executable::eyot(words)?.fine()?, "inner\n");
    Ok(())
}

/// AppArmor lets the namespace be made and then takes the capabilities in it, so that its files do not open for writing.
fn a_security_module_takes_the_rights() -> Outcome {
    const WRITE_ONLY: u32 = 1;
    let when = When::Has(2, WRITE_ONLY);
    answer(&[Answer { call: "openat", when, errno: Errno::ACCESS }])?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot map the caller's ids
          kernel: write(/proc/self/setgroups, "deny")
          kernel: Permission denied (os error 13)
          rule: a security module (AppArmor, SELinux or a BPF program) refuses user namespaces, or takes the rights in them
                (user_namespaces(7); apparmor(7); /sys/kernel/security/lsm names the modules)
          try: look for the refusal in the audit log (journalctl -k), and have its policy let eyot pass
    "#]],
    )
}

/// The answer of a security module's hook, which no filter shows: this process has one, so the library is asked.
fn a_security_module_forbids() -> Outcome {
    let call = eyot_sys::Call::Clone { namespaces: "NEWUSER".into() };
    has_rule(&call.failed(Errno::PERM), Rule::SecurityModule);
    Ok(())
}

/// A machine whose `/proc/sys/kernel` has this file: neither exists here.
fn with_sysctl(name: &str, value: &str) -> Outcome {
    super::mount_new("tmpfs", "/proc/sys/kernel", &[], eyot_sys::Attributes::DATA)?;
    fs::write(format!("/proc/sys/kernel/{name}"), value)?;
    Ok(())
}

fn apparmor_takes_the_rights() -> Outcome {
    with_sysctl("apparmor_restrict_unprivileged_userns", "1\n")?;
    const WRITE_ONLY: u32 = 1;
    let when = When::Has(2, WRITE_ONLY);
    answer(&[Answer { call: "openat", when, errno: Errno::ACCESS }])?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot map the caller's ids
          kernel: write(/proc/self/setgroups, "deny")
          kernel: Permission denied (os error 13)
          rule: AppArmor takes the rights of user namespaces from programs that have no profile allowing them
                (sysctl kernel.apparmor_restrict_unprivileged_userns is 1 (Ubuntu 23.10 and newer))
          try: install an AppArmor profile for eyot that has the rule 'userns,', or run as root
    "#]],
    )
}

fn a_sysctl_forbids() -> Outcome {
    with_sysctl("unprivileged_userns_clone", "0\n")?;
    let forbidden = Answer { call: "clone", when: When::Has(0, NEWUSER), errno: Errno::PERM };
    answer(&[Answer::unknown("clone3"), forbidden])?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot make the view's namespaces
          kernel: clone(NEWUSER|NEWNS|NEWPID|NEWIPC|NEWUTS|NEWNET|NEWCGROUP)
          kernel: Operation not permitted (os error 1)
          rule: this machine lets only privileged users make user namespaces
                (sysctl kernel.unprivileged_userns_clone is 0 (Debian, Arch))
          try: run as root, or have the administrator set it to 1
    "#]],
    )
}

fn eyot_cannot_be_read() -> Outcome {
    fs::copy(AT, "/tmp/home/eyot")?;
    fs::set_permissions("/tmp/home/eyot", fs::Permissions::from_mode(0o111))?;
    // The shell has no capabilities, with which the file could be read.
    let text = said(Command::new("sh").args(["-c", "exec /tmp/home/eyot run true"]))?.refusal()?;
    expect![[r#"
        error: cannot map the caller's ids
          kernel: write(/proc/self/setgroups, "deny")
          kernel: Permission denied (os error 13)
          rule: the user may run eyot but not read its file, so the kernel keeps its own /proc files from it
                (PR_SET_DUMPABLE(2const); proc_pid(5))
          try: make the file readable (chmod a+r)
    "#]].assert_eq(&text);
    Ok(())
}

fn groups_cannot_be_changed() -> Outcome {
    has_rule(&eyot_sys::drop_groups().expect_err("the groups are gone"), Rule::SetgroupsDenied);
    Ok(())
}

fn an_ordinary_user_maps_one_id() -> Outcome {
    eyot_sys::unshare(Namespaces::USER)?;
    let foreign = IdRange { inside: 0, outside: 1000, count: 1 };
    let refused = eyot_sys::map_own_ids(eyot_sys::open_own_proc()?, foreign, foreign);
    has_rule(&refused.expect_err("a foreign id was mapped"), Rule::UnmappedId);
    Ok(())
}

fn an_ordinary_user_has_no_view_without_user_namespace() -> Outcome {
    refused(
        ["run", "--user", "host", "true"],
        &expect![[r#"
        error: without a user namespace only root can make a view (asked by flag --user)
    "#]],
    )
}

fn an_id_outside_the_block() -> Outcome {
    refused(
        ["run", "--uid", "100000", "true"],
        &expect![[r#"
        error: cannot drop the view's rights
          kernel: setresuid/setresgid(100000, 0)
          kernel: Invalid argument (os error 22)
          rule: a view has 65536 ids, from 0 to 65535, and the kernel knows no others there
                (user_namespaces(7), Defining user and group ID mappings; setresuid(2), EINVAL)
          try: choose a --uid and --gid below 65536
    "#]],
    )
}

/// What eyot says as root without one capability.
fn without(capability: &str, words: &[&str]) -> std::io::Result<Said> {
    let less = format!("-{capability}");
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set", &less, "--inh-caps", &less, AT, "run"]);
    said(command.args(words))
}

fn root_lacks_setuid() -> Outcome {
    let text = without("setuid", &["true"])?.refusal()?;
    // The numbers are those of a process and of a block of ids.
    let text: Vec<&str> = text.lines().filter(|line| !line.contains("/uid_map")).collect();
    let text = text.join("\n") + "\n";
    expect![[r#"
        error: cannot make the view's user namespace
          kernel: Operation not permitted (os error 1)
          rule: root lacks a capability here that the call needs
                (capabilities(7): SETUID and SETGID for maps of ids, MKNOD for devices, CHOWN for owners, SYS_ADMIN and SYS_CHROOT for namespaces, NET_ADMIN for interfaces)
          try: have whatever started eyot leave it (for a container --cap-add), or run eyot as an ordinary user
    "#]].assert_eq(&text);
    Ok(())
}

/// A device is bound where no node can be made.
fn root_needs_no_mknod() -> Outcome {
    assert_eq!(
        without("mknod", &["sh", "-c", "echo text >/dev/null; echo fine"])?.fine()?,
        "fine\n"
    );
    Ok(())
}

fn root_without_setfcap() -> Outcome {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "setpriv", "--bounding-set", "-all"]);
    let said = said(command.args(["--inh-caps", "-all", AT, "run", "true"]))?;
    expect![[r#"
        error: cannot map the caller's ids
          kernel: write(/proc/self/uid_map, "0 0 1\n")
          kernel: Operation not permitted (os error 1)
          rule: user id 0 can be mapped into a new user namespace only by who has CAP_SETFCAP, and this root has not
                (user_namespaces(7), Defining user and group ID mappings, since Linux 5.12)
          try: start eyot as a user other than root, or leave root this capability
    "#]].assert_eq(&steady(&said.refusal()?));
    Ok(())
}

fn a_containers_filter_forbids_the_name() -> Outcome {
    answer(&[Answer { call: "sethostname", when: When::Always, errno: Errno::PERM }])?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot set the view's namespaces up
          kernel: sethostname(eyot)
          kernel: Operation not permitted (os error 1)
          rule: the kernel itself allows this here, but a system-call filter around eyot, as container engines put one, refuses it
                (seccomp(2); 'Seccomp' in /proc/self/status is 2)
          try: start the container with a filter that lets namespaces and mounts pass (docker and podman: --security-opt seccomp=FILE)
    "#]],
    )
}

fn a_containers_filter_forbids_the_root() -> Outcome {
    answer(&[Answer { call: "pivot_root", when: When::Always, errno: Errno::PERM }])?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot enter the view
          kernel: pivot_root
          kernel: Operation not permitted (os error 1)
          rule: the kernel itself allows this here, but a system-call filter around eyot, as container engines put one, refuses it
                (seccomp(2); 'Seccomp' in /proc/self/status is 2)
          try: start the container with a filter that lets namespaces and mounts pass (docker and podman: --security-opt seccomp=FILE)
    "#]],
    )
}

fn root_lacks_chown() -> Outcome {
    expect![[r#"
        error: cannot mount 'scratch /dev/shm rw' (entry N of N)
          kernel: fchownat(2)
          kernel: Operation not permitted (os error 1)
          rule: root lacks a capability here that the call needs
                (capabilities(7): SETUID and SETGID for maps of ids, MKNOD for devices, CHOWN for owners, SYS_ADMIN and SYS_CHROOT for namespaces, NET_ADMIN for interfaces)
          try: have whatever started eyot leave it (for a container --cap-add), or run eyot as an ordinary user
    "#]].assert_eq(&steady(&without("chown", &["true"])?.refusal()?));
    Ok(())
}

fn root_lacks_sys_chroot() -> Outcome {
    // Entering the nursery needs it; where there is none yet, a start does without.
    crate::executable::eyot(["run", "true"])?.fine()?;
    expect![[r#"
        error: cannot copy the nursery
          kernel: setns(NEWNS)
          kernel: Operation not permitted (os error 1)
          rule: root lacks a capability here that the call needs
                (capabilities(7): SETUID and SETGID for maps of ids, MKNOD for devices, CHOWN for owners, SYS_ADMIN and SYS_CHROOT for namespaces, NET_ADMIN for interfaces)
          try: have whatever started eyot leave it (for a container --cap-add), or run eyot as an ordinary user
    "#]].assert_eq(&steady(&without("sys_chroot", &["true"])?.refusal()?));
    Ok(())
}

fn root_lacks_net_admin() -> Outcome {
    let words = ["--net", "loopback", "true"];
    expect![[r#"
        error: cannot set the view's namespaces up
          kernel: ioctl(lo, SIOCSIFFLAGS, IFF_UP)
          kernel: Operation not permitted (os error 1)
          rule: root lacks a capability here that the call needs
                (capabilities(7): SETUID and SETGID for maps of ids, MKNOD for devices, CHOWN for owners, SYS_ADMIN and SYS_CHROOT for namespaces, NET_ADMIN for interfaces)
          try: have whatever started eyot leave it (for a container --cap-add), or run eyot as an ordinary user
    "#]].assert_eq(&steady(&without("net_admin", &words)?.refusal()?));
    Ok(())
}

fn no_capability_may_undo_the_view() -> Outcome {
    refused(
        ["run", "--user", "host", "--cap", "CAP_SYS_ADMIN", "true"],
        &expect![[r#"
        error: CAP_SYS_ADMIN without a user namespace can undo the whole view (asked by flag --user)
    "#]],
    )
}

fn all_ids_are_in_use() -> Outcome {
    for file in ["/etc/subuid", "/etc/subgid"] {
        let own = format!("/tmp/home/{}", file.trim_start_matches("/etc/"));
        fs::write(&own, "eyot:300000:65536\n")?;
        let from = Handle::open(own.as_ref(), LastLink::Follow)?;
        let reach = eyot_sys::Reach::OneMount;
        super::cover(eyot_sys::DetachedMount::clone_of(&from, own.as_ref(), reach)?, file)?;
    }
    let (told, tells) = std::io::pipe()?;
    let mut first = Command::new(AT);
    first.args(["run", "sh", "-c", "echo; read end"]).stdin(std::process::Stdio::piped());
    let mut first = first.stdout(tells).spawn()?;
    std::io::Read::read_exact(&mut &told, &mut [0])?;
    let second = refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot take a block of ids
          rule: all 1 blocks of ids are in use
          try: end some views, or give 'eyot' a larger range in /etc/subuid and /etc/subgid
    "#]],
    );
    drop(first.stdin.take());
    first.wait()?;
    second?;
    crate::executable::eyot(["run", "true"])?.fine()?;
    Ok(())
}

fn the_run_directory_is_open_to_others() -> Outcome {
    fs::create_dir("/run/eyot")?;
    fs::set_permissions("/run/eyot", fs::Permissions::from_mode(0o777))?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot make the view's user namespace
          kernel: use /run/eyot: not a directory that only root can write
          kernel: Operation not permitted (os error 1)
          rule: others can write where root's locks lie, and could have put anything there
                (the directory must be root's and writable by root alone)
          try: look who made it, then give it back to root (chown root, chmod 755)
    "#]],
    )
}

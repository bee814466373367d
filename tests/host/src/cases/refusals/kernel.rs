//! Calls that an older kernel, or a container's filter, does not know.
//!
//! Each is answered with ENOSYS: either a fallback works, and is seen to work, or the view is refused by name.

use expect_test::expect;
use eyot_sys::Errno;

use super::refused;
use crate::case::{Outcome, cases};
use crate::executable::eyot;
use crate::filter::{Answer, When, answer};

cases! {
    userns: without_clone3, without_statx, without_faccessat2, without_landlock,
        without_openat2, without_close_range, without_mount_setattr, without_open_tree,
        without_move_mount, without_fsopen, without_fsconfig, without_fsmount, without_seccomp,
        without_seccomp_by_the_users_word, without_pidfds, without_landlock_on_the_hosts_network,
        without_landlock_by_the_users_word, without_layers_by_descriptor;
    root: root_without_clone3, root_without_openat2, root_without_close_range,
        root_without_mount_setattr, root_without_open_tree, root_without_move_mount,
        root_without_fsopen, root_without_seccomp, root_without_pidfds,
        root_without_layers_by_descriptor;
}

/// The view works as ever.
fn works_without(calls: &[&'static str]) -> Outcome {
    let answers: Vec<Answer> = calls.iter().map(|call| Answer::unknown(call)).collect();
    answer(&answers)?;
    let out = eyot(["run", "sh", "-c", "echo $$; touch /usr/x 2>/dev/null || echo closed"])?;
    assert_eq!(out.fine()?, "2\nclosed\n");
    Ok(())
}

/// The view is refused, nothing has run, and the text names what was missing.
fn refuses_without(call: &'static str, named: &str) -> Outcome {
    answer(&[Answer::unknown(call)])?;
    let text = eyot(["run", "true"])?.refusal()?;
    assert!(text.contains(&format!("  kernel: {named}")), "{text}");
    assert!(text.contains("Function not implemented (os error 38)"), "{text}");
    assert!(text.contains("does not know this call\n        (syscalls(2), ENOSYS)"), "{text}");
    assert!(text.contains("  try: "), "{text}");
    Ok(())
}

fn without_clone3() -> Outcome {
    works_without(&["clone3"])
}

fn without_statx() -> Outcome {
    works_without(&["statx"])
}

fn without_faccessat2() -> Outcome {
    works_without(&["faccessat2"])
}

/// Own namespaces of network and processes close what Landlock's scopes would.
fn without_landlock() -> Outcome {
    works_without(&["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"])
}

fn without_openat2() -> Outcome {
    refuses_without("openat2", "openat2(")
}

fn without_close_range() -> Outcome {
    refuses_without("close_range", "close_range(")
}

fn without_mount_setattr() -> Outcome {
    refuses_without("mount_setattr", "mount_setattr(")
}

fn without_open_tree() -> Outcome {
    refuses_without("open_tree", "open_tree(")
}

fn without_move_mount() -> Outcome {
    refuses_without("move_mount", "move_mount(")
}

fn without_fsopen() -> Outcome {
    refuses_without("fsopen", "tmpfs: fsopen")
}

fn without_fsconfig() -> Outcome {
    refuses_without("fsconfig", "tmpfs: set ")
}

fn without_fsmount() -> Outcome {
    refuses_without("fsmount", "tmpfs: fsmount")
}

fn without_seccomp() -> Outcome {
    answer(&[Answer::unknown("seccomp")])?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: protection 'seccomp' is missing: the kernel takes no filters of system calls; --allow-missing=seccomp accepts a view without it (asked by profile run)
    "#]],
    )
}

fn without_seccomp_by_the_users_word() -> Outcome {
    answer(&[Answer::unknown("seccomp")])?;
    eyot(["run", "--allow-missing", "seccomp", "true"])?.fine()?;
    Ok(())
}

/// A process is known by the descriptor that its making gave, so neither call is needed for a start.
fn without_pidfds() -> Outcome {
    works_without(&["pidfd_open", "pidfd_send_signal", "pidfd_getfd"])
}

fn without_landlock_on_the_hosts_network() -> Outcome {
    answer(&[Answer::unknown("landlock_create_ruleset")])?;
    refused(
        ["run", "--net", "host", "true"],
        &expect![[r#"
        error: protection 'landlock' is missing: the kernel has no Landlock; abstract sockets reach the host; --allow-missing=landlock accepts a view without it (asked by flag --net)
    "#]],
    )
}

fn without_landlock_by_the_users_word() -> Outcome {
    answer(&[Answer::unknown("landlock_create_ruleset")])?;
    eyot(["run", "--net", "host", "--allow-missing", "landlock", "true"])?.fine()?;
    Ok(())
}

/// Before Linux 6.13 overlay takes its layers by name only. FSCONFIG_SET_FD is 5.
fn without_layers_by_descriptor() -> Outcome {
    answer(&[Answer { call: "fsconfig", when: When::Is(1, 5), errno: Errno::INVAL }])?;
    for (name, text) in [("low", "low\n"), ("high", "high\n")] {
        std::fs::create_dir(name)?;
        std::fs::write(format!("{name}/{name}"), text)?;
    }
    std::fs::create_dir("kept")?;
    if eyot_sys::effective_ids().0 == 0 {
        for place in ["kept", "low", "high", "low/low", "high/high"] {
            std::os::unix::fs::chown(place, Some(1000), Some(1000))?;
        }
    }
    let home = |layers: &str| layers.replace('~', "/tmp/home/");
    let script = "cat /x/low /x/high; echo new > /x/low; cat /x/low";
    let both = home("~high:~low:/x");
    assert_eq!(eyot(["run", "--overlay", &both, "sh", "-c", script])?.fine()?, "low\nhigh\nnew\n");
    let read_only = format!("{both}:ro");
    let written = eyot(["run", "--overlay", &read_only, "sh", "-c", "echo new > /x/low"])?;
    assert!(written.err.contains("Read-only file system"), "{written:?}");
    if eyot_sys::effective_ids().0 == 0 {
        return Ok(());
    }
    let kept = home("~low:/x:upper=~kept");
    let script = "echo new > /x/low; cat /x/low";
    assert_eq!(eyot(["run", "--overlay", &kept, "sh", "-c", script])?.fine()?, "new\n");
    assert_eq!(std::fs::read_to_string("kept/upper/low")?, "new\n");
    assert_eq!(std::fs::read_to_string("low/low")?, "low\n");
    Ok(())
}

fn root_without_clone3() -> Outcome {
    without_clone3()
}

fn root_without_openat2() -> Outcome {
    without_openat2()
}

fn root_without_close_range() -> Outcome {
    without_close_range()
}

fn root_without_mount_setattr() -> Outcome {
    without_mount_setattr()
}

fn root_without_open_tree() -> Outcome {
    without_open_tree()
}

fn root_without_move_mount() -> Outcome {
    without_move_mount()
}

fn root_without_fsopen() -> Outcome {
    without_fsopen()
}

fn root_without_seccomp() -> Outcome {
    without_seccomp()
}

fn root_without_pidfds() -> Outcome {
    without_pidfds()
}

fn root_without_layers_by_descriptor() -> Outcome {
    without_layers_by_descriptor()
}

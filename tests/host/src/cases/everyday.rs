//! What can be odd about whoever starts eyot, and how the end of a command is told.

use std::process::Command;

use crate::case::{Outcome, cases};
use crate::executable::{AT, Said, eyot, said};

cases! {
    userns: descriptors_may_be_closed, a_deleted_directory_is_no_obstacle, home_may_be_odd,
        a_strict_umask_hides_nothing, exit_statuses_pass, signals_end_the_command,
        a_closed_pipe_ends_the_command, what_the_caller_ignores_stays_ignored, ignored_children_are_waited_for,
        orphans_are_reaped, what_stays_behind_ends_with_the_view, a_thousand_children,
        few_descriptors_are_explained, nobodys_id_has_a_name,
        other_descriptors_stay_outside, a_directory_is_no_way_out;
    root: roots_ignored_children_are_waited_for, root_ends_with_signals_too;
}

/// Runs a shell script outside, in which `$EYOT` is the command.
fn shell(script: &str) -> std::io::Result<Said> {
    said(Command::new("bash").args(["-c", script]).env("EYOT", AT))
}

fn ends_with(code: i32, script: &str) {
    let said = shell(script).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(said.code, Some(code), "{script}: {said:?}");
}

fn descriptors_may_be_closed() -> Outcome {
    ends_with(0, "$EYOT run true <&-");
    ends_with(0, "$EYOT run true >&-");
    ends_with(7, "$EYOT run sh -c 'exit 7' <&- >&- 2>&-");
    // Nothing of eyot's own may take the place of what was closed.
    let said = shell("$EYOT run sh -c 'ls /proc/self/fd' <&-")?.fine()?;
    assert_eq!(said, "0\n1\n2\n3\n");
    let said = shell("$EYOT run sh -c 'readlink /proc/$$/fd/0' <&-")?.fine()?;
    assert_eq!(said, "/dev/null\n");
    Ok(())
}

fn a_deleted_directory_is_no_obstacle() -> Outcome {
    ends_with(0, "mkdir /tmp/gone; cd /tmp/gone; rmdir /tmp/gone; $EYOT run true");
    Ok(())
}

fn home_may_be_odd() -> Outcome {
    for home in ["-u HOME", "HOME=/", "HOME=relative", "HOME=/nonexistent", "HOME=/usr", "HOME="] {
        ends_with(0, &format!("env {home} $EYOT run true"));
    }
    ends_with(0, "HOME=/nonexistent $EYOT run sh -c 'touch ~/file'");
    Ok(())
}

fn a_strict_umask_hides_nothing() -> Outcome {
    ends_with(
        0,
        "umask 077; $EYOT run sh -c 'ls / /etc /dev /tmp && cat /etc/passwd && touch /tmp/x'",
    );
    Ok(())
}

fn exit_statuses_pass() -> Outcome {
    for code in [0, 1, 2, 100, 125, 126, 127, 128, 200, 255] {
        ends_with(code, &format!("$EYOT run sh -c 'exit {code}'"));
    }
    ends_with(127, "$EYOT run no-such-program");
    ends_with(126, "$EYOT run /etc/passwd");
    ends_with(126, "$EYOT run /usr");
    ends_with(139, "$EYOT run sh -c 'kill -SEGV $$'");
    Ok(())
}

fn signals_end_the_command() -> Outcome {
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("USR1", 138)] {
        ends_with(code, &format!("$EYOT run sleep 9 & sleep 0.3; kill -{signal} $!; wait $!"));
    }
    // In the background of a shell without job control INT is ignored from the start.
    ends_with(130, "set -m; $EYOT run sleep 9 & sleep 0.3; kill -INT $!; wait $!");
    ends_with(124, "timeout 0.5 $EYOT run sleep 9");
    Ok(())
}

fn root_ends_with_signals_too() -> Outcome {
    signals_end_the_command()
}

fn a_closed_pipe_ends_the_command() -> Outcome {
    ends_with(141, "$EYOT run yes | head -1; exit ${PIPESTATUS[0]}");
    Ok(())
}

fn what_the_caller_ignores_stays_ignored() -> Outcome {
    ends_with(0, "nohup $EYOT run sleep 1 & sleep 0.3; kill -HUP $!; wait $!");
    Ok(())
}

fn ignored_children_are_waited_for() -> Outcome {
    ends_with(5, "trap '' CHLD; exec $EYOT run sh -c 'exit 5'");
    Ok(())
}

fn roots_ignored_children_are_waited_for() -> Outcome {
    ignored_children_are_waited_for()
}

fn orphans_are_reaped() -> Outcome {
    let leave = "for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.1 &); done; sleep 0.5; ps -e -o stat=";
    let states = eyot(["run", "sh", "-c", leave])?.fine()?;
    assert!(!states.contains('Z'), "{states}");
    Ok(())
}

fn what_stays_behind_ends_with_the_view() -> Outcome {
    let begun = std::time::Instant::now();
    ends_with(0, "$EYOT run sh -c 'sleep 60 & setsid sleep 60 & exit 0'");
    assert!(begun.elapsed().as_secs() < 30);
    Ok(())
}

fn a_thousand_children() -> Outcome {
    let script = "for i in $(seq 1000); do sleep 1 & done; wait; ps -e -o pid= | wc -l";
    let left = eyot(["run", "bash", "-c", script])?.fine()?;
    assert_eq!(left.trim(), "4", "init, bash, ps and wc");
    Ok(())
}

fn few_descriptors_are_explained() -> Outcome {
    ends_with(0, "ulimit -n 64; $EYOT run true");
    let said = shell("ulimit -n 16; $EYOT run true")?.refusal()?;
    assert!(said.contains("Too many open files"), "{said}");
    Ok(())
}

fn nobodys_id_has_a_name() -> Outcome {
    let said = eyot(["run", "sh", "-c", "test \"$(whoami)\" = \"$USER\" && test -d \"$HOME\""])?;
    said.fine()?;
    Ok(())
}

fn other_descriptors_stay_outside() -> Outcome {
    let said = shell("exec 9</etc/passwd; $EYOT run ls /proc/self/fd")?.fine()?;
    assert_eq!(said, "0\n1\n2\n3\n");
    Ok(())
}

/// From a directory of the host `..` reaches the whole host.
fn a_directory_is_no_way_out() -> Outcome {
    for script in ["$EYOT run true </tmp", "$EYOT run --keep-fd 7 true 7</tmp"] {
        let refused = shell(script)?.refusal()?;
        assert!(refused.contains("it is a directory of the host"), "{script}: {refused}");
    }
    Ok(())
}

//! Limits that are reached.

use std::process::Command;

use expect_test::expect;

use super::{refused, steady};
use crate::case::{Outcome, cases};
use crate::executable::{AT, said};

cases! {
    userns: no_process_is_left, no_process_is_left_for_the_command, no_descriptor_is_left,
        no_descriptor_is_left_for_the_view, more_than_the_hard_limit;
    root: no_descriptor_is_left_for_roots_view;
}

fn limited(limit: &str, words: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
    Ok(said(Command::new("prlimit").args([limit, AT, "run"]).args(words))?.refusal()?)
}

fn no_process_is_left() -> Outcome {
    expect![[r#"
        error: cannot make the view's namespaces
          kernel: clone(NEWUSER|NEWNS|NEWPID|NEWIPC|NEWUTS|NEWNET|NEWCGROUP)
          kernel: Resource temporarily unavailable (os error 11)
          rule: the limit of processes is reached
                (fork(2), EAGAIN: RLIMIT_NPROC, pids.max, kernel.pid_max)
          try: end some processes, or raise the limit (ulimit -u, pids.max of the control group)
    "#]]
    .assert_eq(&steady(&limited("--nproc=1", &["true"])?));
    Ok(())
}

fn no_process_is_left_for_the_command() -> Outcome {
    // The test, eyot and the view's init.
    expect![[r#"
        error: cannot start the command
          kernel: clone()
          kernel: Resource temporarily unavailable (os error 11)
          rule: the limit of processes is reached
                (fork(2), EAGAIN: RLIMIT_NPROC, pids.max, kernel.pid_max)
          try: end some processes, or raise the limit (ulimit -u, pids.max of the control group)
    "#]]
    .assert_eq(&steady(&limited("--nproc=3", &["true"])?));
    Ok(())
}

fn no_descriptor_is_left() -> Outcome {
    expect![[r#"
        error: '/dev/full' cannot be looked up, which 'device /dev/full rw' (profile run) needs: Too many open files (os error 24): the limit of open descriptors is reached; raise it (ulimit -n), or bind fewer paths
    "#]].assert_eq(&steady(&limited("--nofile=6", &["true"])?));
    Ok(())
}

/// Wherever the limit strikes, the text names it and nothing has run.
fn every_shortage_is_named() -> Outcome {
    let mut steps = std::collections::BTreeSet::new();
    for limit in 4..200 {
        let said =
            said(Command::new("prlimit").args([&format!("--nofile={limit}"), AT, "run", "true"]))?;
        if said.code == Some(0) {
            assert!(steps.len() >= 2, "{steps:?}");
            return Ok(());
        }
        let text = said.refusal()?;
        assert!(text.contains("the limit of open descriptors is reached"), "{limit}: {text}");
        assert!(text.contains("raise it (ulimit -n)"), "{limit}: {text}");
        steps.insert(text);
    }
    Err("200 descriptors are not enough".into())
}

fn no_descriptor_is_left_for_the_view() -> Outcome {
    every_shortage_is_named()
}

fn no_descriptor_is_left_for_roots_view() -> Outcome {
    every_shortage_is_named()
}

fn more_than_the_hard_limit() -> Outcome {
    refused(
        ["run", "--open-files", "99999999", "true"],
        &expect![[r#"
        error: cannot set the limits
          kernel: setrlimit(RLIMIT_NOFILE, 99999999)
          kernel: Operation not permitted (os error 1)
          rule: a limit can be raised up to the hard limit only, and eyot was started with a lower one
                (setrlimit(2), EPERM)
          try: ask for less, or raise the hard limit before eyot starts (ulimit -H, LimitNOFILE= of a unit)
    "#]],
    )
}

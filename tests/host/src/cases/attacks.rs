//! What a hostile command, tree or project tries, and what must become of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::case::{Outcome, cases};
use crate::executable::{AT, eyot, said};

cases! {
    userns: a_project_is_made_no_repository, nor_is_one_whose_repository_is_spoilt, the_callers_command_line_is_not_shown,
        the_callers_keys_stay_outside, a_command_that_shares_pids_ends_with_eyot,
        links_in_a_root_lead_nowhere_else, no_link_is_left_in_a_tree_of_the_host;
    root: root_makes_no_repository_either, init_forgets_the_callers_environment,
        a_block_of_ids_keeps_no_keys, capabilities_that_undo_the_view_are_refused,
        roots_command_that_shares_pids_ends_with_eyot, roots_view_of_a_tree_has_devices,
        no_command_of_a_view_poses_as_its_supervisor;
}

/// Git takes a directory with HEAD, objects and refs for a repository and obeys its config.
fn a_project_is_made_no_repository() -> Outcome {
    fs::create_dir("/tmp/project")?;
    std::env::set_current_dir("/tmp/project")?;
    let plant = "mkdir objects; echo 'ref: refs/heads/main' > HEAD; echo '[core]' > config; \
                 git rev-parse --git-dir || mkdir refs";
    let run = eyot(["run", "--profile", "agent", "--", "sh", "-c", plant])?;
    assert_ne!(run.code, Some(0), "{run:?}");
    assert!(fs::exists("HEAD")? && !fs::exists("refs")?);
    Ok(())
}

/// Where `.git` is none any more, git looks at the directory itself.
fn nor_is_one_whose_repository_is_spoilt() -> Outcome {
    fs::create_dir_all("/tmp/project/.git")?;
    std::env::set_current_dir("/tmp/project")?;
    fs::write(".git/HEAD", "ref: refs/heads/main")?;
    let run = eyot(["run", "--profile", "agent", "--", "sh", "-c", "rm .git/HEAD; mkdir refs"])?;
    assert_ne!(run.code, Some(0), "{run:?}");
    assert!(!fs::exists(".git/HEAD")? && !fs::exists("refs")?);
    Ok(())
}

fn root_makes_no_repository_either() -> Outcome {
    fs::create_dir("/tmp/project")?;
    std::os::unix::fs::chown("/tmp/project", Some(1000), Some(1000))?;
    std::env::set_current_dir("/tmp/project")?;
    let run = eyot(["run", "--profile", "agent", "--", "sh", "-c", "touch made; mkdir refs"])?;
    assert_ne!(run.code, Some(0), "{run:?}");
    assert!(fs::exists("made")? && !fs::exists("refs")?);
    Ok(())
}

fn the_callers_command_line_is_not_shown() -> Outcome {
    let out = eyot(["run", "--env", "A=canary", "--", "cat", "/proc/1/cmdline"])?.fine()?;
    assert_eq!(out.trim_matches('\0'), "");
    Ok(())
}

fn init_forgets_the_callers_environment() -> Outcome {
    let mut run = Command::new(AT);
    let mut view = run.args(["run", "sleep", "50"]).env("CANARY", "seen").spawn()?;
    let init = wait_for(|| child_of(view.id()).filter(|init| child_of(*init).is_some()))?;
    let forgotten = || {
        let environment = fs::read(format!("/proc/{init}/environ")).ok()?;
        environment.iter().all(|byte| *byte == 0).then_some(())
    };
    let outcome = wait_for(forgotten);
    end(&mut view)?;
    outcome
}

/// A key ring is had by inheriting it: neither another user id nor a user namespace takes it away.
fn the_callers_keys_stay_outside() -> Outcome {
    // x86-64's numbers of keyctl(2) and add_key(2).
    let ask = "import ctypes; c = ctypes.CDLL(None); b = ctypes.create_string_buffer(99); \
               k = c.syscall(250, 10, -3, b'user', b'canary', 0); \
               print(k if k < 0 else b[:c.syscall(250, 11, k, b, 99)])";
    let keep = "import ctypes, os, sys; c = ctypes.CDLL(None); c.syscall(250, 1, None); \
                k = c.syscall(248, b'user', b'canary', b'secret', 6, -3); print(k > 0, flush=True); \
                os.execv(sys.argv[1], sys.argv[1:])";
    let python = "/usr/bin/python3";
    let shown = |words: &[&str]| -> Result<String, Box<dyn std::error::Error>> {
        Ok(said(Command::new(python).arg("-c").arg(keep).args(words))?.fine()?)
    };
    // The caller has the key, and only its view has not.
    assert_eq!(shown(&[python, "-c", ask])?, "True\nb'secret'\n");
    for opened in [["--allow", "keyctl"], ["--seccomp", "off"]] {
        let words = [AT, "run", opened[0], opened[1], "--", python, "-c", ask];
        assert_eq!(shown(&words)?, "True\n-1\n", "{opened:?}");
    }
    Ok(())
}

fn a_block_of_ids_keeps_no_keys() -> Outcome {
    the_callers_keys_stay_outside()
}

fn capabilities_that_undo_the_view_are_refused() -> Outcome {
    eyot(["run", "--user", "host", "--cap", "sys_ptrace", "true"])?.refusal()?;
    let off = ["run", "--user", "host", "--cap", "dac_read_search", "--seccomp", "off", "true"];
    eyot(off)?.refusal()?;
    // With the border of a user namespace it reaches the view's own processes only, and not init.
    let look = ["run", "--cap", "sys_ptrace", "--", "cat", "/proc/1/environ"];
    assert_eq!(eyot(look)?.out, "");
    Ok(())
}

fn a_command_that_shares_pids_ends_with_eyot() -> Outcome {
    let mut run = Command::new(AT);
    let mut view = run.args(["run", "--share", "pid", "sleep", "50"]).process_group(0).spawn()?;
    let command = wait_for(|| child_of(view.id()).and_then(child_of).filter(|pid| sleeps(*pid)))?;
    end(&mut view)?;
    wait_for(|| (!sleeps(command)).then_some(()))
}

fn roots_command_that_shares_pids_ends_with_eyot() -> Outcome {
    a_command_that_shares_pids_ends_with_eyot()
}

/// A tree for `--root` with what a command needs to run from the host's /usr.
fn tree() -> Result<(), Box<dyn std::error::Error>> {
    for place in ["usr", "dev", "proc", "sys", "tmp", "etc", "canary", "link-made"] {
        fs::create_dir_all(format!("/tmp/tree/{place}"))?;
    }
    for place in ["bin", "lib", "lib64"] {
        if let Ok(to) = fs::read_link(format!("/{place}")) {
            symlink(to, format!("/tmp/tree/{place}"))?;
        }
    }
    fs::create_dir("/tmp/canary")?;
    Ok(())
}

const IN_TREE: [&str; 5] = ["run", "--root", "/tmp/tree", "--ro", "/usr"];

fn links_in_a_root_lead_nowhere_else() -> Outcome {
    tree()?;
    symlink("../../../tmp/canary", "/tmp/tree/out")?;
    fs::create_dir_all("/tmp/tree/tmp/canary/place")?;
    fs::create_dir("/tmp/canary/place")?;
    let words =
        ["run", "--profile", "empty", "--root", "/tmp/tree", "--writable-root", "--ro", "/usr"];
    let touch = ["--tmpfs", "/out/place", "--", "touch", "/tmp/canary/place/x"];
    eyot(words.into_iter().chain(touch))?.fine()?;
    assert_eq!(fs::read_dir("/tmp/tree/tmp/canary/place")?.count(), 0);
    assert_eq!(fs::read_dir("/tmp/canary/place")?.count(), 0);
    Ok(())
}

fn no_link_is_left_in_a_tree_of_the_host() -> Outcome {
    tree()?;
    let words = ["--writable-root", "--symlink", "/nowhere:/link-made/x", "true"];
    eyot(IN_TREE.into_iter().chain(words))?.refusal()?;
    assert_eq!(fs::read_dir("/tmp/tree/link-made")?.count(), 0);
    Ok(())
}

fn roots_view_of_a_tree_has_devices() -> Outcome {
    tree()?;
    // Nodes that a view could add could not be opened: its own are binds, and the directory refuses devices.
    let write = "echo x > /dev/null && echo fine; mknod /dev/x c 1 3 || echo closed";
    let out = eyot(IN_TREE.into_iter().chain(["--", "sh", "-c", write]))?.fine()?;
    assert_eq!(out, "fine\nclosed\n");
    Ok(())
}

/// What enters a view is confined as the supervisor says, so a false one would have it run with all its rights.
fn no_command_of_a_view_poses_as_its_supervisor() -> Outcome {
    let pose = "import socket, time; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); \
                s.bind('\\0eyot/view/0/evil'); s.listen(); time.sleep(50)";
    let shared = ["--user", "host", "--net", "host", "--share", "pid"];
    let mut run = Command::new(AT);
    let mut view = run.arg("run").args(shared).args(["/usr/bin/python3", "-c", pose]).spawn()?;
    let listening = || fs::read_to_string("/proc/net/unix").ok()?.contains("/evil").then_some(());
    let refused =
        wait_for(listening).and_then(|()| Ok(eyot(["enter", "evil", "true"])?.refusal()?));
    end(&mut view)?;
    assert!(refused?.contains("is in another user, PID or mount namespace"));
    Ok(())
}

/// The first child of a process.
fn child_of(pid: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

fn sleeps(pid: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state.contains("(sleep)") && !state.contains(") Z ")
}

fn wait_for<T>(found: impl Fn() -> Option<T>) -> Result<T, Box<dyn std::error::Error>> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        if let Some(found) = found() {
            return Ok(found);
        }
        sleep(Duration::from_millis(5));
    }
    Err("it did not happen in 5 s".into())
}

/// Kills eyot as nothing can prepare for.
fn end(view: &mut Child) -> Outcome {
    view.kill()?;
    view.wait()?;
    Ok(())
}

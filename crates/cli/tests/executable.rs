//! What only the executable itself can show: exit codes and that a refusal runs nothing.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn eyot(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_eyot")).args(words).output().expect("eyot starts")
}

#[test]
fn a_refusal_exits_with_125_and_runs_nothing() {
    let name = format!("run-{}", std::process::id());
    let marker = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let directory = env!("CARGO_TARGET_TMPDIR");
    let marker_text = marker.to_str().expect("the target directory is UTF-8");
    // Each would make the marker if the option were passed over.
    for bad in [
        &["run", "--memroy=1G"][..],
        &["run", "--memory=much"],
        &["run", "--view=no-such-view"],
        &["run", "--user=host", "--cap=no-such-capability"],
    ] {
        let good = ["--seccomp=off", "--net=host", "--rw", directory, "--", "touch", marker_text];
        let line = [bad, &good].concat();
        let output = eyot(&line);
        assert_eq!(output.status.code(), Some(125), "{line:?}");
        assert!(output.stdout.is_empty(), "{line:?}");
        assert!(output.stderr.starts_with(b"error: "), "{line:?}");
        assert!(!marker.exists(), "{line:?}");
    }
}

#[test]
fn help_and_version_exit_with_0_on_standard_output() {
    for line in [["run", "--help"], ["plan", "--help"], ["--version", "--version"]] {
        let output = eyot(&line[..]);
        assert_eq!(output.status.code(), Some(0), "{line:?}");
        assert!(output.stderr.is_empty() && !output.stdout.is_empty(), "{line:?}");
    }
}

#[test]
fn no_colour_goes_into_a_pipe() {
    let output = eyot(&["nonsense"]);
    assert!(!output.stderr.contains(&0x1b), "{output:?}");
}

#[test]
fn a_reader_that_has_had_enough_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_eyot"))
        .args(["schema", "view"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("eyot starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("eyot ends");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn man_pages_and_completions_are_written() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("generated");
    std::fs::create_dir_all(&directory).expect("the directory is ours");
    let place = directory.to_str().expect("the target directory is UTF-8");
    for what in ["man", "completions"] {
        let output = eyot(&["__generate", what, place]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    let read = |name: &str| {
        std::fs::read_to_string(directory.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    };
    assert!(read("eyot-plan-run.1").contains("\\-\\-memory"), "options of the planned command");
    assert!(read("eyot.1").contains(".TH EYOT 1"));
    for name in ["eyot", "_eyot", "eyot.fish"] {
        assert!(read(name).contains("wall-time"), "{name}");
    }
    assert!(!directory.join("eyot-__generate.1").exists(), "a hidden command has no page");
}

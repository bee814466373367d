use std::fs;
use std::path::PathBuf;

use expect_test::expect_file;

use super::{assert_refused, say};

fn bad_files() -> Vec<PathBuf> {
    let files = fs::read_dir("bad").expect("the bad view files lie beside the tests");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("readable").path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    files
}

#[test]
fn each_bad_file_is_refused_at_its_place() {
    let mut all = String::new();
    for file in bad_files() {
        let said = say(["check".as_ref(), "--syntax-only".as_ref(), file.as_os_str()]);
        let name = file.display().to_string();
        assert_refused(&said, &name);
        // file:line:column, counted from one.
        let place = said.err.strip_prefix(&format!("error: {name}:")).expect("names the file");
        let numbers: Vec<usize> =
            place.splitn(3, ':').take(2).map(|n| n.parse().expect("a number")).collect();
        assert!(numbers.iter().all(|number| *number > 0), "{}", said.err);
        all.push_str(&said.err);
    }
    expect_file!["../bad/expected.txt"].assert_eq(&all);
}

#[test]
fn a_bad_file_stops_the_run_before_anything_happens() {
    for file in bad_files() {
        let path = PathBuf::from("./").join(&file);
        let said = say(["run".as_ref(), "--view".as_ref(), path.as_os_str(), "true".as_ref()]);
        assert_refused(&said, &file.display().to_string());
    }
}

#[test]
fn what_is_no_regular_file_is_not_read() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let socket = directory.join(format!("socket-{}", std::process::id()));
    let listener = std::os::unix::net::UnixListener::bind(&socket).expect("a fresh name");
    for (file, found) in [
        (socket.as_os_str(), "a socket"),
        ("bad".as_ref(), "a directory"),
        ("/dev/zero".as_ref(), "a device"),
    ] {
        let said = say(["check".as_ref(), file]);
        assert_refused(&said, found);
        assert!(said.err.contains(&format!("is {found}, not a view file")), "{}", said.err);
    }
    drop(listener);
    fs::remove_file(socket).expect("made above");
}

#[test]
fn a_file_that_is_missing_or_too_large_is_refused() {
    let missing = say(["check", "no/such.toml"]);
    assert_refused(&missing, "missing");
    assert!(missing.err.contains("kernel: No such file or directory"), "{}", missing.err);

    let name = format!("large-{}.toml", std::process::id());
    let large = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // As large as allowed it is read, one byte more and it is not.
    fs::write(&large, vec![b'\n'; 1 << 20]).expect("the directory is ours");
    let allowed = say(["check".as_ref(), "--syntax-only".as_ref(), large.as_os_str()]);
    assert_eq!(allowed.err, "");
    fs::write(&large, vec![b'\n'; (1 << 20) + 1]).expect("the directory is ours");
    let refused = say(["check".as_ref(), "--syntax-only".as_ref(), large.as_os_str()]);
    assert_refused(&refused, "large");
    assert!(refused.err.contains("larger than a view file may be"), "{}", refused.err);
    fs::remove_file(large).expect("made above");
}

#[test]
fn every_file_of_a_check_is_reported() {
    let said = say([
        "check",
        "--syntax-only",
        "bad/json.toml",
        "../../examples/views/agent.toml",
        "bad/twice.toml",
    ]);
    assert_eq!(said.code, std::process::ExitCode::from(eyot::OUR_FAILURE));
    assert_eq!(said.out, "../../examples/views/agent.toml: good\n");
    assert_eq!(said.err.matches("error:").count(), 2, "{}", said.err);
}

//! Views that live: who sees them, who enters, how they are ended; and what `--why` says of one.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::case::{Outcome, cases};
use crate::executable::{AT, Said, eyot, said};

cases! {
    userns: a_view_is_listed_entered_and_stopped, a_name_is_taken_once, what_is_not_there_is_an_error,
        a_killed_view_is_not_listed, what_does_not_end_is_killed, why_names_origin_and_option, what_why_prints_opens_it,
        changes_of_an_overlay_are_kept, wall_time_ends_a_view, the_report_tells_how_it_ended, a_limit_without_controllers_needs_the_word;
    root: roots_view_is_listed_entered_and_stopped, why_explains_roots_views,
        changes_of_roots_overlay_are_kept;
}

/// Starts a view called `name` and waits until its command runs.
fn living(name: &str) -> Result<Child, Box<dyn std::error::Error>> {
    living_with(name, "echo up; exec sleep 100")
}

/// The same with another command, which says so when it is up.
fn living_with(name: &str, script: &str) -> Result<Child, Box<dyn std::error::Error>> {
    let mut view = Command::new(AT)
        .args(["run", "--name", name, "--", "sh", "-c", script])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut up = [0; 3];
    let out = view.stdout.as_mut().ok_or("no pipe")?;
    std::io::Read::read_exact(out, &mut up)?;
    // On a crowded machine the command speaks before its supervisor knows that the view is made.
    let deadline = Instant::now() + Duration::from_secs(10);
    while eyot(["enter", name, "true"])?.err.contains("still being made") {
        if Instant::now() > deadline {
            return Err("the view is never made".into());
        }
        sleep(Duration::from_millis(5));
    }
    Ok(view)
}

fn a_view_is_listed_entered_and_stopped() -> Outcome {
    let mut view = living("web")?;
    let listed = eyot(["list"])?.fine()?;
    assert!(listed.contains("web") && listed.contains("sleep 100"), "{listed}");

    // What decides about rights is the same for who enters as for the command, which is process 2.
    let compare = "for file in uid_map gid_map mountinfo cgroup limits; do \
                     cmp /proc/2/$file /proc/self/$file || exit 1; done; \
                   for name in mnt pid net ipc uts user cgroup; do \
                     test $(readlink /proc/2/ns/$name) = $(readlink /proc/self/ns/$name) || exit 2; done; \
                   lines() { grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:)' /proc/$1/status; }; \
                   test \"$(lines 2)\" = \"$(lines self)\" || exit 3; echo same";
    let entered = eyot(["enter", "web", "--", "sh", "-c", compare])?.fine()?;
    assert_eq!(entered, "same\n");

    eyot(["stop", "web"])?.fine()?;
    // `sleep` ends by the TERM that is passed on.
    assert_eq!(view.wait()?.code(), Some(143));
    assert!(!eyot(["list"])?.fine()?.contains("web"));
    Ok(())
}

fn roots_view_is_listed_entered_and_stopped() -> Outcome {
    a_view_is_listed_entered_and_stopped()
}

fn a_name_is_taken_once() -> Outcome {
    let mut view = living("only")?;
    let second = eyot(["run", "--name", "only", "true"])?.refusal();
    view.kill()?;
    view.wait()?;
    assert!(second?.contains("only"));
    Ok(())
}

fn what_is_not_there_is_an_error() -> Outcome {
    for words in
        [&["stop", "nobody-home"][..], &["enter", "nobody-home", "true"], &["stop", "pid:1"]]
    {
        eyot(words.iter().copied())?.refusal()?;
    }
    Ok(())
}

fn a_killed_view_is_not_listed() -> Outcome {
    let mut view = living("gone")?;
    view.kill()?;
    view.wait()?;
    assert!(!eyot(["list"])?.fine()?.contains("gone"));
    Ok(())
}

fn what_does_not_end_is_killed() -> Outcome {
    let script = "trap '' TERM; echo up; while :; do sleep 0.1; done";
    let mut view = living_with("deaf", script)?;
    let begun = Instant::now();
    eyot(["stop", "deaf", "--grace", "300ms"])?.fine()?;
    assert!(begun.elapsed() >= Duration::from_millis(300), "no grace");
    assert_eq!(view.wait()?.code(), Some(137));
    Ok(())
}

fn explained(script: &str) -> std::io::Result<Said> {
    eyot(["run", "--why", "--", "sh", "-c", script])
}

const WITHHELD: &str =
    "cat /etc/issue; touch /usr/x; unshare -m true; cat /proc/self/comm >/dev/stdout; true";

fn why_names_origin_and_option() -> Outcome {
    let said = explained(WITHHELD)?;
    assert_eq!(said.code, Some(0));
    for part in [
        "'/etc/issue' is hidden: covered by 'dir /etc ro' (profile run); opened by --ro /etc/issue",
        "'/usr/x' is read-only: 'bind /usr ro from /usr' (profile run)",
        "--allow nesting",
        "withheld, with how often it was asked for",
    ] {
        assert!(said.err.contains(part), "no {part:?} in {}", said.err);
    }
    // Nothing is said of what the view has.
    let of_eyot = said.err.lines().filter(|line| line.starts_with("eyot:"));
    let of_own = of_eyot.filter(|line| line.contains("/dev/stdout") || line.contains("/proc/self"));
    assert_eq!(of_own.count(), 0, "{}", said.err);
    Ok(())
}

fn why_explains_roots_views() -> Outcome {
    why_names_origin_and_option()
}

fn what_why_prints_opens_it() -> Outcome {
    fs::create_dir("/tmp/hidden")?;
    fs::write("/tmp/hidden/file", "found")?;
    let read = "cat /tmp/hidden/file";
    let first = explained(read)?;
    assert!(first.err.contains("opened by --ro /tmp/hidden/file"), "{}", first.err);
    let second = eyot(["run", "--why", "--ro", "/tmp/hidden/file", "--", "sh", "-c", read])?;
    assert_eq!(second.out, "found");
    assert!(!second.err.contains("hidden"), "{}", second.err);
    Ok(())
}

fn wall_time_ends_a_view() -> Outcome {
    let begun = Instant::now();
    let run = eyot(["run", "--wall-time", "200ms", "sleep", "100"])?;
    assert_eq!(run.code, Some(137));
    assert!(run.err.contains("wall-time"), "{}", run.err);
    assert!(begun.elapsed() < Duration::from_secs(20));
    Ok(())
}

fn the_report_tells_how_it_ended() -> Outcome {
    let script = format!("exec {AT} run --json-fd 5 --net host -- sh -c 'exit 9' 5>&1");
    let report = said(Command::new("sh").args(["-c", &script]))?;
    assert_eq!(report.code, Some(9));
    for part in
        ["\"exit\":9", "\"timed-out\":false", "{\"name\":\"network\",\"waived-by\":\"flag --net\"}"]
    {
        assert!(report.out.contains(part), "no {part:?} in {}", report.out);
    }
    Ok(())
}

/// A case's control groups are read-only, as an ordinary user's often are.
fn a_limit_without_controllers_needs_the_word() -> Outcome {
    let refused = eyot(["run", "--memory", "64M", "true"])?.refusal()?;
    assert!(refused.contains("--allow-missing=limits"), "{refused}");
    let hog = "python3 -c 'bytearray(300 << 20)' 2>/dev/null || echo refused";
    let words = ["run", "--memory", "64M", "--allow-missing=limits", "--", "sh", "-c", hog];
    let out = eyot(words)?.fine()?;
    assert_eq!(out, "refused\n");
    sleep(Duration::ZERO);
    Ok(())
}

/// What is kept belongs to the owner of the directory it is kept in, on disk.
fn changes_of_an_overlay_are_kept() -> Outcome {
    const OWNER: u32 = 65_534;
    for place in ["/tmp/lower", "/tmp/kept"] {
        fs::create_dir(place)?;
    }
    fs::write("/tmp/lower/old", "old")?;
    if fs::metadata("/tmp")?.uid() == 0 {
        for place in ["/tmp/lower", "/tmp/lower/old", "/tmp/kept"] {
            std::os::unix::fs::chown(place, Some(OWNER), Some(OWNER))?;
        }
    }
    let change = "cat /m/old; echo new >/m/new; echo more >>/m/old; rm /m/new; echo again >/m/new";
    let words = ["run", "--overlay", "/tmp/lower:/m:upper=/tmp/kept", "--", "sh", "-c", change];
    assert_eq!(eyot(words)?.fine()?, "old");
    assert_eq!(fs::read_to_string("/tmp/kept/upper/old")?, "oldmore\n");
    assert_eq!(fs::read_to_string("/tmp/kept/upper/new")?, "again\n");
    assert_eq!(fs::metadata("/tmp/kept/upper/new")?.uid(), OWNER);
    assert_eq!(fs::read_to_string("/tmp/lower/old")?, "old");
    // The next view goes on from there.
    let words = ["run", "--overlay", "/tmp/lower:/m:upper=/tmp/kept", "--", "cat", "/m/new"];
    assert_eq!(eyot(words)?.fine()?, "again\n");
    Ok(())
}

fn changes_of_roots_overlay_are_kept() -> Outcome {
    changes_of_an_overlay_are_kept()
}

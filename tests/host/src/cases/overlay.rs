//! Overlays: what a program changes is kept or thrown away, and what lies beneath stays as it is.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use eyot_sys::Errno;

use crate::case::{Outcome, cases};
use crate::executable::eyot;
use crate::filter::{Answer, When, answer};

cases! {
    userns: kept_changes_are_the_callers, changes_are_thrown_away;
    root: kept_changes_belong_to_the_owner_of_their_directory, kept_changes_on_an_older_kernel,
        changes_are_thrown_away_for_root;
}

const KEPT: &str = "/tmp/lower:/mnt/both:upper=/tmp/kept";

/// A lower directory with things to change, and an empty one for what is kept.
fn directories(owner: Option<u32>) -> Outcome {
    fs::create_dir_all("/tmp/lower/sub")?;
    fs::write("/tmp/lower/old", "old\n")?;
    fs::write("/tmp/lower/sub/gone", "gone\n")?;
    fs::create_dir("/tmp/kept")?;
    std::os::unix::fs::chown("/tmp/kept", owner, owner)?;
    Ok(())
}

fn run(overlay: &str, script: &str) -> Result<String, Box<dyn std::error::Error>> {
    Ok(eyot(["run", "--overlay", overlay, "--workdir", "/mnt/both", "--", "sh", "-euc", script])?
        .fine()?)
}

/// New, changed, removed and renamed: each is done by overlay in another way.
const CHANGE: &str =
    "echo new >new; echo more >>old; rm sub/gone; mkdir own; echo in >own/file; mv own moved; ls";

fn changes_are_kept(owner: u32) -> Outcome {
    assert_eq!(run(KEPT, CHANGE)?, "moved\nnew\nold\nsub\n");
    // The next view goes on with them.
    let again = "cat new old moved/file; ls sub; echo again >>new; stat -c %u new old moved";
    let user = run(KEPT, "id -u")?;
    let seen = format!("new\nold\nmore\nin\n{user}{user}{user}");
    assert_eq!(run(KEPT, again)?, seen);
    assert_eq!(fs::read_to_string("/tmp/kept/upper/new")?, "new\nagain\n");
    for name in ["", "/new", "/old", "/moved", "/moved/file"] {
        let kept = fs::symlink_metadata(format!("/tmp/kept/upper{name}"))?;
        assert_eq!((kept.uid(), kept.gid()), (owner, owner), "upper{name}");
    }
    below_is_unchanged()
}

fn below_is_unchanged() -> Outcome {
    assert_eq!(fs::read_to_string("/tmp/lower/old")?, "old\n");
    assert!(fs::exists("/tmp/lower/sub/gone")? && !fs::exists("/tmp/lower/new")?);
    Ok(())
}

fn kept_changes_are_the_callers() -> Outcome {
    directories(None)?;
    changes_are_kept(eyot_sys::effective_ids().0)
}

fn kept_changes_belong_to_the_owner_of_their_directory() -> Outcome {
    directories(Some(1000))?;
    changes_are_kept(1000)
}

/// Before Linux 6.13 layers could not be given by descriptor, and are given by name.
fn kept_changes_on_an_older_kernel() -> Outcome {
    const SET_FD: u32 = 5; // FSCONFIG_SET_FD
    directories(Some(1000))?;
    answer(&[Answer { call: "fsconfig", when: When::Is(1, SET_FD), errno: Errno::INVAL }])?;
    changes_are_kept(1000)
}

fn changes_are_thrown_away() -> Outcome {
    directories(None)?;
    assert_eq!(run("/tmp/lower:/mnt/both", CHANGE)?, "moved\nnew\nold\nsub\n");
    assert_eq!(run("/tmp/lower:/mnt/both", "cat old; ls sub")?, "old\ngone\n");
    below_is_unchanged()
}

fn changes_are_thrown_away_for_root() -> Outcome {
    changes_are_thrown_away()
}

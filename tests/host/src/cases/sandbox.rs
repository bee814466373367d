//! What a test itself, and the simplest view, cannot do to the host.

use std::{fs, io};

use crate::case::{Outcome, cases};
use crate::executable::eyot;

cases! {
    userns: the_host_is_out_of_reach, a_view_runs_a_command;
    root: nor_can_root_reach_it, root_can_turn_no_screw_of_the_machine, root_runs_a_command,
        a_start_leaves_no_mount, the_nursery_is_kept;
}

fn the_host_is_out_of_reach() -> Outcome {
    // Opened and never written to: even if this fails, the host is as it was.
    let error = fs::OpenOptions::new().append(true).open("/usr/lib/os-release");
    let kind = error.expect_err("a test could write to the host").kind();
    assert!(matches!(kind, io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied));
    Ok(())
}

fn nor_can_root_reach_it() -> Outcome {
    the_host_is_out_of_reach()
}

fn root_can_turn_no_screw_of_the_machine() -> Outcome {
    let error = fs::OpenOptions::new().write(true).open("/proc/sys/fs/mount-max");
    let kind = error.expect_err("a test could change the machine").kind();
    assert_eq!(kind, io::ErrorKind::ReadOnlyFilesystem);
    Ok(())
}

fn a_view_runs_a_command() -> Outcome {
    let out = eyot(["run", "--", "sh", "-c", "echo $$; cat /proc/1/comm; exit 0"])?.fine()?;
    assert_eq!(out, "2\neyot\n");
    Ok(())
}

fn root_runs_a_command() -> Outcome {
    a_view_runs_a_command()
}

fn a_start_leaves_no_mount() -> Outcome {
    // The first start makes the nursery, which stays.
    eyot(["run", "true"])?.fine()?;
    let before = fs::read_to_string("/proc/self/mountinfo")?;
    // Root's own directory would be refused.
    fs::create_dir("/tmp/data")?;
    std::os::unix::fs::chown("/tmp/data", Some(1000), Some(1000))?;
    eyot(["run", "--rw", "/tmp/data:/data", "--tmpfs", "/more", "true"])?.fine()?;
    assert_eq!(fs::read_to_string("/proc/self/mountinfo")?, before);
    Ok(())
}

/// The nursery makes starts independent of the number of the host's mounts; a start without it works and is slow.
fn the_nursery_is_kept() -> Outcome {
    eyot(["run", "true"])?.fine()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let kept = mounts.lines().filter(|line| line.contains(" /run/eyot/nursery/mnt "));
    let kept: Vec<&str> = kept.collect();
    assert_eq!(kept.len(), 1, "{mounts}");
    assert!(kept[0].contains(" - nsfs "), "{kept:?}");
    Ok(())
}

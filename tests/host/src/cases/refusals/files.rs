//! Sources that cannot be shown.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use expect_test::expect;

use super::{refused, steady};
use crate::case::{Outcome, cases};
use crate::executable::{AT, Said, eyot};

cases! {
    userns: the_source_is_missing, the_source_lies_beneath_a_closed_directory,
        the_source_is_a_circle_of_links, the_source_is_a_disk, the_source_is_a_device,
        the_device_is_none, the_layer_is_no_directory, the_root_is_missing, the_root_is_a_file,
        an_ordinary_user_notices_an_exchanged_source, nothing_of_a_lost_source_is_left_to_chance;
    root: root_shows_what_it_has_looked_up, the_working_directory_has_gone;
}

fn the_source_is_missing() -> Outcome {
    refused(
        ["run", "--ro", "/no/such", "true"],
        &expect![[r#"
        error: the host has nothing at '/no/such', which 'bind /no/such ro from /no/such' (flag --ro) needs
          try: --ro-try, which leaves it out where the host lacks it
    "#]],
    )
}

fn the_source_lies_beneath_a_closed_directory() -> Outcome {
    fs::create_dir_all("closed/in")?;
    fs::set_permissions("closed", fs::Permissions::from_mode(0o000))?;
    refused(
        ["run", "--ro", "/tmp/home/closed/in", "true"],
        &expect![[r#"
        error: '/tmp/home/closed/in' cannot be looked up, which 'bind /tmp/home/closed/in ro from /tmp/home/closed/in' (flag --ro) needs: Permission denied (os error 13): a directory on the way may not be searched by this user; have the directories above made searchable (chmod a+x), or start as a user who may
          try: --ro-try, which leaves it out where the host lacks it
    "#]],
    )
}

fn the_source_is_a_circle_of_links() -> Outcome {
    symlink("circle", "circle")?;
    refused(
        ["run", "--ro", "/tmp/home/circle", "true"],
        &expect![[r#"
        error: '/tmp/home/circle' cannot be looked up, which 'bind /tmp/home/circle ro from /tmp/home/circle' (flag --ro) needs: Too many levels of symbolic links (os error 40): symbolic links on the way lead in a circle, or are more than 40; name the place that the links should lead to
          try: --ro-try, which leaves it out where the host lacks it
    "#]],
    )
}

fn the_source_is_a_disk() -> Outcome {
    let disks = fs::read_dir("/dev")?.filter_map(Result::ok).filter_map(|entry| {
        use std::os::unix::fs::FileTypeExt as _;
        entry.file_type().is_ok_and(|kind| kind.is_block_device()).then(|| entry.file_name())
    });
    let Some(disk) = disks.into_iter().next() else { return Err("no disk in /dev".into()) };
    let disk = format!("/dev/{}", disk.to_string_lossy());
    let text = eyot(["run", "--ro", &disk, "true"])?.refusal()?.replace(&disk, "DISK");
    expect![[r#"
        error: 'DISK' is a block device, but 'bind DISK ro from DISK' (flag --ro) needs anything but a disk
    "#]].assert_eq(&text);
    Ok(())
}

fn the_source_is_a_device() -> Outcome {
    refused(
        ["run", "--ro", "/dev/null:/x", "true"],
        &expect![[r#"
        error: '/dev/null' is a device, but 'bind /x ro from /dev/null' (flag --ro) needs a file or directory (devices enter by --device)
          try: --device
    "#]],
    )
}

fn the_device_is_none() -> Outcome {
    refused(
        ["run", "--device", "/etc/passwd", "true"],
        &expect![[r#"
        error: '/etc/passwd' is no device, but 'device /etc/passwd rw' (flag --device) needs a character device
    "#]],
    )
}

fn the_layer_is_no_directory() -> Outcome {
    refused(
        ["run", "--overlay", "/etc/passwd:/x", "true"],
        &expect![[r#"
        error: '/etc/passwd' is no directory, but 'overlay /x rw from /etc/passwd, changes discarded' (flag --overlay) needs a directory
    "#]],
    )
}

fn the_root_is_missing() -> Outcome {
    refused(
        ["run", "--root", "/no/such", "true"],
        &expect![[r#"
        error: '/no/such' cannot be the root: the host has nothing there
          try: name a directory with --root
    "#]],
    )
}

fn the_root_is_a_file() -> Outcome {
    refused(
        ["run", "--root", "/etc/passwd", "true"],
        &expect![[r#"
        error: '/etc/passwd' cannot be the root: it is no directory
          try: name a directory with --root
    "#]],
    )
}

/// Runs a view of `/tmp/home/data`, and makes `change` while eyot, which has looked the directory up, waits for a text.
fn changed_meanwhile(words: &[&str], change: fn() -> std::io::Result<()>) -> std::io::Result<Said> {
    let mut command = Command::new(AT);
    command.args(["run", "--file", "/text:fd=0", "--ro", "/tmp/home/data:/data"]).args(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let descriptors = format!("/proc/{}/fd", child.id());
    let has_it = || {
        fs::read_dir(&descriptors).is_ok_and(|list| {
            let mut targets = list.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
            targets.any(|target| target == Path::new("/tmp/home/data"))
        })
    };
    let asleep = || {
        let state = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
        state.rsplit(") ").next().is_some_and(|state| state.starts_with('S'))
    };
    while !(has_it() && asleep()) {
        std::thread::yield_now();
    }
    change()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(b"text")?;
    }
    Said::of(child.wait_with_output()?)
}

fn exchanged() -> std::io::Result<Said> {
    fs::create_dir("data")?;
    fs::write("data/which", "the first\n")?;
    changed_meanwhile(&["cat", "/data/which"], || {
        fs::rename("data", "old")?;
        fs::create_dir("data")?;
        fs::write("data/which", "the second\n")
    })
}

fn the_working_directory_has_gone() -> Outcome {
    fs::create_dir_all("data/in")?;
    let gone = changed_meanwhile(&["--workdir", "/data/in", "true"], || fs::remove_dir("data/in"))?;
    expect![[r#"
        error: cannot enter the working directory
          kernel: chdir(/data/in)
          kernel: No such file or directory (os error 2)
          rule: the view has no such directory
                (chdir(2), ENOENT and ENOTDIR)
          try: name another one with --workdir, or add it with --dir, --ro or --rw
    "#]]
    .assert_eq(&gone.refusal()?);
    Ok(())
}

fn an_ordinary_user_notices_an_exchanged_source() -> Outcome {
    let text = steady(&exchanged()?.refusal()?);
    expect![[r#"
        error: cannot mount 'bind /data ro from /tmp/home/data' (entry N of N)
          rule: '/tmp/home/data' was exchanged while the view was being made
          try: try again when nobody changes it
    "#]]
    .assert_eq(&text);
    Ok(())
}

fn root_shows_what_it_has_looked_up() -> Outcome {
    assert_eq!(exchanged()?.fine()?, "the first\n");
    Ok(())
}

fn nothing_of_a_lost_source_is_left_to_chance() -> Outcome {
    let out = eyot(["run", "--ro-try", "/no/such", "ls", "/no"])?;
    assert_ne!(out.code, Some(0), "{out:?}");
    Ok(())
}

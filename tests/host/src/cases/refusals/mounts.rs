//! Mounts that cannot be made.

use std::fs;
use std::os::unix::fs::chown;
use std::process::Command;

use expect_test::expect;
use eyot_launch::Rule;
use eyot_sys::{Attributes, DetachedMount, Errno, Handle, LastLink, Parameter, Reach};

use super::{has_rule, mount_new, refused, steady};
use crate::case::{Outcome, cases};
use crate::executable::{AT, said};
use crate::filter::{Answer, When, answer};

cases! {
    userns: inherited_mounts_stay_together, inherited_attributes_stay, attributes_are_locked,
        proc_would_reveal_too_much, sys_would_reveal_too_much, nothing_to_mount_on,
        nothing_to_mount_on_in_sys, a_file_on_a_directory, a_directory_on_a_file,
        an_overlay_of_proc, changes_of_an_overlay_on_a_read_only_mount,
        too_many_mounts_to_clone, too_many_mounts_to_attach, an_unknown_filesystem,
        the_kernel_has_no_such_filesystem, a_bad_parameter, no_noswap_in_a_user_namespace,
        a_filesystem_for_root, a_link_in_a_read_only_tree, the_views_memory_is_full,
        mounts_need_privilege;
    root: owners_of_ramfs_cannot_be_mapped, owners_of_an_overlay_cannot_be_mapped,
        owners_below_cannot_be_mapped, owners_are_as_on_disk_for_reading, an_unbindable_mount,
        a_namespace_is_no_place, a_writable_directory_of_root, memory_of_root_is_full;
}

fn inherited_mounts_stay_together() -> Outcome {
    let root = Handle::open("/".as_ref(), LastLink::Follow)?;
    let error = DetachedMount::clone_of(&root, "/".as_ref(), Reach::OneMount);
    has_rule(&error.expect_err("/ came apart"), Rule::LockedTogether);
    Ok(())
}

/// The rule itself; eyot only ever adds attributes, so it never asks for what is refused here.
fn inherited_attributes_stay() -> Outcome {
    mount_new("tmpfs", "/tmp/locked", &[], Attributes::DATA.read_only())?;
    let script = "mount -o remount,bind,rw /tmp/locked || exit 7";
    let status = Command::new("unshare").args(["-Urm", "sh", "-c", script]).status()?;
    assert_eq!(status.code(), Some(7), "the kernel unlocked it");
    refused(
        ["run", "--rw", "/tmp/locked", "true"],
        &expect![[r#"
        error: cannot mount 'bind /tmp/locked rw from /tmp/locked' (entry N of N)
          rule: '/tmp/locked' lies on a mount that is read-only on the host
          try: ask for it read-only, or mount it writable on the host first
    "#]],
    )
}

/// What the user would read if eyot did ask for it. All but the call on the whole view, which comes by path.
fn attributes_are_locked() -> Outcome {
    const WORKING_DIRECTORY: u32 = -100_i32 as u32;
    let when = When::IsNot(0, WORKING_DIRECTORY);
    answer(&[Answer { call: "mount_setattr", when, errno: Errno::PERM }])?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot mount 'device /dev/full rw' (entry N of N)
          kernel: mount_setattr(/dev/full, nosuid,noexec, whole tree)
          kernel: Operation not permitted (os error 1)
          rule: attributes inherited from a more privileged namespace cannot be removed
                (mount_namespaces(7), Restrictions on mount namespaces)
          try: ask for read-only access, or start as root
    "#]],
    )
}

fn proc_would_reveal_too_much() -> Outcome {
    mount_new("tmpfs", "/proc/bus", &[], Attributes::DATA)?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot mount 'proc /proc rw' (entry N of N)
          kernel: proc: fsmount
          kernel: Operation not permitted (os error 1)
          kernel log: e VFS: Mount too revealing
          rule: in a user namespace /proc and /sys can be mounted anew only where the old ones are fully visible, and here something is mounted over a part of them, as container engines do
                (mount_namespaces(7), Restrictions on mount namespaces; kernel log 'VFS: Mount too revealing')
          try: leave them out (--no-proc, --no-sys), or start the container around with its /proc unmasked
    "#]],
    )
}

fn sys_would_reveal_too_much() -> Outcome {
    mount_new("tmpfs", "/sys/kernel", &[], Attributes::DATA)?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot mount 'sysfs /sys ro' (entry N of N)
          kernel: sysfs: fsmount
          kernel: Operation not permitted (os error 1)
          kernel log: e VFS: Mount too revealing
          rule: in a user namespace /proc and /sys can be mounted anew only where the old ones are fully visible, and here something is mounted over a part of them, as container engines do
                (mount_namespaces(7), Restrictions on mount namespaces; kernel log 'VFS: Mount too revealing')
          try: leave them out (--no-proc, --no-sys), or start the container around with its /proc unmasked
    "#]],
    )?;
    crate::executable::eyot(["run", "--no-sys", "true"])?.fine()?;
    Ok(())
}

fn nothing_to_mount_on() -> Outcome {
    fs::create_dir("src")?;
    let words = ["run", "--ro", "/tmp/home/src:/data", "--tmpfs", "/data/missing", "true"];
    refused(
        words,
        &expect![[r#"
        error: cannot mount 'tmpfs /data/missing rw' (entry N of N)
          kernel: openat2(data/missing, in root)
          kernel: No such file or directory (os error 2)
          rule: a mount needs something to be mounted on, and the tree it goes into is not the view's own
                (mount(2), ENOENT)
          try: make the file or directory there on the host, or put an overlay or tmpfs above it
    "#]],
    )
}

fn nothing_to_mount_on_in_sys() -> Outcome {
    refused(
        ["run", "--ro", "/usr/bin/true:/sys/x", "true"],
        &expect![[r#"
        error: cannot mount 'bind /sys/x ro from /usr/bin/true' (entry N of N)
          kernel: openat2(sys/x, in root)
          kernel: No such file or directory (os error 2)
          rule: a mount needs something to be mounted on, and the tree it goes into is not the view's own
                (mount(2), ENOENT)
          try: make the file or directory there on the host, or put an overlay or tmpfs above it
    "#]],
    )
}

fn a_file_on_a_directory() -> Outcome {
    fs::write("file", "")?;
    refused(
        ["run", "--ro", "/tmp/home/file:/usr/bin", "true"],
        &expect![[r#"
        error: cannot mount 'bind /usr/bin ro from /tmp/home/file' (entry N of N)
          kernel: move_mount(detached, /usr/bin)
          kernel: Invalid argument (os error 22)
          rule: a directory can only be mounted on a directory, and a file on a file
                (move_mount(2), EINVAL)
          try: choose another place, or bind the parent directory
    "#]],
    )
}

fn a_directory_on_a_file() -> Outcome {
    fs::create_dir("src")?;
    refused(
        ["run", "--ro", "/tmp/home/src:/usr/bin/env", "true"],
        &expect![[r#"
        error: cannot mount 'bind /usr/bin/env ro from /tmp/home/src' (entry N of N)
          kernel: move_mount(detached, /usr/bin/env)
          kernel: Invalid argument (os error 22)
          rule: a directory can only be mounted on a directory, and a file on a file
                (move_mount(2), EINVAL)
          try: choose another place, or bind the parent directory
    "#]],
    )
}

fn an_overlay_of_proc() -> Outcome {
    refused(
        ["run", "--overlay", "/proc:/x", "true"],
        &expect![[r#"
        error: cannot mount 'overlay /x rw from /proc, changes discarded' (entry N of N)
          kernel: overlay: create
          kernel: Invalid argument (os error 22)
          rule: overlay cannot use one of these layers: its file system is of the kernel's own (/proc, /sys), keeps no extended attributes, or is itself an overlay of overlays
                (overlayfs.rst, Upper and Lower, Stacking; the kernel's own log (dmesg) names the layer)
          try: choose a directory of an ordinary file system
    "#]],
    )
}

fn changes_of_an_overlay_on_a_read_only_mount() -> Outcome {
    refused(
        ["run", "--overlay", "/usr:/x:upper=/usr", "true"],
        &expect![[r#"
        error: cannot mount 'overlay /x rw from /usr, changes kept in /usr' (entry N of N)
          rule: '/usr' lies on a mount that is read-only on the host
          try: ask for it read-only, or mount it writable on the host first
    "#]],
    )
}

/// The limit is the machine's and 100,000 mounts are many: its answer is imitated.
fn too_many_mounts_to_clone() -> Outcome {
    answer(&[Answer { call: "open_tree", when: When::Always, errno: Errno::NOSPC }])?;
    refused(
        ["run", "--ro", "/tmp/home:/home/x", "true"],
        &expect![[r#"
        error: cannot mount 'device /dev/full rw' (entry N of N)
          kernel: open_tree(/dev/full, whole tree)
          kernel: No space left on device (os error 28)
          rule: the mount namespace has reached its limit of mounts
                (proc_sys_fs(5), mount-max)
          try: raise /proc/sys/fs/mount-max or bind fewer paths
    "#]],
    )
}

fn too_many_mounts_to_attach() -> Outcome {
    // Flags of an attachment to a name below a directory, which the first entries are.
    const FROM_DESCRIPTOR: u32 = 0x4;
    let when = When::Is(4, FROM_DESCRIPTOR);
    answer(&[Answer { call: "move_mount", when, errno: Errno::NOSPC }])?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot mount 'dir /dev ro' (entry N of N)
          kernel: move_mount(detached, /dev)
          kernel: No space left on device (os error 28)
          rule: the mount namespace has reached its limit of mounts
                (proc_sys_fs(5), mount-max)
          try: raise /proc/sys/fs/mount-max or bind fewer paths
    "#]],
    )
}

fn an_unknown_filesystem() -> Outcome {
    answer(&[Answer { call: "fsopen", when: When::Always, errno: Errno::NODEV }])?;
    refused(
        ["run", "true"],
        &expect![[r#"
        error: cannot make the view's memory
          kernel: tmpfs: fsopen
          kernel: No such device (os error 19)
          rule: the kernel has no such file system, or its module is not loaded
                (fsopen(2), ENODEV; proc_filesystems(5))
          try: load the module as root (modprobe), or leave the entry out
    "#]],
    )
}

fn the_kernel_has_no_such_filesystem() -> Outcome {
    let error = DetachedMount::filesystem("nosuchfs", &[], Attributes::DATA);
    has_rule(&error.expect_err("there is a nosuchfs"), Rule::UnknownFilesystem);
    Ok(())
}

fn a_bad_parameter() -> Outcome {
    let parameters = [Parameter::Text("size", "banana")];
    let error = DetachedMount::filesystem("tmpfs", &parameters, Attributes::DATA);
    let error = error.expect_err("bananas are not a size");
    assert_eq!(error.to_string(), "tmpfs: set size=banana");
    assert_eq!(error.kernel_log, ["e tmpfs: Bad value for 'size'"]);
    has_rule(&error, Rule::BadParameter);
    // The command line knows better.
    refused(
        ["run", "--tmpfs", "/x:size=banana", "true"],
        &expect![[r#"
        error: --tmpfs: 'banana' is not a size such as 4096, 64M or 1.5G
          usage: eyot run [OPTIONS] [--] COMMAND [ARGUMENT]...
    "#]],
    )
}

fn no_noswap_in_a_user_namespace() -> Outcome {
    let parameters = [Parameter::Flag("noswap")];
    let error = DetachedMount::filesystem("tmpfs", &parameters, Attributes::DATA);
    let error = error.expect_err("an ordinary user's memory is not swapped");
    expect![[r#"tmpfs: set noswap: Invalid argument (os error 22): ["e tmpfs: Turning off swap in unprivileged tmpfs mounts unsupported"]"#]].assert_eq(&format!("{error}: {}: {:?}", error.errno, error.kernel_log));
    has_rule(&error, Rule::BadParameter);
    Ok(())
}

fn a_filesystem_for_root() -> Outcome {
    let kinds = fs::read_to_string("/proc/filesystems")?;
    let on_disk = kinds.lines().filter_map(|line| line.strip_prefix('\t'));
    let kind = on_disk.into_iter().find(|kind| ["ext4", "ext2", "xfs", "btrfs"].contains(kind));
    let error = DetachedMount::filesystem(kind.ok_or("no disks here")?, &[], Attributes::DATA);
    has_rule(&error.expect_err("a disk is mounted"), Rule::FilesystemForRoot);
    Ok(())
}

fn a_link_in_a_read_only_tree() -> Outcome {
    refused(
        ["run", "--symlink", "/a:/usr/x", "true"],
        &expect![[r#"
        error: cannot mount 'link /usr/x ro to /a' (entry N of N)
          kernel: symlinkat(x)
          kernel: Read-only file system (os error 30)
          rule: something has to be made there, and the place cannot be written
                (mkdir(2), EROFS and EACCES)
          try: make the file or directory there on the host, or put an overlay or tmpfs above it
    "#]],
    )
}

fn memory_is_full() -> Outcome {
    let text = crate::executable::eyot(["run", "--scratch-size", "4k", "true"])?.refusal()?;
    // Which file is one too many depends on the machine.
    let reason = text.split_once("  kernel: No").map_or("", |(_, reason)| reason);
    expect![[r#"
        space left on device (os error 28)
          rule: the view's own memory, or the place there, is full
                (tmpfs(5), size; ENOSPC)
          try: give it more (--scratch-size)
    "#]]
    .assert_eq(reason.trim_start());
    Ok(())
}

fn the_views_memory_is_full() -> Outcome {
    memory_is_full()
}

fn mounts_need_privilege() -> Outcome {
    use eyot_launch::{Place, diagnose};
    eyot_sys::keep_capabilities(&[])?;
    let error = DetachedMount::filesystem("tmpfs", &[], Attributes::DATA);
    let error = error.expect_err("anybody can mount");
    assert_eq!(diagnose(&error, Place::Unprivileged), Some(Rule::NeedsPrivilege), "{error}");
    Ok(())
}

fn own(place: &str) -> std::io::Result<()> {
    chown(place, Some(1000), Some(1000))
}

fn owners_of_ramfs_cannot_be_mapped() -> Outcome {
    mount_new("ramfs", "/tmp/ram", &[], Attributes::DATA)?;
    own("/tmp/ram")?;
    refused(
        ["run", "--rw", "/tmp/ram", "true"],
        &expect![[r#"
        error: cannot mount 'bind /tmp/ram rw from /tmp/ram' (entry N of N)
          kernel: mount_setattr(/tmp/ram, idmap)
          kernel: Invalid argument (os error 22)
          rule: this file system, or something mounted below it, cannot show its owners changed (idmapped mount)
                (mount_setattr(2), MOUNT_ATTR_IDMAP)
          try: bind a directory of another file system, or ask for it read-only
    "#]],
    )
}

fn owners_of_an_overlay_cannot_be_mapped() -> Outcome {
    fs::create_dir("/tmp/upper")?;
    fs::create_dir("/tmp/work")?;
    let parameters = [
        Parameter::Text("lowerdir", "/etc"),
        Parameter::Text("upperdir", "/tmp/upper"),
        Parameter::Text("workdir", "/tmp/work"),
    ];
    mount_new("overlay", "/tmp/over", &parameters, Attributes::DATA)?;
    own("/tmp/over")?;
    refused(
        ["run", "--rw", "/tmp/over", "true"],
        &expect![[r#"
        error: cannot mount 'bind /tmp/over rw from /tmp/over' (entry N of N)
          kernel: mount_setattr(/tmp/over, idmap)
          kernel: Invalid argument (os error 22)
          rule: this file system, or something mounted below it, cannot show its owners changed (idmapped mount)
                (mount_setattr(2), MOUNT_ATTR_IDMAP)
          try: bind a directory of another file system, or ask for it read-only
    "#]],
    )
}

fn owners_below_cannot_be_mapped() -> Outcome {
    fs::create_dir("/tmp/data")?;
    own("/tmp/data")?;
    mount_new("ramfs", "/tmp/data/ram", &[], Attributes::DATA)?;
    refused(
        ["run", "--rw", "/tmp/data", "true"],
        &expect![[r#"
        error: cannot mount 'bind /tmp/data rw from /tmp/data' (entry N of N)
          kernel: mount_setattr(/tmp/data, idmap)
          kernel: Invalid argument (os error 22)
          rule: this file system, or something mounted below it, cannot show its owners changed (idmapped mount)
                (mount_setattr(2), MOUNT_ATTR_IDMAP)
          try: bind a directory of another file system, or ask for it read-only
    "#]],
    )
}

fn owners_are_as_on_disk_for_reading() -> Outcome {
    mount_new("ramfs", "/tmp/ram", &[], Attributes::DATA)?;
    fs::write("/tmp/ram/text", "read\n")?;
    let out = crate::executable::eyot(["run", "--ro", "/tmp/ram", "cat", "/tmp/ram/text"])?;
    assert_eq!(out.fine()?, "read\n");
    Ok(())
}

fn an_unbindable_mount() -> Outcome {
    mount_new("tmpfs", "/tmp/alone", &[], Attributes::DATA)?;
    let status = Command::new("mount").args(["--make-unbindable", "/tmp/alone"]).status()?;
    assert!(status.success());
    refused(
        ["run", "--ro", "/tmp/alone", "true"],
        &expect![[r#"
        error: cannot mount 'bind /tmp/alone ro from /tmp/alone' (entry N of N)
          rule: '/tmp/alone' lies on a mount that must not be bound (unbindable)
          try: make it private on the host (mount --make-private)
    "#]],
    )
}

/// Namespaces are numbered by processor since Linux 6.18, and only on one of them the later has the higher number.
fn a_namespace_is_no_place() -> Outcome {
    let status = fs::read_to_string("/proc/self/status")?;
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let first = allowed.and_then(|list| list.trim().split([',', '-']).next()).unwrap_or("0");
    let words = ["unshare", "-m", AT, "run", "--ro", "/proc/self/ns/mnt:/x", "true"];
    let text = said(Command::new("taskset").args(["-c", first]).args(words))?.refusal()?;
    expect![[r#"
        error: cannot mount 'bind /x ro from /proc/self/ns/mnt' (entry N of N)
          kernel: move_mount(detached, /x)
          kernel: Too many levels of symbolic links (os error 40)
          rule: the file is a mount namespace, which can only be mounted in an older one
                (namespaces(7), /proc/PID/ns; move_mount(2), ELOOP)
          try: bind something else: a view has no use for this file
    "#]]
    .assert_eq(&steady(&text));
    Ok(())
}

fn a_writable_directory_of_root() -> Outcome {
    refused(
        ["run", "--rw", "/tmp/home", "true"],
        &expect![[r#"
        error: cannot mount 'bind /tmp/home rw from /tmp/home' (entry N of N)
          rule: '/tmp/home' belongs to root on disk; whoever writes there as root could leave a set-user-ID program of root on the host
          try: give the directory to an ordinary user (chown), or say --allow root-owned
    "#]],
    )?;
    crate::executable::eyot(["run", "--allow", "root-owned", "--rw", "/tmp/home", "true"])?
        .fine()?;
    Ok(())
}

fn memory_of_root_is_full() -> Outcome {
    memory_is_full()
}

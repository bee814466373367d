//! One restriction a case, asked about from inside by a program that is not eyot's.
//!
//! `cargo xtask mutate` takes each of them away in the code, one at a time, and expects the case to fail
//! (docs/tests.md). What a case does where its restriction is missing harms nothing but the case's own tree.

use std::error::Error;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::case::{Need, Outcome, cases};
use crate::executable::{AT, eyot};
use crate::probe::fixture::{self, ATTEMPT, OWNER, READER, TREE};
use crate::probe::seen::{Mount, Place, Seen};

cases! {
    userns:
        a_read_only_bind_refuses_writes, set_id_files_of_a_bind_do_not_count,
        devices_of_a_bind_do_not_count, nothing_is_executed_from_the_kernels_files,
        the_root_refuses_writes, a_mask_hides,
        a_link_of_the_root_leads_nowhere_outside,
        the_user_is_the_one_of_the_plan, the_command_has_no_capability, init_has_no_capability,
        no_capability_can_come_back, set_id_programs_give_nothing, system_calls_are_filtered,
        keys_are_out_of_reach, terminals_cannot_be_typed_into, no_user_namespace_by_clone,
        no_user_namespace_by_unshare, clone3_hides_no_flags, no_set_id_file_is_made,
        the_32_bit_entry_is_closed, sockets_of_the_host_are_out_of_reach,
        signals_do_not_leave_the_view, descriptors_do_not_leak, init_cannot_be_inspected,
        no_core_is_dumped, the_session_is_its_own, the_umask_is_the_usual_one,
        processes_of_the_host_are_not_seen, ipc_is_its_own, the_host_name_is_its_own,
        the_cgroup_root_is_its_own, the_network_is_its_own, the_environment_is_scrubbed,
        open_files_are_limited, the_mounts_belong_to_somebody_else;
    root:
        a_view_receives_no_mounts, the_kernels_settings_are_read_only, nothing_of_the_old_root_remains, roots_groups_are_dropped, the_user_of_a_root_view,
        devices_cannot_be_added, the_owner_of_a_writable_bind_is_the_user,
        roots_own_directories_stay_roots, the_views_root_is_nobody_outside,
        the_views_root_cannot_undo_it, init_holds_nothing_of_the_host,
        a_view_ends_with_who_started_it;
}

const EPERM: i32 = 1;
const ESRCH: i32 = 3;
const EACCES: i32 = 13;
const EINVAL: i32 = 22;
const EROFS: i32 = 30;
const ENOSYS: i32 = 38;

/// What the reader finds in a view of these words, and at these places.
fn look(words: &[&str], places: &[&str]) -> Result<Seen, Box<dyn Error>> {
    look_as(&[], words, places)
}

/// The same, eyot started by another program.
fn look_as(starter: &[&str], words: &[&str], places: &[&str]) -> Result<Seen, Box<dyn Error>> {
    make_tree()?;
    fixture::compile_reader()?;
    let reader = format!("{READER}:/reader");
    let all = [starter, &[AT, "run", "--ro", &reader], words, &["/reader"]].concat();
    let mut child = Command::new(all[0])
        .args(&all[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .spawn()?;
    let questions: String = places.iter().map(|place| format!("P {place}\n")).collect();
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(questions.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn look_at(words: &[&str], place: &str) -> Result<Place, Box<dyn Error>> {
    look(words, &[place])?.places.pop().ok_or_else(|| "the reader says nothing".into())
}

/// The errno of an attempt in a view of these words.
fn attempt(words: &[&str], what: &[&str]) -> Result<i32, Box<dyn Error>> {
    make_tree()?;
    fixture::compile_attempt()?;
    let program = format!("{ATTEMPT}:/attempt");
    let all = [&["run", "--ro", &program], words, &["/attempt"], what].concat();
    Ok(eyot(all)?.fine()?.trim().parse()?)
}

/// Twice in one case it is there already.
fn make_tree() -> Outcome {
    let need = if eyot_sys::effective_ids().0 == 0 { Need::Root } else { Need::UserNamespace };
    if fs::exists(TREE)? { Ok(()) } else { fixture::make(need) }
}

fn shown(access: &str) -> [String; 2] {
    [access.to_owned(), format!("{TREE}/shown:/shown")]
}

fn look_at_shown(access: &str) -> Result<Place, Box<dyn Error>> {
    let [option, value] = shown(access);
    // No file system of the kernel beside it, which could not be made with another attribute.
    look_at(&["--profile", "empty", &option, &value], "/shown")
}

fn a_read_only_bind_refuses_writes() -> Outcome {
    assert_eq!(look_at_shown("--ro")?.write, EROFS);
    Ok(())
}

fn set_id_files_of_a_bind_do_not_count() -> Outcome {
    assert!(look_at_shown("--ro")?.nosuid);
    Ok(())
}

fn devices_of_a_bind_do_not_count() -> Outcome {
    assert!(look_at_shown("--rw")?.nodev);
    Ok(())
}

fn nothing_is_executed_from_the_kernels_files() -> Outcome {
    let seen = look(&[], &["/proc", "/sys", "/dev"])?;
    assert!(seen.places.iter().all(|place| place.noexec), "{:?}", seen.places);
    Ok(())
}

fn the_root_refuses_writes() -> Outcome {
    assert_eq!(look_at(&[], "/")?.touch, EROFS);
    Ok(())
}

fn nothing_of_the_old_root_remains() -> Outcome {
    // Seen through proc, which a blank slate has only by request.
    let seen = look(&["--profile", "empty", "--proc"], &[])?;
    let mounts: Vec<Mount> =
        seen.mounts.unwrap_or_default().lines().filter_map(Mount::of_line).collect();
    let mut places: Vec<&str> = mounts.iter().map(|mount| mount.at.as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["/", "/proc", "/reader"]);
    Ok(())
}

fn a_mask_hides() -> Outcome {
    let [option, value] = shown("--ro");
    let masked = look_at(&[&option, &value, "--mask", "/shown/text"], "/shown/text")?;
    assert_eq!(masked.content.as_deref(), Some(""));
    Ok(())
}

fn the_kernels_settings_are_read_only() -> Outcome {
    assert_eq!(look_at(&[], "/sys")?.touch, EROFS);
    Ok(())
}

fn a_link_of_the_root_leads_nowhere_outside() -> Outcome {
    make_tree()?;
    std::os::unix::fs::symlink(format!("{TREE}/open1"), format!("{TREE}/root/escape"))?;
    let root = format!("{TREE}/root");
    let words = ["run", "--profile", "empty", "--root", &root, "--file", "/escape/text=x", "/none"];
    let text = eyot(words)?.refusal()?;
    assert!(text.contains("/escape/text"), "{text}");
    Ok(())
}

fn the_user_is_the_one_of_the_plan() -> Outcome {
    let seen = look(&["--profile", "empty", "--uid", "1234", "--gid", "4321"], &[])?;
    assert_eq!((seen.uid, seen.gid), ([1234; 3], [4321; 3]));
    Ok(())
}

fn the_command_has_no_capability() -> Outcome {
    // A user id other than 0 would lose them by executing anything.
    let seen = look(&["--uid", "0"], &[])?;
    assert_eq!([seen.effective, seen.permitted, seen.inheritable, seen.ambient], [0; 4]);
    Ok(())
}

fn init_has_no_capability() -> Outcome {
    let out = eyot(["run", "grep", "Cap[PE]", "/proc/1/status"])?.fine()?;
    assert_eq!(out, "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n");
    Ok(())
}

fn no_capability_can_come_back() -> Outcome {
    assert_eq!(look(&[], &[])?.bounding, 0);
    Ok(())
}

fn set_id_programs_give_nothing() -> Outcome {
    // The filter needs it as well, so it would fail without.
    assert_eq!(look(&["--seccomp", "off"], &[])?.no_new_privileges, 1);
    Ok(())
}

fn system_calls_are_filtered() -> Outcome {
    assert_eq!(look(&[], &[])?.seccomp, 2);
    Ok(())
}

fn keys_are_out_of_reach() -> Outcome {
    assert_eq!(attempt(&[], &["keyctl"])?, EPERM);
    Ok(())
}

fn terminals_cannot_be_typed_into() -> Outcome {
    assert_eq!(attempt(&[], &["type-into-terminal"])?, EPERM);
    Ok(())
}

fn no_user_namespace_by_clone() -> Outcome {
    assert_eq!(attempt(&[], &["clone"])?, EPERM);
    assert_eq!(attempt(&["--allow", "nesting"], &["clone"])?, 0);
    Ok(())
}

fn no_user_namespace_by_unshare() -> Outcome {
    assert_eq!(attempt(&[], &["unshare"])?, EPERM);
    assert_eq!(attempt(&["--allow", "nesting"], &["unshare"])?, 0);
    Ok(())
}

fn clone3_hides_no_flags() -> Outcome {
    assert_eq!(attempt(&[], &["clone3"])?, ENOSYS);
    Ok(())
}

fn no_set_id_file_is_made() -> Outcome {
    let words = ["--profile", "empty", "--tmpfs", "/memory"];
    assert_eq!(attempt(&words, &["set-id", "/memory/program"])?, EPERM);
    Ok(())
}

fn the_32_bit_entry_is_closed() -> Outcome {
    if cfg!(target_arch = "x86_64") {
        assert_eq!(attempt(&[], &["32-bit-entry"])?, ENOSYS);
    }
    Ok(())
}

fn sockets_of_the_host_are_out_of_reach() -> Outcome {
    let name = format!("eyot-test-{}", std::process::id());
    let _listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
    let to = ["abstract-socket", &name];
    assert_eq!(attempt(&["--net", "host"], &to)?, EPERM);
    Ok(())
}

fn signals_do_not_leave_the_view() -> Outcome {
    let own = std::process::id().to_string();
    // In a user namespace of its own with the caller's id only, a process may signal the caller's others (kill(2)).
    assert_eq!(attempt(&["--share", "pid"], &["signal", &own])?, EPERM);
    assert_eq!(attempt(&[], &["signal", "4194000"])?, ESRCH);
    Ok(())
}

fn descriptors_do_not_leak() -> Outcome {
    let script = "exec 9</etc/passwd; exec \"$@\"";
    let seen = look_as(&["sh", "-c", script, "sh"], &[], &[])?;
    assert_eq!(seen.descriptors, [0, 1, 2]);
    Ok(())
}

fn init_cannot_be_inspected() -> Outcome {
    for file in ["/proc/1/environ", "/proc/1/maps"] {
        assert_eq!(attempt(&[], &["read", file])?, EACCES, "{file}");
    }
    Ok(())
}

fn no_core_is_dumped() -> Outcome {
    assert_eq!(look(&[], &[])?.limit_core, ["0", "0"]);
    Ok(())
}

fn the_session_is_its_own() -> Outcome {
    let seen = look(&[], &[])?;
    assert_eq!(seen.session, seen.pid);
    Ok(())
}

fn the_umask_is_the_usual_one() -> Outcome {
    assert_eq!(look_as(&["sh", "-c", "umask 0; exec \"$@\"", "sh"], &[], &[])?.umask, 0o022);
    Ok(())
}

fn processes_of_the_host_are_not_seen() -> Outcome {
    // By number 2, which is the first beside init: the host's proc cannot say.
    assert_eq!(look(&["--profile", "empty"], &[])?.pid, 2);
    Ok(())
}

fn ipc_is_its_own() -> Outcome {
    let seen = look(&["--profile", "empty", "--proc"], &[])?;
    differs(&seen, "ipc")
}

fn the_host_name_is_its_own() -> Outcome {
    let seen = look(&["--profile", "empty", "--proc", "--hostname", "island"], &[])?;
    assert_eq!(seen.hostname, "island");
    differs(&seen, "uts")
}

fn the_cgroup_root_is_its_own() -> Outcome {
    differs(&look(&["--profile", "empty", "--proc"], &[])?, "cgroup")
}

fn the_network_is_its_own() -> Outcome {
    let seen = look(&["--profile", "empty", "--proc"], &[])?;
    assert!(seen.interfaces.iter().all(|interface| !interface.up), "{:?}", seen.interfaces);
    differs(&seen, "net")
}

fn differs(seen: &Seen, name: &str) -> Outcome {
    let inside = seen.namespaces.get(name).and_then(Option::as_deref);
    let outside = fs::read_link(format!("/proc/self/ns/{name}"))?;
    assert!(inside.is_some(), "the reader cannot see its {name} namespace");
    assert_ne!(inside, outside.to_str());
    Ok(())
}

fn the_environment_is_scrubbed() -> Outcome {
    let environment = look(&[], &[])?.environment;
    assert!(!environment.iter().any(|it| it.contains("secret")), "{environment:?}");
    Ok(())
}

fn open_files_are_limited() -> Outcome {
    assert_eq!(look(&["--open-files", "100"], &[])?.limit_open_files, ["100", "100"]);
    Ok(())
}

/// With every capability that matters and no filter, there is still nothing to undo.
const ALMIGHTY: &[&str] = &["--workdir", "/", "--cap", "CAP_SYS_ADMIN", "--seccomp", "off"];

fn the_mounts_belong_to_somebody_else() -> Outcome {
    for what in [["umount", "/usr"], ["remount", "/usr"], ["mount", "/tmp"]] {
        let errno = attempt(ALMIGHTY, &what)?;
        assert!([EPERM, EINVAL].contains(&errno), "{what:?}: {errno}");
    }
    Ok(())
}

fn the_views_root_cannot_undo_it() -> Outcome {
    the_mounts_belong_to_somebody_else()
}

fn a_view_receives_no_mounts() -> Outcome {
    let [option, value] = shown("--ro");
    let seen = look(&[&option, &value], &[])?;
    let mounts = seen.mounts.unwrap_or_default();
    let receiving: Vec<Mount> =
        mounts.lines().filter_map(Mount::of_line).filter(|mount| mount.propagates).collect();
    assert!(receiving.is_empty(), "{receiving:?}");
    Ok(())
}

fn roots_groups_are_dropped() -> Outcome {
    let starter = ["setpriv", "--groups", "4,27"];
    assert_eq!(look_as(&starter, &[], &[])?.groups, [0; 0]);
    Ok(())
}

fn the_user_of_a_root_view() -> Outcome {
    the_user_is_the_one_of_the_plan()
}

fn devices_cannot_be_added() -> Outcome {
    assert_eq!(look_at(&[], "/dev")?.touch, EROFS);
    Ok(())
}

fn the_owner_of_a_writable_bind_is_the_user() -> Outcome {
    let [option, value] = shown("--rw");
    let place = look_at(&["--uid", "1234", "--gid", "4321", &option, &value], "/shown")?;
    assert_eq!((place.uid, place.gid), (1234, 4321));
    assert_eq!(place.write, 0);
    Ok(())
}

fn roots_own_directories_stay_roots() -> Outcome {
    fs::create_dir("/tmp/of-root")?;
    let text = eyot(["run", "--rw", "/tmp/of-root:/data", "true"])?.refusal()?;
    assert!(text.contains("belongs to root on disk"), "{text}");
    eyot(["run", "--allow", "root-owned", "--rw", "/tmp/of-root:/data", "true"])?.fine()?;
    Ok(())
}

fn the_views_root_is_nobody_outside() -> Outcome {
    let map =
        look(&["--profile", "empty", "--proc", "--uid", "0"], &[])?.uid_map.unwrap_or_default();
    let numbers: Vec<u32> = map.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    assert!(matches!(numbers[..], [0, first, _] if first > OWNER), "{map}");
    Ok(())
}

/// Every descriptor of init is one of eyot's own making: none is a file, a directory or a socket of the caller.
fn init_holds_nothing_of_the_host() -> Outcome {
    let script = format!("exec 9</etc/passwd; exec {AT} run sh -c 'echo up; read line'");
    let mut supervisor = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut up = [0; 3];
    supervisor.stdout.as_mut().ok_or("no pipe")?.read_exact(&mut up)?;
    let own =
        |target: &String| target.starts_with("/run/eyot") || target.starts_with("anon_inode:");
    // Init closes them beside the command's first steps.
    let begun = Instant::now();
    let mut held = descriptors_of_init(supervisor.id())?;
    while !held.iter().all(own) && begun.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(10));
        held = descriptors_of_init(supervisor.id())?;
    }
    drop(supervisor.stdin.take());
    supervisor.wait()?;
    assert!(held.iter().all(own), "{held:?}");
    Ok(())
}

fn descriptors_of_init(supervisor: u32) -> Result<Vec<String>, Box<dyn Error>> {
    let init = init_below(supervisor)?;
    let mut held = Vec::new();
    for entry in fs::read_dir(format!("/proc/{init}/fd"))? {
        held.push(fs::read_link(entry?.path())?.to_string_lossy().into_owned());
    }
    Ok(held)
}

/// The process below `supervisor` that is number 1 in a PID namespace of its own.
fn init_below(supervisor: u32) -> Result<u32, Box<dyn Error>> {
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let Ok(pid) = name.parse::<u32>() else { continue };
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let field = |key: &str| status.lines().find_map(|line| line.strip_prefix(key));
        let numbers = field("NSpid:").unwrap_or_default().split_whitespace().collect::<Vec<_>>();
        if pid != supervisor && numbers.len() == 2 && numbers[1] == "1" {
            return Ok(pid);
        }
    }
    Err("no init is there".into())
}

fn a_view_ends_with_who_started_it() -> Outcome {
    let mut supervisor = Command::new(AT)
        .args(["run", "--", "sh", "-c", "echo up; exec sleep 1000"])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut up = [0; 3];
    supervisor.stdout.as_mut().ok_or("no pipe")?.read_exact(&mut up)?;
    let init = init_below(supervisor.id())?;
    supervisor.kill()?;
    supervisor.wait()?;
    let begun = Instant::now();
    while fs::exists(format!("/proc/{init}/status"))? && !is_dead(init) {
        if begun.elapsed() > Duration::from_secs(5) {
            return Err("the view outlives who started it".into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn is_dead(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.is_empty() || status.contains("State:\tZ")
}

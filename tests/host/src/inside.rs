//! The copy: enters a view of the test's own and runs one case there.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use eyot_sys::{
    Attributes, Child, DetachedMount, Ending, Fork, Handle, IdRange, LastLink, Namespaces,
    Parameter, Reach,
};

use crate::case::{Need, Outcome, Propagation};
use crate::cases::SUBJECTS;
use crate::executable;
use crate::own_groups::OwnGroups;

/// A start takes milliseconds; a case of this length hangs.
const PATIENCE: Duration = Duration::from_secs(100);

const SIGKILL: i32 = 9;

#[expect(clippy::print_stderr, reason = "the harness reads the outcome from this process")]
pub(crate) fn run(words: &[String]) -> ExitCode {
    match enter_and_run(words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn enter_and_run(words: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let [need, propagation, case @ ..] = words else {
        return Err("the copy is started by the harness only".into());
    };
    let need = Need::of_name(need).ok_or("no such need")?;
    let propagation = Propagation::of_name(propagation).ok_or("no such propagation")?;
    let groups = match need {
        Need::UserNamespace | Need::Root => OwnGroups::none(),
        Need::ControlGroups => OwnGroups::make()?,
    };
    let caller = eyot_sys::effective_ids();
    let user = match need {
        Need::UserNamespace => Namespaces::USER,
        Need::Root | Need::ControlGroups => Namespaces::NONE,
    };
    // The network too: abstract sockets, by which views are known, belong to it.
    let namespaces =
        user | Namespaces::MOUNT | Namespaces::PID | Namespaces::IPC | Namespaces::NETWORK;
    match eyot_sys::fork_into(namespaces, None)? {
        Fork::Parent(child) => {
            let outcome = wait_for(&child);
            // With the case all it has started has ended: it was the first of its PID namespace.
            groups.remove()?;
            outcome
        }
        Fork::Child => {
            // With this process, the first of its PID namespace, ends whatever the case has started.
            eyot_sys::die_with_parent()?;
            if need == Need::UserNamespace {
                keep_ids(caller)?;
            }
            enter_test_view(need, propagation, &groups)?;
            case.first().map_or(Ok(()), |name| run_case(name))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn wait_for(child: &Child) -> Result<ExitCode, Box<dyn Error>> {
    use std::os::fd::AsFd as _;
    if eyot_sys::wait_readable(&[child.as_fd()], Some(PATIENCE)) != [true] {
        child.signal(SIGKILL)?;
        child.wait()?;
        return Err(format!("the case did not end in {} s", PATIENCE.as_secs()).into());
    }
    match child.wait()? {
        Ending::Exited(code) => Ok(ExitCode::from(code as u8)),
        Ending::Killed(signal) => Err(format!("the case was ended by signal {signal}").into()),
    }
}

/// The case is nobody inside as well: what it executes has no capabilities, as an ordinary user's programs have none.
fn keep_ids((uid, gid): (u32, u32)) -> Outcome {
    let itself = |id| IdRange { inside: id, outside: id, count: 1 };
    eyot_sys::map_own_ids(eyot_sys::open_own_proc()?, itself(uid), itself(gid))?;
    Ok(())
}

/// A view in which the host is read-only, and `/tmp` and `/run` are the case's own.
fn enter_test_view(need: Need, propagation: Propagation, groups: &OwnGroups) -> Outcome {
    eyot_sys::make_all_private()?;
    groups.enter()?;
    // Before everything becomes read-only.
    let groups = groups.shown()?;
    let tool = Handle::open(&executable::place()?, LastLink::Follow);
    eyot_sys::restrict_all(Attributes::default().read_only())?;
    let proc = DetachedMount::filesystem("proc", &[], Attributes::DATA.no_exec())?;
    attach(proc, "/proc")?;
    if need != Need::UserNamespace {
        protect_machine()?;
    }
    for (mount, at) in groups {
        let target = Handle::open(at, LastLink::Follow)?;
        mount.attach(&target, at)?;
    }
    attach(memory("1777")?, "/tmp")?;
    attach(memory("0755")?, "/run")?;
    if let Ok(tool) = tool {
        let copy = DetachedMount::clone_of(&tool, executable::AT.as_ref(), Reach::WholeTree)?;
        fs::create_dir("/tmp/bin")?;
        fs::write(executable::AT, "")?;
        attach(copy, executable::AT)?;
    }
    fs::create_dir("/tmp/home")?;
    std::env::set_current_dir("/tmp/home")?;
    match propagation {
        Propagation::Private => Ok(()),
        Propagation::Shared => share_all(),
    }
}

/// What root could change of the whole machine through the new `/proc`.
fn protect_machine() -> Outcome {
    // Not every kernel has the trigger.
    let there = |place: &&str| Path::new(place).exists();
    for place in ["/proc/sys", "/proc/sysrq-trigger"].into_iter().filter(there) {
        let at = Handle::open(place.as_ref(), LastLink::Follow)?;
        let copy = DetachedMount::clone_of(&at, place.as_ref(), Reach::WholeTree)?;
        copy.restrict(place.as_ref(), Attributes::DATA.read_only(), Reach::WholeTree)?;
        copy.attach(&at, place.as_ref())?;
    }
    Ok(())
}

fn memory(mode: &str) -> Result<DetachedMount, eyot_sys::Error> {
    let parameters = [Parameter::Text("mode", mode)];
    DetachedMount::filesystem("tmpfs", &parameters, Attributes::DATA)
}

/// Attaches on what is at the top there now.
fn attach(mount: DetachedMount, at: &str) -> Outcome {
    let target = Handle::open(at.as_ref(), LastLink::Follow)?;
    mount.attach(&target, Path::new(at))?;
    Ok(())
}

fn share_all() -> Outcome {
    let status = Command::new("mount").args(["--make-rshared", "/"]).status()?;
    if status.success() { Ok(()) } else { Err("mount --make-rshared / failed".into()) }
}

fn run_case(name: &str) -> Outcome {
    let (subject, case) = name.rsplit_once("::").unwrap_or(("", name));
    let cases = SUBJECTS.iter().filter(|(name, _)| *name == subject).flat_map(|(_, cases)| *cases);
    let case = cases.into_iter().find(|candidate| candidate.name == case);
    (case.ok_or_else(|| format!("no case is called '{name}'"))?.run)()
}

/// The error and everything under it, outermost first.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

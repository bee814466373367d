//! The harness: lists the cases and starts this binary again for each.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Output, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

use crate::case::{Case, Need, Propagation};
use crate::cases::SUBJECTS;
use crate::executable;

/// First argument of the copy; need and propagation follow, then the case's name, or none to only try the view.
pub(crate) const INSIDE: &str = "--inside";

/// The need of every program that a case names.
const PROGRAMS: &str = "programs";

const NOBODY: u32 = 65534;

pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::from_args();
    if !arguments.list
        && let Err(error) = executable::build_if_nobody_did()
    {
        return complain(&error.to_string());
    }
    libtest_mimic::run(&arguments, trials()).exit_code()
}

#[expect(clippy::print_stderr, reason = "the harness has no other way to say why nothing ran")]
fn complain(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}

fn trials() -> Vec<Trial> {
    let runnable = |need: Need| is_required(need) || is_available(need);
    let (userns, root) = (runnable(Need::UserNamespace), runnable(Need::Root));
    let groups = runnable(Need::ControlGroups);
    let mut trials = Vec::new();
    for (subject, cases) in SUBJECTS {
        for case in *cases {
            let mut add = |suffix: &str, propagation| {
                let name = format!("{subject}::{}{suffix}", case.name);
                let runnable = match case.need {
                    Need::UserNamespace => userns,
                    Need::Root => root,
                    Need::ControlGroups => groups,
                };
                let missing = case.missing_program().filter(|_| !is_named(PROGRAMS));
                let kind = match missing {
                    Some(program) => format!("{}, program {program}", case.need.name()),
                    None => case.need.name().to_owned(),
                };
                let trial = Trial::test(name, move || run_outside(subject, case, propagation));
                let ignored = !runnable || missing.is_some();
                trials.push(trial.with_kind(kind).with_ignored_flag(ignored));
            };
            add("", Propagation::Private);
            if case.need == Need::Root {
                add("_on_a_shared_root", Propagation::Shared);
            }
        }
    }
    trials
}

fn run_outside(subject: &str, case: &Case, propagation: Propagation) -> Result<(), Failed> {
    let name = format!("{subject}::{}", case.name);
    let output = start_inside(case.need, propagation, Some(&name))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            // expect-test says what differs on the standard output.
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            let said = text(&output.stdout) + &text(&output.stderr);
            Err(Failed::from(format!("{said}({})", output.status)))
        }
    }
}

fn is_available(need: Need) -> bool {
    start_inside(need, Propagation::Private, None).is_ok_and(|output| output.status.success())
}

fn is_required(need: Need) -> bool {
    is_named(need.name())
}

fn is_named(need: &str) -> bool {
    let list = env::var("EYOT_TESTS_REQUIRE").unwrap_or_default();
    list.split(',').any(|name| name == need)
}

fn start_inside(
    need: Need,
    propagation: Propagation,
    case: Option<&str>,
) -> std::io::Result<Output> {
    let mut copy = Command::new(env::current_exe()?);
    copy.arg(INSIDE).arg(need.name()).arg(propagation.name()).args(case);
    copy.env(executable::VARIABLE, executable::place()?).env("HOME", "/tmp/home");
    copy.env_remove("XDG_RUNTIME_DIR").current_dir("/").stdin(Stdio::null());
    if need == Need::UserNamespace && eyot_sys::effective_ids().0 == 0 {
        // Root in a user namespace still owns root's files on the host; nobody owns nothing.
        copy.uid(NOBODY).gid(NOBODY);
    }
    copy.output()
}

use eyot_plan::{Machine, Origin, PlanError, Seccomp, SeccompChoice};

use crate::request::{Chosen, refuse};
use crate::seccomp::{Allow, Arch, Options, Policy, compile, oci, precompiled};

/// The filter of the view, and the policy it is made of, which can explain a refusal.
///
/// Off without anybody's word only where the machine has none; the plan then says it is absent.
pub(crate) fn seccomp(
    choice: Option<Chosen<&SeccompChoice>>,
    machine: &Machine,
    opened: &[Chosen<Allow>],
    text: Option<&str>,
) -> Result<(Seccomp, Option<Policy>), PlanError> {
    let Some(arch) = native(machine) else { return Ok((Seccomp::Off, None)) };
    match choice.as_ref().map(|choice| (choice.value, &choice.by)) {
        Some((SeccompChoice::Off, _)) => Ok((Seccomp::Off, None)),
        None | Some((SeccompChoice::Default, _)) => standard(arch, opened),
        Some((SeccompChoice::Profile(path), by)) => {
            if let Some(open) = opened.first() {
                let open_name = open.value.name();
                let path = path.escape_debug();
                let what =
                    format!("'{open_name}' opens the default filter, but '{path}' is used instead");
                return Err(refuse(what, &open.by));
            }
            of_file(path, arch, machine, by, text)
        }
    }
}

/// The machine whose calls are filtered; `None` where there is no filtering.
fn native(machine: &Machine) -> Option<Arch> {
    Arch::NATIVE.filter(|_| machine.seccomp)
}

fn standard(arch: Arch, opened: &[Chosen<Allow>]) -> Result<(Seccomp, Option<Policy>), PlanError> {
    let allowed: Vec<Allow> = opened.iter().map(|allow| allow.value).collect();
    let policy = Policy::standard(&allowed);
    let by =
        opened.first().map_or(Origin::new(eyot_plan::Layer::Default, ""), |open| open.by.clone());
    let seccomp = Seccomp::Filter {
        name: "default".to_owned(),
        allowed: allowed.iter().map(ToString::to_string).collect(),
        skipped: Vec::new(),
        filter: match allowed.is_empty().then(|| precompiled(arch)).flatten() {
            Some(filter) => filter,
            None => compile(&policy, arch, &Options::default())
                .map_err(|error| refuse(error.to_string(), &by))?,
        },
    };
    Ok((seccomp, Some(policy)))
}

fn of_file(
    path: &str,
    arch: Arch,
    machine: &Machine,
    by: &Origin,
    text: Option<&str>,
) -> Result<(Seccomp, Option<Policy>), PlanError> {
    let shown = path.escape_debug();
    let bad = |error: String| refuse(format!("'{shown}' cannot be used: {error}"), by);
    let text = text.ok_or_else(|| bad("nobody read it".to_owned()))?;
    let read = oci::read_text(text, oci::Machine { arch, kernel: machine.kernel })
        .map_err(|error| bad(error.to_string()))?;
    if read.listener_path.is_some() {
        // What the listener would allow, no plan can say.
        return Err(bad(
            "it hands calls to a listener, and only eyot supervises its views".to_owned()
        ));
    }
    let seccomp = Seccomp::Filter {
        name: path.to_owned(),
        allowed: Vec::new(),
        skipped: read.unknown_names,
        filter: compile(&read.policy, arch, &Options::default())
            .map_err(|error| bad(error.to_string()))?,
    };
    Ok((seccomp, Some(read.policy)))
}

use eyot_plan::{
    Confinement, Filter, HostPath, Landlock, Machine, Origin, PlanError, RootOwned, Seccomp,
    SeccompChoice, UserNamespace,
};

use crate::LayeredView;
use crate::capability::{SYS_ADMIN, capabilities};
use crate::isolation::Walls;
use crate::nearest::unknown;
use crate::place::host_path;
use crate::request::{Chosen, Request, refuse};

/// Scopes came with Linux 6.12.
pub(crate) const SCOPES_ABI: u32 = 6;

const ROOT_OWNED: &str = "root-owned";
const OPENS_SECCOMP: &[&str] = &["nesting"];

/// The container profile that the views name, which whoever calls [`draft`](crate::draft) reads.
pub fn seccomp_file(
    layers: &[LayeredView],
    caller: &eyot_plan::Caller,
) -> Result<Option<HostPath>, PlanError> {
    match choice(Request { layers }) {
        Some(Chosen { value: SeccompChoice::Profile(path), by }) => {
            host_path(path, caller, &by).map(Some)
        }
        Some(Chosen { value: SeccompChoice::Default | SeccompChoice::Off, .. }) | None => Ok(None),
    }
}

pub(crate) fn choice<'a>(request: Request<'a>) -> Option<Chosen<&'a SeccompChoice>> {
    request.last("seccomp", |view| view.seccomp.as_ref())
}

pub(crate) fn confinement(
    request: Request<'_>,
    walls: &Walls,
    machine: &Machine,
    seccomp_text: Option<&str>,
) -> Result<Confinement, PlanError> {
    let capabilities = capabilities(request)?;
    let sys_admin = capabilities.iter().any(|kept| kept.number == SYS_ADMIN);
    if let (UserNamespace::Host, Some(by), true) = (walls.isolation.user, &walls.user_by, sys_admin)
    {
        let what = "CAP_SYS_ADMIN without a user namespace can undo the whole view";
        return Err(refuse(what, by));
    }
    let (root_owned, opened) = allowed(request)?;
    Ok(Confinement {
        capabilities,
        seccomp: seccomp(request, machine, &opened, seccomp_text)?,
        landlock: match machine.landlock_abi >= SCOPES_ABI {
            true => Landlock::Scoped,
            false => Landlock::Off,
        },
        no_new_privileges: true,
        core_dumps: request.last("core-dumps", |view| view.core_dumps).is_some_and(|on| on.value),
        root_owned,
    })
}

/// What `--allow` opens: of eyot's own rules, and of the filter.
fn allowed(request: Request<'_>) -> Result<(RootOwned, Vec<Chosen<&str>>), PlanError> {
    let mut root_owned = RootOwned::Refused;
    let mut opened: Vec<Chosen<&str>> = Vec::new();
    let known: Vec<&str> = [ROOT_OWNED].iter().chain(OPENS_SECCOMP).copied().collect();
    for name in request.all("allow", |view| view.allow.iter().map(String::as_str)) {
        match name.value {
            ROOT_OWNED => root_owned = RootOwned::Mapped,
            open if OPENS_SECCOMP.contains(&open) => opened.push(name),
            other => return Err(refuse(unknown("relaxation", other, &known), &name.by)),
        }
    }
    opened.sort_by_key(|name| name.value);
    opened.dedup_by_key(|name| name.value);
    Ok((root_owned, opened))
}

fn seccomp(
    request: Request<'_>,
    machine: &Machine,
    opened: &[Chosen<&str>],
    text: Option<&str>,
) -> Result<Seccomp, PlanError> {
    let Some(choice) = choice(request) else {
        return Ok(if machine.seccomp { standard(opened) } else { Seccomp::Off });
    };
    match choice.value {
        SeccompChoice::Off => Ok(Seccomp::Off),
        SeccompChoice::Default if !machine.seccomp => Ok(Seccomp::Off),
        SeccompChoice::Default => Ok(standard(opened)),
        SeccompChoice::Profile(path) => of_file(path, &choice.by, opened, text),
    }
}

fn standard(opened: &[Chosen<&str>]) -> Seccomp {
    Seccomp::Filter {
        name: "default".to_owned(),
        allowed: opened.iter().map(|name| name.value.to_owned()).collect(),
        skipped: Vec::new(),
        filter: Filter::default(),
    }
}

fn of_file(
    path: &str,
    _by: &Origin,
    opened: &[Chosen<&str>],
    _text: Option<&str>,
) -> Result<Seccomp, PlanError> {
    if let Some(open) = opened.first() {
        let what = format!(
            "'{}' opens the default filter, but '{}' is used instead",
            open.value,
            path.escape_debug()
        );
        return Err(refuse(what, &open.by));
    }
    Ok(Seccomp::Filter {
        name: path.to_owned(),
        allowed: Vec::new(),
        skipped: Vec::new(),
        filter: Filter::default(),
    })
}

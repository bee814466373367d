use eyot_plan::{
    Confinement, HostPath, Landlock, Machine, PlanError, RootOwned, SeccompChoice, UserNamespace,
};

use crate::LayeredView;
use crate::capability::{SETFCAP, capabilities, undoes_view};
use crate::filter::seccomp;
use crate::isolation::Walls;
use crate::nearest::unknown;
use crate::place::host_path;
use crate::request::{Chosen, Request, refuse};
use crate::seccomp::{Allow, Policy};

/// Scopes came with Linux 6.12.
pub(crate) const SCOPES_ABI: u32 = 6;

const ROOT_OWNED: &str = "root-owned";

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
    uid: u32,
    seccomp_text: Option<&str>,
) -> Result<(Confinement, Option<Policy>), PlanError> {
    let mut capabilities = capabilities(request)?;
    let chosen = choice(request).map(|choice| choice.value);
    if let (UserNamespace::Host, Some(by), Some(what)) =
        (walls.isolation.user, &walls.user_by, undoes_view(&capabilities, chosen))
    {
        return Err(refuse(what, by));
    }
    let (root_owned, opened) = allowed(request)?;
    let nests = opened.iter().any(|allow| allow.value == Allow::Nesting);
    if nests && uid == 0 && walls.isolation.user != UserNamespace::Host {
        // Uid 0 maps itself into a namespace it makes only if it had this one (user_namespaces(7)). It counts in the
        // view's user namespace alone, and every mount of the view is nosuid.
        capabilities.push(SETFCAP);
        capabilities.sort();
        capabilities.dedup();
    }
    let (seccomp, policy) = seccomp(choice(request), machine, &opened, seccomp_text)?;
    let confinement = Confinement {
        capabilities,
        seccomp,
        landlock: match machine.landlock_abi >= SCOPES_ABI {
            true => Landlock::Scoped,
            false => Landlock::Off,
        },
        no_new_privileges: true,
        core_dumps: request.last("core-dumps", |view| view.core_dumps).is_some_and(|on| on.value),
        root_owned,
    };
    Ok((confinement, policy))
}

/// What `--allow` opens: of eyot's own rules, and of the filter.
fn allowed(request: Request<'_>) -> Result<(RootOwned, Vec<Chosen<Allow>>), PlanError> {
    let mut root_owned = RootOwned::Refused;
    let mut opened = Vec::new();
    let known: Vec<&str> = [ROOT_OWNED].into_iter().chain(Allow::ALL.map(Allow::name)).collect();
    for name in request.all("allow", |view| view.allow.iter().map(String::as_str)) {
        match name.value.parse() {
            Ok(allow) => opened.push(Chosen { value: allow, by: name.by }),
            Err(_) if name.value == ROOT_OWNED => root_owned = RootOwned::Mapped,
            Err(_) => return Err(refuse(unknown("relaxation", name.value, &known), &name.by)),
        }
    }
    opened.sort_by_key(|allow| allow.value);
    opened.dedup_by_key(|allow| allow.value);
    Ok((root_owned, opened))
}

use std::collections::BTreeMap;
use std::ffi::OsString;

use eyot_plan::{Caller, PlanError};

use crate::identity::Who;
use crate::request::{Request, refuse};
use crate::tables::Profile;

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The variables of the view: few of the caller's, then what was asked for by name.
///
/// Secrets live in variables of any name (`AWS_SECRET_ACCESS_KEY`, `GH_TOKEN`), so there is no list
/// of bad ones, only one of good ones.
pub(crate) fn environment(
    request: Request<'_>,
    profile: &Profile,
    caller: &Caller,
    who: &Who,
    notes: &mut Vec<String>,
) -> Result<Vec<(OsString, OsString)>, PlanError> {
    let mut variables: BTreeMap<OsString, OsString> = BTreeMap::new();
    for (name, value) in &caller.environment {
        if profile.keep_env.iter().any(|pattern| name.to_str().is_some_and(|n| fits(pattern, n))) {
            variables.insert(name.clone(), value.clone());
        }
    }
    for (name, value) in own_variables(profile, who) {
        variables.insert(name.into(), value.into());
    }
    keep_named(request, caller, &mut variables, notes)?;
    for (name, value) in request.all("env", |view| &view.env).into_iter().map(|c| (c.value, c.by)) {
        let (name, text) = name;
        check_name(name).map_err(|error| refuse(error, &value))?;
        if text.contains('\0') {
            return Err(refuse(format!("the value of '{name}' holds a NUL byte"), &value));
        }
        variables.insert(name.into(), text.into());
    }
    Ok(variables.into_iter().collect())
}

fn own_variables(profile: &Profile, who: &Who) -> Vec<(&'static str, String)> {
    let mut own = vec![
        ("PATH", PATH.to_owned()),
        ("USER", who.name.clone()),
        ("LOGNAME", who.name.clone()),
        ("SHELL", "/bin/sh".to_owned()),
    ];
    own.extend(who.home.iter().map(|home| ("HOME", home.to_string())));
    own.extend(who.runtime_dir.iter().map(|dir| ("XDG_RUNTIME_DIR", dir.to_string())));
    own.extend(profile.set_env.iter().map(|(name, value)| (*name, (*value).to_owned())));
    own
}

fn keep_named(
    request: Request<'_>,
    caller: &Caller,
    variables: &mut BTreeMap<OsString, OsString>,
    notes: &mut Vec<String>,
) -> Result<(), PlanError> {
    for name in request.all("keep-env", |view| &view.keep_env) {
        check_name(name.value).map_err(|error| refuse(error, &name.by))?;
        match caller.environment.iter().find(|(known, _)| known == name.value.as_str()) {
            Some((known, value)) => {
                variables.insert(known.clone(), value.clone());
            }
            None => {
                notes.push(format!("'{}' is not set, so it is not kept ({})", name.value, name.by))
            }
        }
    }
    Ok(())
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

fn check_name(name: &str) -> Result<(), String> {
    match name.is_empty() || name.contains(['=', '\0']) {
        true => Err(format!("'{}' cannot name a variable", name.escape_debug())),
        false => Ok(()),
    }
}

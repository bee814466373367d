use std::path::{Component, Path, PathBuf};

use eyot_plan::{Caller, HostPath, Origin, PlanError, ViewPath};

use crate::identity::callers_home;
use crate::request::refuse;

/// The host path that a person wrote: absolute, below `~`, or seen from the caller's directory.
pub(crate) fn host_path(text: &str, caller: &Caller, by: &Origin) -> Result<HostPath, PlanError> {
    let written = Path::new(text);
    if written.components().any(|part| part == Component::ParentDir) {
        // What a link before it points to decides where '..' leads, and nothing is looked up yet.
        let what =
            format!("'{}' contains '..': give it as an absolute path without", text.escape_debug());
        return Err(refuse(what, by));
    }
    let path = match text.strip_prefix('~') {
        Some(rest) => below_home(text, rest, caller).map_err(|error| refuse(error, by))?,
        None => caller.workdir.join(written),
    };
    HostPath::new(path).map_err(|error| refuse(error.to_string(), by))
}

fn below_home(text: &str, rest: &str, caller: &Caller) -> Result<PathBuf, String> {
    let shown = text.escape_debug();
    if !rest.is_empty() && !rest.starts_with('/') {
        return Err(format!("'{shown}' names another user's home: give it as an absolute path"));
    }
    match callers_home(caller) {
        Some(home) => Ok(home.as_path().join(rest.trim_start_matches('/'))),
        None => Err(format!("'{shown}' lies below a home directory, and you have none")),
    }
}

/// A place in the view, which has no directory to be relative to.
pub(crate) fn view_path(text: &str, by: &Origin) -> Result<ViewPath, PlanError> {
    ViewPath::new(text).map_err(|error| refuse(error.to_string(), by))
}

/// `path` with what `from` is replaced by what `to` is.
pub(crate) fn moved(path: &Path, from: &Path, to: &Path) -> Option<HostPath> {
    HostPath::new(to.join(path.strip_prefix(from).ok()?)).ok()
}

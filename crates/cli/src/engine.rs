//! Where the command line meets the engine: views in, a plan or a finished run out.

use std::ffi::OsString;
use std::path::Path;

use eyot_launch::{LaunchError, Outcome, RunOptions, Sources};
use eyot_plan::{Facts, Layer, Plan, View};
use eyot_profile::seccomp::Policy;
use eyot_profile::{LayeredView, draft, seccomp_file};

use crate::args::RunRequest;
use crate::render::{self, Message};
use crate::view_file;

/// A plan with what it was made from; nothing has been done yet.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    facts: Facts,
    sources: Sources,
    /// What the plan's filter is made of.
    pub(crate) policy: Option<Policy>,
}

/// The plan of a command line.
pub(crate) fn prepare(request: &RunRequest) -> Result<Prepared, Message> {
    let flags = LayeredView { layer: Layer::Flag, name: String::new(), view: request.view.clone() };
    let mut prepared = match &request.file {
        None => settle(&[flags])?,
        Some(name) => {
            let file = (|| {
                let path =
                    view_file::find(name, &view_file::places(|name| std::env::var_os(name)))?;
                Ok(of_file(&path, view_file::read(&path)?))
            })();
            settle(&[file.map_err(|error| render::view_file_error(&error))?, flags])?
        }
    };
    if !request.command.is_empty() {
        // A view holds text; the command as it was typed may be any bytes.
        prepared.plan.process.command.clone_from(&request.command);
    }
    Ok(prepared)
}

/// Whether a view file makes a plan for this caller on this machine.
pub(crate) fn plan_of_file(path: &Path, view: View) -> Result<Plan, Message> {
    settle(&[of_file(path, view)]).map(|prepared| prepared.plan)
}

/// Makes the view, runs the command in it and waits for its end.
pub(crate) fn run(prepared: &Prepared, options: &RunOptions) -> Result<Outcome, LaunchError> {
    let Prepared { plan, facts, sources, .. } = prepared;
    eyot_launch::run(plan, facts, sources, options)
}

/// What stands where a command is missing: there is nothing to run.
pub(crate) fn no_command(command: &[OsString]) -> Option<Message> {
    command.is_empty().then(|| {
        Message::error("there is no command to run")
            .try_instead("name it behind the options, or as 'command' in the view file")
    })
}

fn of_file(path: &Path, view: View) -> LayeredView {
    LayeredView { layer: Layer::File, name: path.to_string_lossy().into_owned(), view }
}

fn settle(layers: &[LayeredView]) -> Result<Prepared, Message> {
    let mut facts = eyot_launch::survey().map_err(|error| render::launch_error(&error))?;
    if layers.iter().any(|layer| layer.view.asks_for_groups()) {
        eyot_launch::survey_limits(&mut facts);
    }
    let seccomp = seccomp_file(layers, &facts.caller).map_err(|e| render::plan_error(&e))?;
    let seccomp = seccomp.map(|path| view_file::text(path.as_path(), "a seccomp profile"));
    let seccomp = seccomp.transpose().map_err(|error| render::view_file_error(&error))?;
    let draft = draft(layers, &facts, seccomp.as_deref()).map_err(|e| render::plan_error(&e))?;
    let policy = draft.policy().cloned();
    let mut sources = Sources::open(draft.asked());
    let plan = draft.settle(|from, links| sources.fact(from, links));
    let plan = plan.map_err(|error| render::plan_error(&error))?;
    Ok(Prepared { plan, facts, sources, policy })
}

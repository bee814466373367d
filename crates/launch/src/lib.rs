//! Carries a plan out: the only place where eyot changes what a process sees.
//!
//! [`run`] makes the view, runs the command in it and waits. When the kernel refuses a step, the error says which
//! entry, which call, which rule of the kernel and what to change ([`diagnose`]).

mod assemble;
mod cgroup;
mod command;
mod confine;
mod descriptors;
mod diagnose;
mod doctor;
mod error;
mod guard;
mod holdings;
mod ids;
mod init;
mod nursery;
mod own_program;
mod placeholder;
mod prepare;
mod registry;
mod report;
mod run_directory;
mod sources;
mod start;
mod supervise;
mod survey;
mod terminal;
pub mod why;

pub use cgroup::survey_limits;
pub use descriptors::{check_descriptor, write_descriptor};
pub use diagnose::{Barrier, Circumstances, Explanation, Place, Rule, diagnose, diagnose_in};
pub use doctor::{Answer, Finding, Group, Verdict, Weight, doctor};
pub use error::{Attempt, Cause, LaunchError};
pub use eyot_sys::Ending;
pub use own_program::arrive;
pub use registry::{
    Description, LivingView, NetworkKind, Stopped, Target, UserKind, ViewName, enter, list, stop,
};
pub use sources::Sources;
pub use supervise::Outcome;
pub use survey::survey;

/// How a view is run, beyond what its plan says.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Explain what the view withholds, as it happens.
    pub why: Option<why::Why>,
    /// What the view is called, unlike every other living view of the caller; made of its command if `None`.
    pub name: Option<ViewName>,
}

/// Makes the view of `plan`, runs its command and waits for the end.
///
/// `sources` are those that `plan` was settled with.
pub fn run(
    plan: &eyot_plan::Plan,
    facts: &eyot_plan::Facts,
    sources: &Sources,
    options: &RunOptions,
) -> Result<Outcome, LaunchError> {
    start::run(plan, facts, sources, options)
}

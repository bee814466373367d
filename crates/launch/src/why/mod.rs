//! Explains what a view withholds, as it happens.
//!
//! The command's filter hands system calls over to the supervisor: those that it refuses, and those that name a path
//! or a peer ([`WATCHED`]). The supervisor answers the refused ones as the filter would have, and lets every other one
//! go on, whatever it thinks of it: what it says is an explanation and never a decision, because the memory that a call
//! points to can change after the supervisor has read it. The walls are the kernel's, with and without this module.
//!
//! A signal that comes while a call waits to be heard interrupts it: a handler without SA_RESTART then shows the program
//! an EINTR that it would not have seen otherwise. Once heard, only a fatal signal does (`seccomp_unotify(2)`).
//!
//! - [`listener`] hears and answers, and knows nothing of explaining;
//! - [`call`] is the table of which call does what to which path;
//! - [`outlook`] and [`peer`] foretell what a call will meet, in the view and on the host;
//! - [`ledger`] counts.

mod call;
mod explainer;
mod finding;
mod ledger;
mod listener;
mod outlook;
mod peer;

use std::fmt;
use std::rc::Rc;

pub use call::WATCHED;
pub use eyot_sys::SystemCall;
pub use finding::{Loudness, Remedy, Subject, Withheld};
pub use ledger::{Counted, Summary};

pub(crate) use explainer::attend;
pub(crate) use listener::hand_over;

/// What it takes to explain a view.
#[derive(Clone, Debug)]
pub struct Why {
    /// The plan's filter, compiled so that it notifies of what it refuses and of [`WATCHED`].
    pub filter: eyot_plan::Filter,
    pub calls: Rc<dyn Calls>,
    pub audience: Rc<dyn Audience>,
}

/// What whoever made the filter knows about system calls.
pub trait Calls: fmt::Debug {
    /// The call's name; `None` where it is unknown or came in by a foreign entry.
    fn name(&self, call: &SystemCall) -> Option<&'static str>;

    /// What the filter would have answered without a listener.
    fn verdict(&self, call: &SystemCall) -> Verdict;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    Refused(Refusal),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub errno: u16,
    /// The call's name, or its number.
    pub name: String,
    pub why: String,
    /// What opens it; each alone would.
    pub remedies: Vec<Remedy>,
}

/// Who wants to know.
pub trait Audience: fmt::Debug {
    /// Something was withheld for the first time.
    fn withheld(&self, what: &Withheld);

    /// The view has ended.
    fn ended(&self, summary: &Summary);
}

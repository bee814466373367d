//! Tries one thing of the kernel's each, to learn whether it works here.
//!
//! A probe may leave its process changed (a filter, a mount, an id map), so each is for a throw-away child of its own;
//! those of [`mount`] are for a child with a private mount namespace besides. With the child everything is gone.

pub mod call;
pub mod confine;
pub mod mount;
pub mod namespace;
pub mod program;

mod btf;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// What a probe found out.
pub type Answer = Result<(), Refusal>;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// The thing itself was refused.
    #[error(transparent)]
    Refused(#[from] Error),
    /// It is taken, and without effect.
    #[error("{why}")]
    NoEffect { why: String },
    /// Something that the probe needs first was refused, so it tells nothing.
    #[error(transparent)]
    NotTried(Error),
}

/// Marks a step that only prepares the one in question.
fn before<T>(step: Result<T, Error>) -> Result<T, Refusal> {
    step.map_err(Refusal::NotTried)
}

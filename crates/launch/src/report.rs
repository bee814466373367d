//! How the maker and the command tell the supervisor what went wrong: one JSON object on a pipe.

use std::os::fd::{AsFd, OwnedFd};

use crate::diagnose::Place;
use crate::error::{Cause, LaunchError};

pub(crate) fn send(to: impl AsFd, error: &LaunchError) {
    // Without a reader there is nobody left to tell.
    let _ = serde_json::to_vec(error).map(|text| eyot_sys::write_all(to, &text));
}

/// What was sent, or `None` if the pipe was closed without a word: the command runs or ran.
pub(crate) fn receive(from: &OwnedFd) -> Option<LaunchError> {
    let text = eyot_sys::read_to_end(from);
    if text.is_empty() {
        return None;
    }
    let unreadable = |error: serde_json::Error| {
        let why = format!("its message cannot be read: {error}");
        let cause = Cause::Policy { why, remedy: "report this as a bug".into() };
        LaunchError::step("learn why the view was not made", Place::Host, cause)
    };
    Some(serde_json::from_slice(&text).unwrap_or_else(unreadable))
}

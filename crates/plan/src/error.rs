use std::path::PathBuf;

use crate::{Entry, ViewPath};

/// A view that cannot become a plan: what was asked contradicts itself or the host.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("'{}' is not an absolute path without '.' and '..'", path.display())]
    NotAPlainPath { path: PathBuf },
    #[error("'{}' is longer than the kernel takes (4095 bytes, 255 a name)", path.display())]
    PathTooLong { path: PathBuf },
    #[error("'{at}' is asked for twice: {} and {}", asked(first), asked(second))]
    NamedTwice { at: ViewPath, first: Box<Entry>, second: Box<Entry> },
    #[error("{} lies beneath {}, which is not a directory", asked(inner), asked(outer))]
    BeneathFile { inner: Box<Entry>, outer: Box<Entry> },
    #[error("{} would be hidden by {}", asked(inner), asked(outer))]
    Hidden { inner: Box<Entry>, outer: Box<Entry> },
    #[error("the host has nothing at '{from}', which {} needs", asked(entry))]
    Missing { from: String, entry: Box<Entry> },
    #[error("'{from}' cannot be looked up, which {} needs: {reason}", asked(entry))]
    Unreachable { from: String, entry: Box<Entry>, reason: String },
    #[error("'{from}' is {found}, but {} needs {wanted}", asked(entry))]
    WrongKind { from: String, found: &'static str, wanted: &'static str, entry: Box<Entry> },
    #[error("'{from}' cannot be the root: {found}")]
    NoRoot { from: String, found: String },
    #[error("{what} (asked by {origin})")]
    Contradiction { what: String, origin: String },
}

fn asked(entry: &Entry) -> String {
    format!("'{entry}' ({})", entry.origin)
}

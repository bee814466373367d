//! `cargo xtask tidy`: the rules of this project that neither the compiler nor clippy knows.
//!
//! Each check answers with findings, one line each, naming a file. All checks run before the verb fails.

mod documents;
mod manifests;
mod sources;
mod words;

use crate::command::Result;
use crate::man;
use crate::setup::{self, Section};
use crate::workspace::{self, Profile};

/// One broken rule, as one line for the developer.
type Finding = String;

pub(crate) fn tidy() -> Result {
    setup::ensure(&[Section::Build])?;
    let root = workspace::root();
    let eyot = workspace::build_eyot(Profile::Dev)?;
    let checks = [
        manifests::findings(&root),
        sources::findings(&root),
        documents::undocumented_rules(&root),
        documents::unexplained_dependencies(&root),
        documents::broken_examples(&root, &eyot),
        man::differences(&eyot),
    ];
    // A check that cannot be made is a finding too: nothing passes by not running.
    let found =
        checks.into_iter().flat_map(|check| check.unwrap_or_else(|error| vec![error.to_string()]));
    let count = found.inspect(|finding| println!("tidy: {finding}")).count();
    if count == 0 { Ok(()) } else { Err(format!("tidy: {count} findings").into()) }
}

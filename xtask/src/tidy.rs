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
    let mut findings = manifests::findings(&root)?;
    findings.extend(sources::findings(&root)?);
    findings.extend(documents::undocumented_rules(&root)?);
    findings.extend(documents::unexplained_dependencies(&root)?);
    let eyot = workspace::build_eyot(Profile::Dev)?;
    findings.extend(documents::broken_examples(&root, &eyot)?);
    findings.extend(man::differences(&eyot)?);
    for finding in &findings {
        println!("tidy: {finding}");
    }
    match findings.len() {
        0 => Ok(()),
        count => Err(format!("tidy: {count} findings").into()),
    }
}

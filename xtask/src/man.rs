//! `cargo xtask man`: the man pages and shell completions, written by the command from its own arguments and committed.

use crate::command::{Result, read_file, run, write_file};
use crate::setup::{self, Section};
use crate::workspace::{self, Profile};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the command can write, and where it is committed.
const GENERATED: [(&str, &str); 2] =
    [("man", "docs/man"), ("completions", "packaging/completions")];

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Change nothing; fail if what is committed is not what the command would write
    #[arg(long)]
    check: bool,
    /// Ask this executable rather than building one
    #[arg(long)]
    eyot: Option<PathBuf>,
}

pub(crate) fn man(arguments: &Arguments) -> Result {
    setup::ensure(&[Section::Build])?;
    let eyot = match &arguments.eyot {
        Some(eyot) => std::path::absolute(eyot)?,
        None => workspace::build_eyot(Profile::Dev)?,
    };
    if arguments.check {
        return match differences(&eyot)?.as_slice() {
            [] => Ok(()),
            findings => Err(findings.join("\n").into()),
        };
    }
    for (what, place) in GENERATED {
        replace(&workspace::root().join(place), &generate(&eyot, what)?)?;
    }
    Ok(())
}

/// A line for each committed page that is not what `eyot` writes now.
pub(crate) fn differences(eyot: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for (what, place) in GENERATED {
        let wanted = contents(&generate(eyot, what)?)?;
        let committed = contents(&workspace::root().join(place)).unwrap_or_default();
        let names =
            wanted.keys().chain(committed.keys().filter(|name| !wanted.contains_key(*name)));
        let stale = names.filter(|name| wanted.get(*name) != committed.get(*name));
        findings.extend(
            stale.map(|name| format!("{place}/{}: not current: cargo xtask man", name.display())),
        );
    }
    Ok(findings)
}

/// Lets `eyot` write into an empty directory of ours, and says which.
fn generate(eyot: &Path, what: &str) -> Result<PathBuf> {
    let directory = workspace::target().join("generated").join(what);
    std::fs::create_dir_all(&directory)?;
    for file in contents(&directory)?.keys() {
        std::fs::remove_file(directory.join(file))?;
    }
    run(Command::new(eyot).args(["__generate", what]).arg(&directory))?;
    if contents(&directory)?.is_empty() {
        return Err(format!(
            "'eyot __generate {what}' wrote nothing into '{}'",
            directory.display()
        )
        .into());
    }
    Ok(directory)
}

fn replace(committed: &Path, generated: &Path) -> Result {
    let wanted = contents(generated)?;
    for name in
        contents(committed).unwrap_or_default().keys().filter(|name| !wanted.contains_key(*name))
    {
        std::fs::remove_file(committed.join(name))?;
    }
    for (name, text) in &wanted {
        write_file(&committed.join(name), text)?;
    }
    Ok(())
}

/// The files of one directory, by name.
fn contents(directory: &Path) -> Result<BTreeMap<OsString, String>> {
    let mut files = BTreeMap::new();
    for file in workspace::files_below(directory, "")? {
        if let Some(name) = file.file_name() {
            files.insert(name.to_owned(), read_file(&file)?);
        }
    }
    Ok(files)
}

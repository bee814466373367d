//! `cargo xtask mutate`: takes each restriction away, alone, in a copy of the code, and sees its test fail.
//!
//! The tests are those of the unchanged code: what guards the host while they run must not be taken away with it.

mod list;

use crate::command::{Result, outcome, read_file, run, write_file};
use crate::workspace;
use list::{MUTATIONS, Mutation};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The table that a complete run writes.
const DOCUMENT: &str = "docs/tests.md";
const START_OF_TABLE: &str = "<!-- written by 'cargo xtask mutate --write' -->\n";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only the mutation of this number
    #[arg(long, value_name = "N")]
    only: Option<usize>,
    /// Write the results to docs/tests.md
    #[arg(long, conflicts_with = "only")]
    write: bool,
}

enum Verdict {
    /// With what the test said: it must be about the restriction, not about a view that no longer starts.
    Noticed(String),
    Unnoticed,
    /// The edit leaves no program, which tells nothing.
    DoesNotBuild(String),
}

pub(crate) fn mutate(arguments: &Arguments) -> Result {
    let tests = host_tests()?;
    let copy = Copy::make()?;
    let chosen = |number: &usize| arguments.only.is_none_or(|only| only == *number);
    let numbers: Vec<usize> = (1..=MUTATIONS.len()).filter(chosen).collect();
    if numbers.is_empty() {
        return Err(format!("there are {} mutations", MUTATIONS.len()).into());
    }
    let unchanged =
        copy.build().map_err(|text| format!("the unchanged copy does not build:\n{text}"))?;
    for number in &numbers {
        let test = MUTATIONS[number - 1].test;
        if let Some(complaint) = complaint_of(&tests, &unchanged, test)? {
            return Err(format!("'{test}' fails with the code unchanged: {complaint}").into());
        }
    }
    let mut missed = 0;
    for number in numbers {
        let mutation = &MUTATIONS[number - 1];
        let verdict = copy.with(mutation, |eyot| match eyot {
            Err(text) => Ok(Verdict::DoesNotBuild(text)),
            Ok(eyot) => Ok(match complaint_of(&tests, &eyot, mutation.test)? {
                Some(complaint) => Verdict::Noticed(complaint),
                None => Verdict::Unnoticed,
            }),
        })?;
        let (word, detail) = match &verdict {
            Verdict::Noticed(complaint) => ("noticed", complaint.as_str()),
            Verdict::Unnoticed => ("NOT NOTICED", ""),
            Verdict::DoesNotBuild(text) => ("DOES NOT BUILD", text.as_str()),
        };
        println!("{number:>3}  {word:<11}  {} ({})", mutation.restriction, mutation.test);
        println!("                  {detail}");
        missed += usize::from(!matches!(verdict, Verdict::Noticed(_)));
    }
    if missed > 0 {
        return Err(format!("{missed} mutations were not noticed").into());
    }
    if arguments.write { write_table() } else { Ok(()) }
}

/// Builds the host tests, and says where cargo put them.
fn host_tests() -> Result<PathBuf> {
    println!("building the tests");
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--quiet", "--package", "host-tests", "--no-run"]);
    workspace::executable_of(&mut cargo)
}

/// What the test of this name complains of with this executable, if it fails; one that did not run is an error.
fn complaint_of(tests: &Path, eyot: &Path, test: &str) -> Result<Option<String>> {
    let name = format!("restrictions::{test}");
    let mut command = Command::new(tests);
    command.args(["--exact", &name, "--test-threads=1"]).env("EYOT", eyot);
    command.env("EYOT_TESTS_REQUIRE", "userns,root").env("RUST_BACKTRACE", "0");
    let said = String::from_utf8(outcome(&mut command)?.stdout)?;
    match (said.contains("... ok"), said.contains("... FAILED")) {
        (true, false) => Ok(None),
        (false, true) => {
            let complaint = said.lines().skip_while(|line| !line.starts_with("----")).skip(1);
            let words = complaint.map(str::trim).filter(|line| !line.starts_with("thread '"));
            Ok(Some(words.filter(|line| !line.is_empty()).take(3).collect::<Vec<_>>().join("; ")))
        }
        _ => Err(format!("'{name}' did not run:\n{said}").into()),
    }
}

/// The code as it is in the checkout, to be changed at will.
struct Copy {
    directory: PathBuf,
}

impl Copy {
    fn make() -> Result<Self> {
        let directory = workspace::target().join("mutate");
        let root = workspace::root();
        let mut git = Command::new("git");
        git.current_dir(&root).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let listed = outcome(&mut git)?.stdout;
        let copy = Self { directory: directory.join("tree") };
        let listed = String::from_utf8(listed)?;
        let wanted = listed.split_terminator('\0').filter(|name| root.join(name).is_file());
        let wanted: Vec<(PathBuf, PathBuf)> =
            wanted.map(|name| (root.join(name), copy.directory.join(name))).collect();
        // What an earlier run had and the checkout has no longer would be compiled too.
        std::fs::create_dir_all(&copy.directory)?;
        for file in workspace::files_below(&copy.directory, "")? {
            if file.is_file() && !wanted.iter().any(|(_, to)| *to == file) {
                std::fs::remove_file(&file)?;
            }
        }
        for (from, to) in wanted {
            let content = std::fs::read(&from)?;
            // Cargo builds again what is younger than its result.
            if std::fs::read(&to).ok().as_deref() != Some(&content) {
                write_file(&to, content)?;
            }
        }
        Ok(copy)
    }

    /// Where the built eyot is, or what the compiler says.
    fn build(&self) -> std::result::Result<PathBuf, String> {
        let mut cargo = workspace::cargo();
        cargo.current_dir(&self.directory).args(["build", "--quiet", "--package", "eyot"]);
        cargo.env("CARGO_TARGET_DIR", self.directory.with_file_name("target"));
        workspace::executable_of(&mut cargo).map_err(|error| error.to_string())
    }

    fn with<T>(
        &self,
        mutation: &Mutation,
        then: impl FnOnce(std::result::Result<PathBuf, String>) -> Result<T>,
    ) -> Result<T> {
        let file = self.directory.join(mutation.file);
        let before = read_file(&file)?;
        if before.matches(mutation.text).count() != 1 {
            let (text, file) = (mutation.text, mutation.file);
            return Err(format!("'{text}' does not stand once in {file}: correct the list").into());
        }
        write_file(&file, before.replacen(mutation.text, mutation.instead, 1))?;
        let result = then(self.build());
        write_file(&file, before)?;
        result
    }
}

fn write_table() -> Result {
    let path = workspace::root().join(DOCUMENT);
    let document = read_file(&path)?;
    let (head, _) = document.split_once(START_OF_TABLE).ok_or("docs/tests.md has no mark")?;
    let mut text = format!(
        "{head}{START_OF_TABLE}\n| restriction | test | taken away in |\n| --- | --- | --- |\n"
    );
    for Mutation { restriction, test, file, .. } in MUTATIONS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {restriction} | `{test}` | `{file}` |");
    }
    write_file(&path, text)?;
    run(Command::new("git").current_dir(workspace::root()).args(["diff", "--stat", DOCUMENT]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list must not fall behind the code between two runs of the verb.
    #[test]
    fn every_edit_has_one_place_in_the_code_and_a_test() {
        let tests = workspace::root().join("tests/host/src/cases/restrictions.rs");
        let tests = read_file(&tests).unwrap();
        for Mutation { restriction, file, text, test, .. } in MUTATIONS {
            let code = read_file(&workspace::root().join(file)).unwrap();
            assert_eq!(code.matches(text).count(), 1, "{restriction}: '{text}' in {file}");
            let name = test.trim_end_matches("_on_a_shared_root");
            assert!(tests.contains(&format!("fn {name}()")), "{restriction}: {test}");
        }
    }
}

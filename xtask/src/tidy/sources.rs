//! What Rust files must not hold.

use super::Finding;
use super::words::{code_of, words_of};
use crate::command::{Result, read_file};
use crate::workspace;
use std::path::Path;

/// Beyond this a file is several (docs/style.md, Code shape).
const LONGEST_FILE: usize = 700;

const SOURCES: [&str; 3] = ["crates", "tests", "xtask"];

pub(super) fn findings(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for directory in SOURCES {
        for file in workspace::files_below(&root.join(directory), ".rs")? {
            let place = file.strip_prefix(root).unwrap_or(&file).display().to_string();
            findings.extend(in_file(&place, &read_file(&file)?));
        }
    }
    Ok(findings)
}

fn in_file(place: &str, source: &str) -> Vec<Finding> {
    let code = code_of(source);
    let mut findings: Vec<_> = words_of(&code).filter_map(|word| refusal(place, word)).collect();
    findings.dedup();
    let lines = source.lines().count();
    if lines > LONGEST_FILE {
        findings
            .push(format!("{place}: {lines} lines, more than {LONGEST_FILE}: split it by subject"));
    }
    findings
}

fn refusal(place: &str, (word, next): (&str, Option<char>)) -> Option<Finding> {
    match (word, next) {
        ("unsafe" | "unsafe_code", _) if !place.starts_with("crates/sys/") => {
            Some(format!("{place}: '{word}' outside crates/sys"))
        }
        ("todo" | "unimplemented", Some('!')) => {
            Some(format!("{place}: '{word}!': say it in an issue instead"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sys_is_allowed_unsafe_code() {
        let source = "// unsafe is a word here\nunsafe { call() }";
        assert_eq!(
            in_file("crates/cli/src/x.rs", source),
            ["crates/cli/src/x.rs: 'unsafe' outside crates/sys"]
        );
        assert_eq!(in_file("crates/sys/src/x.rs", source), [""; 0]);
    }

    #[test]
    fn a_stub_and_a_long_file_are_findings() {
        let source = format!("fn f() {{ todo!() }}{}", "\n".repeat(LONGEST_FILE + 1));
        assert_eq!(
            in_file("xtask/x.rs", &source),
            [
                "xtask/x.rs: 'todo!': say it in an issue instead",
                "xtask/x.rs: 701 lines, more than 700: split it by subject"
            ]
        );
    }
}

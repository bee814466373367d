//! What must be written down: kernel rules, dependencies, and examples that still parse.

use super::Finding;
use super::words::code_of;
use crate::command::{Result, outcome, read_file};
use crate::workspace;
use std::path::{Path, PathBuf};
use std::process::Command;
use toml::Table;

const RULES: &str = "docs/kernel-rules.md";
const DEPENDENCIES: &str = "docs/decisions/0002-dependencies.md";

/// Every kernel rule that a diagnosis can name has its section.
pub(super) fn undocumented_rules(root: &Path) -> Result<Vec<Finding>> {
    let sources = workspace::files_below(&root.join("crates/launch/src"), ".rs")?;
    let mut rules = Vec::new();
    for file in sources.iter().filter(|file| file.to_string_lossy().contains("/diagnose")) {
        rules.extend(variants_of_rule(&code_of(&read_file(file)?)));
    }
    if rules.is_empty() {
        return Ok(vec!["crates/launch/src/diagnose*: no 'enum Rule' found there".to_owned()]);
    }
    let document = read_file(&root.join(RULES)).unwrap_or_default();
    let headings: Vec<_> =
        document.lines().filter_map(|line| line.strip_prefix("### ")).map(str::trim).collect();
    let missing = rules.iter().filter(|rule| !headings.contains(&rule.as_str()));
    Ok(missing.map(|rule| format!("{RULES}: no section '### {rule}'")).collect())
}

fn variants_of_rule(code: &str) -> Vec<String> {
    let Some(start) = code.find("enum Rule {") else { return Vec::new() };
    let body = &code[start + "enum Rule {".len()..];
    let (mut depth, mut expected, mut variants) = (1, true, Vec::new());
    let mut rest = body;
    while let Some(character) = rest.chars().next() {
        let is_name = depth == 1 && expected && character.is_alphabetic();
        let length = if is_name {
            let end =
                rest.find(|character: char| !character.is_alphanumeric()).unwrap_or(rest.len());
            variants.push(rest[..end].to_owned());
            end
        } else {
            character.len_utf8()
        };
        match character {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        expected = if depth == 1 && character == ',' { true } else { expected && !is_name };
        rest = &rest[length..];
    }
    variants
}

/// Every third-party crate has its reason.
pub(super) fn unexplained_dependencies(root: &Path) -> Result<Vec<Finding>> {
    let manifest: Table = read_file(&root.join("Cargo.toml"))?.parse()?;
    let document = read_file(&root.join(DEPENDENCIES))?;
    let dependencies = manifest["workspace"]["dependencies"].as_table().into_iter().flatten();
    let foreign =
        dependencies.filter(|(_, wanted)| wanted.get("path").is_none()).map(|(name, _)| name);
    let unexplained = foreign.filter(|name| !document.contains(&format!("`{name}`")));
    Ok(unexplained.map(|name| format!("{DEPENDENCIES}: no reason for '{name}'")).collect())
}

/// Every view file among the examples is one that the command accepts; whether it makes a plan depends on the machine.
pub(super) fn broken_examples(root: &Path, eyot: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in view_files(root)? {
        let place = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        let answer = outcome(Command::new(eyot).args(["check", "--syntax-only"]).arg(&file))?;
        if !answer.status.success() {
            let complaint =
                String::from_utf8_lossy(&answer.stderr).trim().replace('\n', "\n      ");
            findings.push(format!("{place}: 'eyot check' refuses it: {complaint}"));
        }
    }
    Ok(findings)
}

fn view_files(root: &Path) -> Result<Vec<PathBuf>> {
    let files = workspace::files_below(&root.join("examples"), ".toml")?;
    Ok(files.into_iter().filter(|file| !file.ends_with("Cargo.toml")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_names_at_the_first_depth() {
        let source = "pub enum Rule { LockedTogether, MountLimit { limit: u64, used: u64 },\n\
                      #[doc(alias = x)] TooRevealing(Why), }\nimpl Rule { fn Not() {} }";
        assert_eq!(variants_of_rule(source), ["LockedTogether", "MountLimit", "TooRevealing"]);
    }
}

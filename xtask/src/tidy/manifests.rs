//! Which crate may name which: the arrows of ARCHITECTURE.md. A new arrow is a change of architecture, and is made here.

use super::Finding;
use crate::command::{Result, read_file};
use crate::workspace;
use std::path::Path;
use toml::{Table, Value};

/// The only crate that calls the kernel, and what only it may list.
const KERNEL_CRATE: &str = "eyot-sys";
const KERNEL_DEPENDENCIES: [&str; 3] = ["rustix", "libc", "pathrs"];

/// What the arrow of a crate may point at.
#[derive(Debug, Clone, Copy)]
enum Arrows {
    Anywhere,
    To(&'static [&'static str]),
}

impl Arrows {
    fn allow(self, dependency: &str) -> bool {
        match self {
            Arrows::Anywhere => true,
            Arrows::To(targets) => targets.contains(&dependency),
        }
    }
}

const ARROWS: &[(&str, Arrows)] = &[
    ("eyot", Arrows::Anywhere),
    (
        "eyot-oci",
        Arrows::To(&["eyot-install", "eyot-inspect", "eyot-profile", "eyot-plan", "eyot-launch"]),
    ),
    (
        "eyot-tenant",
        Arrows::To(&["eyot-install", "eyot-inspect", "eyot-profile", "eyot-plan", "eyot-launch"]),
    ),
    ("eyot-install", Arrows::To(&["eyot-plan", "eyot-sys"])),
    ("eyot-profile", Arrows::To(&["eyot-plan"])),
    ("eyot-plan", Arrows::To(&[])),
    ("eyot-launch", Arrows::To(&["eyot-plan", "eyot-sys"])),
    ("eyot-inspect", Arrows::To(&["eyot-sys"])),
    ("eyot-gauntlet", Arrows::To(&["eyot-sys"])),
    ("eyot-watch", Arrows::To(&["eyot-inspect"])),
    ("eyot-sys", Arrows::To(&[])),
    // Not part of what users run: they look wherever they must.
    ("host-tests", Arrows::Anywhere),
    ("cli-tests", Arrows::Anywhere),
    ("xtask", Arrows::To(&[])),
];

pub(super) fn findings(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for directory in ["crates", "tests", "xtask"] {
        for manifest in workspace::files_below(&root.join(directory), "Cargo.toml")? {
            findings.extend(in_manifest(&read_file(&manifest)?)?);
        }
    }
    Ok(findings)
}

fn in_manifest(manifest: &str) -> Result<Vec<Finding>> {
    let manifest: Table = manifest.parse()?;
    let name = manifest["package"]["name"].as_str().unwrap_or_default();
    let kernel =
        dependencies_of(&manifest, &["dependencies", "build-dependencies", "dev-dependencies"])
            .filter(|dependency| KERNEL_DEPENDENCIES.contains(dependency) && name != KERNEL_CRATE)
            .map(|dependency| {
                format!("crate '{name}' lists '{dependency}': only {KERNEL_CRATE} calls the kernel")
            });
    let Some((_, arrows)) = ARROWS.iter().find(|(known, _)| *known == name) else {
        let unplaced =
            format!("crate '{name}': not in the table of arrows (xtask/src/tidy/manifests.rs)");
        return Ok(kernel.chain([unplaced]).collect());
    };
    // A test may look further than the crate it tests: its arrows are not the architecture's.
    let arrows = dependencies_of(&manifest, &["dependencies", "build-dependencies"])
        .filter(|dependency| dependency.starts_with("eyot") && !arrows.allow(dependency))
        .map(|dependency| {
            format!("crate '{name}' lists '{dependency}': ARCHITECTURE.md has no such arrow")
        });
    Ok(kernel.chain(arrows).collect())
}

/// What `manifest` names in `tables`, for any target.
fn dependencies_of<'a>(manifest: &'a Table, tables: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let targets =
        manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    std::iter::once(manifest)
        .chain(targets.filter_map(Value::as_table))
        .flat_map(move |part| tables.iter().filter_map(|name| part.get(*name)?.as_table()))
        .flat_map(|table| table.keys().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(manifest: &str, expected: &[&str]) {
        assert_eq!(in_manifest(manifest).unwrap(), expected);
    }

    #[test]
    fn an_arrow_of_the_table_is_allowed() {
        check(
            "[package]\nname = 'eyot-launch'\n[dependencies]\neyot-plan.workspace = true\nserde = '1'",
            &[],
        );
    }

    #[test]
    fn a_new_arrow_is_a_finding() {
        check(
            "[package]\nname = 'eyot-plan'\n[dependencies]\neyot-sys.workspace = true",
            &["crate 'eyot-plan' lists 'eyot-sys': ARCHITECTURE.md has no such arrow"],
        );
    }

    #[test]
    fn only_sys_calls_the_kernel_even_for_one_target() {
        check(
            "[package]\nname = 'eyot'\n[target.'cfg(unix)'.dev-dependencies]\nlibc = '0.2'",
            &["crate 'eyot' lists 'libc': only eyot-sys calls the kernel"],
        );
    }

    #[test]
    fn an_unknown_crate_must_be_placed_first() {
        check(
            "[package]\nname = 'eyot-new'",
            &["crate 'eyot-new': not in the table of arrows (xtask/src/tidy/manifests.rs)"],
        );
    }
}

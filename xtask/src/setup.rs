//! Installs the Debian packages that a verb needs: the list is packaging/debian-packages.txt and nothing else.

use crate::command::{self, Result, is_root, outcome, run};
use crate::workspace;
use std::process::Command;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Build,
    Test,
    Bench,
    Demo,
}

impl Section {
    fn name(self) -> &'static str {
        match self {
            Section::Build => "build",
            Section::Test => "test",
            Section::Bench => "bench",
            Section::Demo => "demo",
        }
    }
}

/// Makes sure that every package of `sections` is there.
pub(crate) fn ensure(sections: &[Section]) -> Result {
    let list = command::read_file(&workspace::root().join("packaging/debian-packages.txt"))?;
    let wanted = packages_of(&list, sections);
    if !command::is_installed("dpkg-query") {
        println!(
            "not a Debian machine: what corresponds to {} must be there already",
            wanted.join(" ")
        );
        return Ok(());
    }
    let missing = missing_of(&wanted)?;
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

/// A minimal installation of Rust has neither of the two that CI checks with.
pub(crate) fn ensure_rust_components() -> Result {
    let wanted = [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")];
    let missing: Vec<_> =
        wanted.into_iter().filter(|(program, _)| !answers(program)).map(|(_, name)| name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !command::is_installed("rustup") {
        return Err(format!("this installation of Rust lacks {}", missing.join(" and ")).into());
    }
    run(Command::new("rustup").args(["component", "add"]).args(missing))
}

/// rustup leaves a link for every component in `PATH`, which fails where the component is not installed.
fn answers(program: &str) -> bool {
    outcome(Command::new(program).arg("--version").current_dir(workspace::root()))
        .is_ok_and(|answer| answer.status.success())
}

fn packages_of(list: &str, sections: &[Section]) -> Vec<String> {
    let mut packages = Vec::new();
    let mut within = false;
    for line in
        list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(name) => within = sections.iter().any(|section| section.name() == name),
            None if within => packages.push(line.to_owned()),
            None => {}
        }
    }
    packages.sort();
    packages.dedup();
    packages
}

fn missing_of(wanted: &[String]) -> Result<Vec<String>> {
    let format = "--showformat=${Package} ${db:Status-Status}\\n";
    // dpkg-query fails when it knows one of the packages not at all, yet answers for the others.
    let known = outcome(Command::new("dpkg-query").args(["--show", format]).args(wanted))?;
    Ok(not_installed(wanted, &String::from_utf8(known.stdout)?))
}

/// A removed package whose configuration stayed is known to dpkg, but not installed.
fn not_installed(wanted: &[String], known: &str) -> Vec<String> {
    let installed =
        |package: &&String| known.lines().any(|line| line == format!("{package} installed"));
    wanted.iter().filter(|package| !installed(package)).cloned().collect()
}

fn install(missing: &[String]) -> Result {
    if !is_root() {
        let packages = missing.join(" ");
        return Err(format!(
            "missing Debian packages: {packages}\n  try: sudo apt-get install -y --no-install-recommends {packages}"
        )
        .into());
    }
    if has_package_lists() && run(&mut apt_install(missing)).is_ok() {
        return Ok(());
    }
    // No lists yet, or lists so old that the mirror has dropped what they name.
    run(Command::new("apt-get").arg("update"))?;
    run(&mut apt_install(missing))
}

fn apt_install(missing: &[String]) -> Command {
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install.args(["install", "-y", "--no-install-recommends"]).args(missing);
    install
}

fn has_package_lists() -> bool {
    std::fs::read_dir("/var/lib/apt/lists").is_ok_and(|lists| {
        lists.flatten().any(|list| list.file_name().to_string_lossy().contains("_Packages"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_sections_are_wanted_and_each_package_once() {
        let list = "# why\n[build]\ngcc\n\n[test]\ngit\ngcc\n[demo]\nmake\n";
        assert_eq!(packages_of(list, &[Section::Build, Section::Test]), ["gcc", "git"]);
        assert_eq!(packages_of(list, &[Section::Demo]), ["make"]);
        assert_eq!(packages_of(list, &[Section::Bench]), [""; 0]);
    }

    #[test]
    fn a_removed_package_and_an_unknown_one_are_missing() {
        let wanted = ["gcc", "git", "make"].map(str::to_owned);
        assert_eq!(not_installed(&wanted, "gcc installed\ngit config-files\n"), ["git", "make"]);
    }
}

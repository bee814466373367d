//! `cargo xtask test`: every tier of tests that this machine can run (docs/style.md, Tests).

use crate::command::{Result, is_installed, is_root, run};
use crate::setup::{self, Section};
use crate::workspace::{self, Profile};
use std::path::Path;
use std::process::Command;

/// The packages whose tests make namespaces or start the built command.
const PRIVILEGED: [&str; 2] = ["host-tests", "cli-tests"];

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only tier 0: what needs neither namespaces nor the built command
    #[arg(long)]
    quick: bool,
}

impl Arguments {
    /// Every tier.
    pub(crate) fn everything() -> Self {
        Arguments { quick: false }
    }
}

pub(crate) fn test(arguments: &Arguments) -> Result {
    let mut tiers = vec![Section::Build];
    if !arguments.quick {
        tiers.push(Section::Test);
    }
    setup::ensure(&tiers)?;
    pure()?;
    if arguments.quick {
        return Ok(());
    }
    doctests()?;
    headers()?;
    privileged(&workspace::build_eyot(Profile::Dev)?)
}

/// Tier 0: plans, profiles, parsers, diagnosis, and xtask's own.
fn pure() -> Result {
    let mut cargo = test_runner();
    cargo.arg("--workspace");
    for package in PRIVILEGED {
        cargo.args(["--exclude", package]);
    }
    run(&mut cargo)
}

/// nextest runs no doctests.
fn doctests() -> Result {
    run(workspace::cargo().args(["test", "--workspace", "--doc"]))
}

/// Our table of system calls against the kernel's headers: ignored by a bare `cargo test`, which may lack them.
fn headers() -> Result {
    run(workspace::cargo().args(["test", "--package", "eyot-profile", "--lib", "--", "--ignored"]))
}

/// Tiers 1 and 2, and the golden tests of what the command says.
fn privileged(eyot: &Path) -> Result {
    let mut cargo = test_runner();
    for package in PRIVILEGED {
        cargo.args(["--package", package]);
    }
    cargo.env("EYOT", eyot);
    if std::env::var_os("CI").is_some() {
        // On CI a test that cannot run is a failure of CI, not a skip.
        cargo.env("EYOT_TESTS_REQUIRE", if is_root() { "userns,root" } else { "userns" });
    }
    run(&mut cargo)
}

/// nextest where it is installed: it shows skips and runs a process a test. A fresh machine has only cargo's own.
fn test_runner() -> Command {
    let mut cargo = workspace::cargo();
    if is_installed("cargo-nextest") {
        cargo.args(["nextest", "run"]);
    } else {
        // Not the doctests, which have their own turn.
        cargo.args(["test", "--all-targets"]);
    }
    cargo
}

//! `cargo xtask ci`: what `.ci/run` calls and what a developer runs before pushing; nothing is checked only on CI.

use crate::command::{Result, run};
use crate::setup::{self, Section};
use crate::{test, tidy, workspace};
use std::time::Instant;

pub(crate) fn ci() -> Result {
    let start = Instant::now();
    setup::ensure(&[Section::Build, Section::Test])?;
    setup::ensure_rust_components()?;
    run(workspace::cargo().args(["fmt", "--all", "--check"]))?;
    run(workspace::cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    test::test(&test::Arguments::everything())?;
    tidy::tidy()?;
    println!("ci: all passed in {} s", start.elapsed().as_secs());
    Ok(())
}

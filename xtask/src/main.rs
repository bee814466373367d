//! The project's own verbs: what a developer types and what `.ci/run` calls.
//!
//! One file a verb. A verb does its own set-up, so that each works on a fresh Debian 12 with Rust.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these verbs talk to the developer who typed them"
)]

mod bench;
mod ci;
mod command;
mod demo;
mod man;
mod mutate;
mod setup;
mod soak;
mod test;
mod tidy;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The project's own verbs", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Build a real source package in a view, and show what the view withheld
    Demo(demo::Arguments),
    /// Run every tier of tests that this machine can run
    Test(test::Arguments),
    /// Everything that CI checks: format, lints, tests, doctests, tidy
    Ci,
    /// Check the rules that no compiler checks
    Tidy,
    /// Write the man pages and completions from the command's own arguments
    Man(man::Arguments),
    /// Measure what the project promises, and write docs/performance.md
    Bench(bench::Arguments),
    /// Take each restriction away in a copy of the code, and see its test fail
    Mutate(mutate::Arguments),
    /// Start views for a long time and look for what stays behind
    Soak(soak::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().verb {
        Verb::Demo(arguments) => demo::demo(&arguments),
        Verb::Test(arguments) => test::test(&arguments),
        Verb::Ci => ci::ci(),
        Verb::Tidy => tidy::tidy(),
        Verb::Man(arguments) => man::man(&arguments),
        Verb::Bench(arguments) => bench::bench(&arguments),
        Verb::Mutate(arguments) => mutate::mutate(&arguments),
        Verb::Soak(arguments) => soak::soak(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

//! `cargo xtask bench`: measures what the project promises, and writes the numbers down. No number is typed by hand.

mod contestant;
mod measure;
mod plot;
mod report;
mod start;
mod statistics;

use crate::command::Result;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, clap::Subcommand)]
enum Subject {
    /// From the start of the command to the exit of a program that does nothing, against others
    Start(start::Arguments),
    /// What `start` runs on each prepared host
    #[command(hide = true)]
    Measure(measure::Arguments),
}

pub(crate) fn bench(arguments: &Arguments) -> Result {
    match &arguments.subject {
        Subject::Start(arguments) => start::start(arguments),
        Subject::Measure(arguments) => measure::measure(arguments),
    }
}

//! The command `eyot`: the only crate that prints and that decides exit codes.
//!
//! It is a library too, so that tests and fuzzers call what the command calls.
//!
//! ```
//! use eyot::Screen;
//!
//! let (mut out, mut err) = (Vec::new(), Vec::new());
//! let words = ["eyot", "schema", "view"].map(Into::into);
//! eyot::main_with(words, &mut Screen::plain(&mut out, &mut err));
//! assert!(err.is_empty());
//! assert!(String::from_utf8(out).unwrap().contains("\"eyot view file\""));
//! ```

mod args;
mod check;
mod doctor;
mod engine;

mod generate;
mod living;
mod plan_text;
mod render;
mod report;
mod schema;
mod screen;
pub mod view_file;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::SystemTime;

use args::{Form, Request, RunRequest, Why};
use clap::error::ErrorKind;
use eyot_launch::RunOptions;
use eyot_launch::why::Summary;
pub use screen::Screen;

/// What eyot exits with when it is eyot that refuses or fails, as `env(1)` and `timeout(1)` do.
pub const OUR_FAILURE: u8 = 125;

/// Does what `words` say, the first of which is the program's own name.
pub fn main_with(words: impl IntoIterator<Item = OsString>, screen: &mut Screen<'_>) -> ExitCode {
    let words: Vec<OsString> = words.into_iter().collect();
    match args::parse(&words) {
        Ok(request) => carry_out(request, screen),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                screen.answer(&error.render().to_string())
            }
            _ => screen.refuse(&args::explain(&error, &words)),
        },
    }
}

fn carry_out(request: Request, screen: &mut Screen<'_>) -> ExitCode {
    match request {
        Request::Run(request) => run(&request, screen),
        Request::PlanRun(request, form) => match (engine::prepare(&request), form) {
            (Ok(prepared), Form::Text) => screen.answer(&prepared.plan.describe()),
            (Ok(prepared), Form::Json) => screen.answer_json(&plan_text::json(&prepared.plan)),
            (Err(message), _) => screen.refuse(&message),
        },
        Request::Doctor(form) => doctor::print(&eyot_launch::doctor(), form, screen),
        Request::List(form) => living::list(form, screen),
        Request::Enter { target, command } => living::enter(&target, command, screen),
        Request::Stop { target, grace } => living::stop(&target, grace, screen),
        Request::Check(request) => check::check(&request, screen),
        Request::SchemaView => screen.answer(&generate::schema_of_views()),
        Request::Completions(shell) => screen.answer(&generate::completions(shell)),
        Request::Generate { what, directory } => match generate::write(what, &directory) {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => screen.refuse(&message),
        },
    }
}

fn run(request: &RunRequest, screen: &mut Screen<'_>) -> ExitCode {
    let prepared = match engine::prepare(request) {
        Ok(prepared) => prepared,
        Err(message) => return screen.refuse(&message),
    };
    if let Some(message) = engine::no_command(&prepared.plan.process.command) {
        return screen.refuse(&message);
    }
    if let Some(Err(error)) = request.report.map(eyot_launch::check_descriptor) {
        return screen.refuse(&render::launch_error(&error));
    }
    let started = SystemTime::now();
    let teller = Rc::new(why::Teller::default());
    let why = match request.why {
        Why::Silent => None,
        Why::Explained => match why::explaining(prepared.policy.as_ref(), Rc::clone(&teller)) {
            Ok(why) => Some(why),
            Err(message) => return screen.refuse(&message),
        },
    };
    let ended = engine::run(&prepared, &RunOptions { why, name: request.name.clone() });
    // Of a command that never ran there is nothing to say unless something was found.
    let tellable = |summary: &Summary| ended.is_ok() || !summary.found.is_empty();
    if let Some(summary) = teller.summary().filter(tellable) {
        screen.remark(&why::text(&summary));
    }
    if let Some(number) = request.report {
        let text = report::json(&prepared.plan, started, &ended);
        if let Err(error) = eyot_launch::write_descriptor(number, text.as_bytes()) {
            screen.refuse(&render::launch_error(&error));
        }
    }
    match ended {
        Ok(outcome) => {
            if !outcome.limits_hit.is_empty() {
                let hit = outcome.limits_hit.join(", ");
                screen.remark(&format!("eyot: the view ran into its limits: {hit}\n"));
            }
            ExitCode::from(outcome.ending.code())
        }
        Err(error) => {
            screen.refuse(&render::launch_error(&error));
            ExitCode::from(error.exit_code())
        }
    }
}

//! What the user typed, as a [`Request`]. Each option is defined here once; help, man pages and
//! completions are made from it.

mod target;
mod usage;
pub(crate) mod value;
mod view;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches as _};
use clap_complete::Shell;
use eyot_plan::View;

pub use target::Target;
pub(crate) use usage::explain;
use view::ViewArgs;

/// One command line, understood.
#[derive(Debug)]
pub(crate) enum Request {
    Check(CheckRequest),
    SchemaView,
    Completions(Shell),
    Generate { what: Generated, directory: PathBuf },
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
}

#[derive(Debug)]
pub(crate) struct RunRequest {
    /// The view file to read, by name or path.
    pub(crate) file: Option<OsString>,
    /// What the options ask for.
    pub(crate) view: View,
    /// The command as it was typed; `view.command` is the same as far as it is UTF-8.
    pub(crate) command: Vec<OsString>,
    pub(crate) why: Why,
    pub(crate) name: Option<String>,
    /// Where the run report goes.
    pub(crate) json_fd: Option<i32>,
}

/// Whether what the view withholds is explained as it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Explained,
    Silent,
}

#[derive(Debug)]
pub(crate) struct CheckRequest {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) depth: Depth,
    pub(crate) form: Form,
}

/// How far `check` goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The file alone.
    Syntax,
    /// Also whether it makes a plan on this machine.
    Plan,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generated {
    ManPages,
    Completions,
}

#[derive(Args, Debug)]
struct RunArgs {
    /// Read a view file; a name without a slash is searched (also with .toml) in the current
    /// directory, ~/.config/eyot/views and /etc/eyot/views
    #[arg(long, value_name = "FILE", help_heading = "Running")]
    view: Option<OsString>,
    /// Explain on standard error what the view withholds, as it happens
    #[arg(long, help_heading = "Running")]
    why: bool,
    /// The name by which list, enter and stop know the view
    #[arg(long, value_name = "NAME", value_parser = value::view_name, help_heading = "Running")]
    name: Option<String>,
    /// Write the run report, as JSON, to this descriptor
    #[arg(long, value_name = "N", value_parser = value::report_descriptor, help_heading = "Running")]
    json_fd: Option<i32>,
    #[command(flatten)]
    options: ViewArgs,
}

#[derive(Args, Debug)]
struct FormArgs {
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
struct PlanArgs {
    /// Print JSON instead of text
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Args, Debug)]
struct CheckArgs {
    /// View files to check
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check the file alone, not whether it makes a plan on this machine
    #[arg(long)]
    syntax_only: bool,
    #[command(flatten)]
    form: FormArgs,
}

#[derive(Args, Debug)]
struct EnterArgs {
    /// view:NAME (or just NAME) or pid:N
    #[arg(value_name = "TARGET")]
    target: Target,
    /// The command to run there; a shell if none
    #[arg(value_name = "COMMAND", trailing_var_arg = true)]
    command: Vec<OsString>,
}

#[derive(Args, Debug)]
struct StopArgs {
    /// view:NAME (or just NAME) or pid:N
    #[arg(value_name = "TARGET")]
    target: Target,
}

#[derive(Args, Debug)]
struct SchemaArgs {
    /// What to describe
    #[arg(value_name = "KIND", value_parser = ["view"])]
    kind: String,
}

#[derive(Args, Debug)]
struct CompletionsArgs {
    /// The shell to complete for
    #[arg(value_name = "SHELL", value_parser = clap::value_parser!(Shell))]
    shell: Shell,
}

#[derive(Args, Debug)]
struct GenerateArgs {
    #[arg(value_parser = ["man", "completions"])]
    what: String,
    directory: PathBuf,
}

const RUN_USAGE: &str = "eyot run [OPTIONS] [--] COMMAND [ARGUMENT]...";
const PLAN_RUN_USAGE: &str = "eyot plan run [OPTIONS] [--] COMMAND [ARGUMENT]...";

/// The whole command line. Options of a command are made only when that command is used:
/// `eyot run` has about sixty, and a start is counted in microseconds.
pub(crate) fn command() -> Command {
    Command::new("eyot")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Gives a process its own island: a private view of the machine")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .after_help("'plan' before a command prints what it would do and does nothing.\n'eyot COMMAND --help' lists the options of a command.")
        .subcommands([
            Command::new("check").about("Check view files").defer(CheckArgs::augment_args),
            Command::new("schema")
                .about("Print the JSON Schema of a file format")
                .defer(SchemaArgs::augment_args),
            Command::new("completions")
                .about("Print shell completions")
                .defer(CompletionsArgs::augment_args),
            Command::new("__generate").hide(true).defer(GenerateArgs::augment_args),
        ])
}

/// Understands `words`, the first of which is the program's own name.
pub(crate) fn parse(words: &[OsString]) -> Result<Request, clap::Error> {
    request(&command().try_get_matches_from(words)?)
}

fn request(matches: &ArgMatches) -> Result<Request, clap::Error> {
    // clap has made sure that there is a command and that it is one of these.
    let (name, matches) = matches.subcommand().unwrap_or(("", matches));
    Ok(match name {
        "check" => {
            let CheckArgs { files, syntax_only, form } = CheckArgs::from_arg_matches(matches)?;
            let depth = if syntax_only { Depth::Syntax } else { Depth::Plan };
            Request::Check(CheckRequest { files, depth, form: form.json.into() })
        }
        "schema" => Request::SchemaView,
        "completions" => Request::Completions(CompletionsArgs::from_arg_matches(matches)?.shell),
        _ => {
            let GenerateArgs { what, directory } = GenerateArgs::from_arg_matches(matches)?;
            let what = if what == "man" { Generated::ManPages } else { Generated::Completions };
            Request::Generate { what, directory }
        }
    })
}

fn run_request(matches: &ArgMatches) -> Result<RunRequest, clap::Error> {
    let RunArgs { view: file, why, name, json_fd, options } = RunArgs::from_arg_matches(matches)?;
    let (view, command) = options.into_view();
    let why = if why { Why::Explained } else { Why::Silent };
    Ok(RunRequest { file, view, command, why, name, json_fd })
}

impl From<bool> for Form {
    fn from(json: bool) -> Self {
        if json { Form::Json } else { Form::Text }
    }
}

//! What the user typed, as a [`Request`]. Each option is defined here once; help, man pages and
//! completions are made from it.

mod usage;
pub(crate) mod value;
mod view;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgMatches, Args, Command, FromArgMatches as _};
use clap_complete::Shell;
use eyot_launch::{Target, ViewName};
use eyot_plan::{View, parse_duration};

pub(crate) use usage::explain;
use view::ViewArgs;

/// One command line, understood.
#[derive(Debug)]
pub(crate) enum Request {
    Run(RunRequest),
    PlanRun(RunRequest, Form),
    Doctor(Form),
    List(Form),
    Enter { target: Target, command: Vec<OsString> },
    Stop { target: Target, grace: Duration },
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
    /// What the view is called.
    pub(crate) name: Option<ViewName>,
    /// Where the run report goes.
    pub(crate) report: Option<i32>,
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
    #[command(flatten)]
    options: ViewArgs,
    /// Read a view file; a name without a slash is searched (also with .toml) in the current
    /// directory, ~/.config/eyot/views and /etc/eyot/views
    #[arg(long, value_name = "FILE", help_heading = "Running")]
    view: Option<OsString>,
    /// Explain on standard error what the view withholds, as it happens, with the option that opens it
    #[arg(long, help_heading = "Running")]
    why: bool,
    /// Write a report of the run, as JSON, to this descriptor: ids, times, exit, limits hit, protections
    /// absent
    #[arg(long, value_name = "N", value_parser = value::report_descriptor, help_heading = "Running")]
    json_fd: Option<i32>,
    /// The name by which list, enter and stop know the view
    #[arg(long, value_name = "NAME", help_heading = "Running")]
    name: Option<ViewName>,
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
    /// The view: view:NAME (or just NAME), or pid:N
    #[arg(value_name = "TARGET")]
    target: Target,
    /// The command to run there; a shell if none
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

#[derive(Args, Debug)]
struct StopArgs {
    /// The view: view:NAME (or just NAME), or pid:N
    #[arg(value_name = "TARGET")]
    target: Target,
    /// How long the command may take to end before the view is killed
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    grace: Duration,
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
            Command::new("run")
                .about("Run a command in a view of its own")
                .override_usage(RUN_USAGE)
                .defer(RunArgs::augment_args),
            Command::new("plan")
                .about("Print what a command would do, and do nothing")
                .subcommand_required(true)
                .disable_help_subcommand(true)
                .defer(|plan| {
                    PlanArgs::augment_args(plan).subcommand(
                        Command::new("run")
                            .about("Print the view that 'eyot run' would make")
                            .override_usage(PLAN_RUN_USAGE)
                            .defer(RunArgs::augment_args),
                    )
                }),
            Command::new("doctor")
                .about("Find out, by trying, what this machine and this user may do")
                .after_help("Exits with 0 if 'eyot run' works here, even if a protection is missing, else with 1.")
                .defer(FormArgs::augment_args),
            Command::new("list").about("List the views that live").defer(FormArgs::augment_args),
            Command::new("enter")
                .about("Run a command in a view that lives already")
                .override_usage("eyot enter TARGET [--] [COMMAND [ARGUMENT]...]")
                .defer(EnterArgs::augment_args),
            Command::new("stop").about("End a view").defer(StopArgs::augment_args),
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
        "run" => Request::Run(run_request(matches)?),
        "plan" => {
            let form = PlanArgs::from_arg_matches(matches)?.json.into();
            let (_, matches) = matches.subcommand().unwrap_or(("", matches));
            Request::PlanRun(run_request(matches)?, form)
        }
        "doctor" => Request::Doctor(FormArgs::from_arg_matches(matches)?.json.into()),
        "list" => Request::List(FormArgs::from_arg_matches(matches)?.json.into()),
        "enter" => {
            let EnterArgs { target, command } = EnterArgs::from_arg_matches(matches)?;
            Request::Enter { target, command }
        }
        "stop" => {
            let StopArgs { target, grace } = StopArgs::from_arg_matches(matches)?;
            Request::Stop { target, grace }
        }
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
    let RunArgs { options, view: file, why, json_fd, name } = RunArgs::from_arg_matches(matches)?;
    let (view, command) = options.into_view();
    let why = if why { Why::Explained } else { Why::Silent };
    Ok(RunRequest { file, view, command, why, name, report: json_fd })
}

impl From<bool> for Form {
    fn from(json: bool) -> Self {
        if json { Form::Json } else { Form::Text }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::schema;

    fn run_command() -> Command {
        let mut eyot = command();
        eyot.build();
        eyot.find_subcommand("run").expect("there is 'run'").clone()
    }

    /// Options of `run` that no view file has: they say how to run and not what to see.
    const NOT_OF_THE_VIEW: [&str; 9] =
        ["name", "view", "why", "json-fd", "no-proc", "no-sys", "no-dev", "no-init", "help"];

    #[test]
    fn every_key_of_a_view_file_is_an_option_and_the_reverse() {
        let run = run_command();
        let names = |arg: &clap::Arg| -> Vec<String> {
            let aliases = arg.get_visible_aliases().unwrap_or_default();
            let long = arg.get_long().into_iter().chain(aliases).map(str::to_owned);
            // The command is not an option, but it stands on the line.
            long.chain((arg.get_id() == "command").then(|| "command".to_owned())).collect()
        };
        let mut options: BTreeSet<String> = run.get_arguments().flat_map(names).collect();
        for name in NOT_OF_THE_VIEW {
            assert!(options.remove(name), "{name}");
        }
        assert!(options.remove("profile"), "the usual name of 'extends'");
        let schema = schema::view();
        let keys: BTreeSet<String> =
            schema["properties"].as_object().expect("keys").keys().cloned().collect();
        assert_eq!(options, keys);
    }

    #[test]
    fn the_help_of_an_option_is_the_comment_of_its_key() {
        let (run, schema) = (run_command(), schema::view());
        let mut compared = 0;
        for arg in run.get_arguments() {
            let id = arg.get_id().as_str().replace('_', "-");
            let Some(comment) = schema["properties"][&id]["description"].as_str() else { continue };
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert_eq!(help, comment.trim_end_matches('.').replace('\n', " "), "{id}");
            compared += 1;
        }
        assert_eq!(compared, schema["properties"].as_object().map_or(0, serde_json::Map::len));
    }

    fn parsed(line: &[&str]) -> Request {
        let words: Vec<OsString> = ["eyot"].iter().chain(line).map(OsString::from).collect();
        parse(&words).expect("a good command line")
    }

    #[test]
    fn the_first_word_that_is_no_option_starts_the_command() {
        for line in [
            &["run", "--memory", "1G", "ls", "-l", "--memory", "/"][..],
            &["run", "--memory", "1G", "--", "ls", "-l", "--memory", "/"],
            &["plan", "run", "--memory", "1G", "ls", "-l", "--memory", "/"],
        ] {
            let (Request::Run(run) | Request::PlanRun(run, _)) = parsed(line) else {
                panic!("{line:?}")
            };
            assert_eq!(run.view.command, ["ls", "-l", "--memory", "/"], "{line:?}");
            assert_eq!(run.view.memory.as_deref(), Some("1G"));
        }
    }

    #[test]
    fn a_command_need_not_be_utf8() {
        use std::os::unix::ffi::OsStringExt as _;

        let odd = OsString::from_vec(vec![b'a', 0xff]);
        let words = ["eyot", "run", "cat"].iter().map(OsString::from).chain([odd.clone()]);
        let Ok(Request::Run(run)) = parse(&words.collect::<Vec<_>>()) else { panic!() };
        assert_eq!(run.command, [OsString::from("cat"), odd]);
    }

    #[test]
    fn lists_of_names_take_commas_and_repetition() {
        let line = ["run", "--allow", "a,b", "--allow=c", "--share", "pid,ipc", "--cap=X", "true"];
        let Request::Run(run) = parsed(&line) else { panic!() };
        assert_eq!(run.view.allow, ["a", "b", "c"]);
        assert_eq!(run.view.share.len(), 2);
        assert_eq!(run.view.cap, ["X"]);
    }

    #[test]
    fn a_switch_is_on_off_or_not_spoken_of() {
        let proc = |options: &[&str]| {
            let line = [&["run"], options, &["true"]].concat();
            let Request::Run(run) = parsed(&line) else { panic!() };
            run.view.proc
        };
        assert_eq!(proc(&[]), None);
        assert_eq!(proc(&["--proc"]), Some(true));
        assert_eq!(proc(&["--proc=false"]), Some(false));
        assert_eq!(proc(&["--no-proc"]), Some(false));
    }

    #[test]
    fn json_may_stand_on_either_side_of_the_planned_command() {
        for line in [["plan", "--json", "run", "true"], ["plan", "run", "--json", "true"]] {
            assert!(matches!(parsed(&line), Request::PlanRun(_, Form::Json)), "{line:?}");
        }
    }

    #[test]
    fn clap_accepts_the_definitions() {
        command().debug_assert();
    }
}

//! A plan is true: what `eyot plan run --json` prints is what a program in the view finds, no more and no less.
//!
//! The program (`reader/reader.c`) shares no code with eyot. Views are generated from a fixed seed, so a failure names a
//! view that can be made again: its words are in the message.

mod compare;
mod generate;

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::case::{Need, Outcome, cases};
use crate::executable::{AT, Said};
use crate::probe::fixture::{self, READER, READER_AT, TREE};
use crate::probe::seen::Seen;
use compare::Comparison;
use generate::{Asked, Generator};

cases! {
    userns: a_users_views_are_as_printed;
    root: roots_views_are_as_printed;
}

const VIEWS: u64 = 500;

fn a_users_views_are_as_printed() -> Outcome {
    all_are_as_printed(Need::UserNamespace)
}

fn roots_views_are_as_printed() -> Outcome {
    all_are_as_printed(Need::Root)
}

fn all_are_as_printed(need: Need) -> Outcome {
    fixture::make(need)?;
    fixture::compile_reader()?;
    let outside = seen_by(Command::new(READER), &[])?;
    let mut differences = Vec::new();
    // One view again: the number that a failure named.
    let chosen: Option<u64> = std::env::var("EYOT_TRUTH_VIEW").ok().and_then(|n| n.parse().ok());
    for number in (0..VIEWS).filter(|number| chosen.is_none_or(|chosen| chosen == *number)) {
        let asked = Generator::new(number, need).view();
        let found = match asked.contradiction {
            None => differences_of(&asked, &outside, need)?,
            Some(_) => refusal_of(&asked)?,
        };
        let shown = asked.words.join(" ");
        if !found.is_empty() {
            let found = found.join("\n  ");
            differences.push(format!("view {number} (in '{}'): {shown}\n  {found}", asked.from));
        }
        if differences.len() > 40 {
            break;
        }
    }
    match differences.is_empty() {
        true => Ok(()),
        false => Err(differences.join("\n").into()),
    }
}

fn differences_of(
    asked: &Asked,
    outside: &Seen,
    need: Need,
) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let said = run(eyot(asked, &["plan", "run", "--json"]), &[])?;
    if said.code != Some(0) {
        return Ok(vec![format!("there is no plan: {}", said.err)]);
    }
    let plan: Value = serde_json::from_str(&said.out)?;
    let said = run(eyot(asked, &["run"]), &questions(&plan))?;
    if said.code != Some(0) {
        return Ok(vec![format!("planned, but not made ({:?}): {}", said.code, said.err)]);
    }
    let seen: Seen = serde_json::from_str(&said.out)
        .map_err(|error| format!("{error} in what the reader says: {}", said.out))?;
    Ok(Comparison::new(&plan, &seen, outside, need).differences())
}

/// What contradicts itself is refused before anything is made, so plan and run say the same.
fn refusal_of(asked: &Asked) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let plan = run(eyot(asked, &["plan", "run", "--json"]), &[])?;
    let made = run(eyot(asked, &["run"]), &[])?;
    let why = asked.contradiction.unwrap_or_default();
    let mut differences = Vec::new();
    for (said, by) in [(&plan, "plan"), (&made, "run")] {
        if said.code != Some(125) || !said.out.is_empty() || !said.err.starts_with("error: ") {
            differences.push(format!("{why}, but {by} says {said:?}"));
        }
    }
    if plan.err != made.err {
        differences.push(format!("plan says {:?}, but run says {:?}", plan.err, made.err));
    }
    Ok(differences)
}

/// What the reader is to look at: every place that the plan names, and the view's own memory.
fn questions(plan: &Value) -> Vec<String> {
    let places = ["entries", "left_out"].iter().flat_map(|list| plan[list].as_array());
    let places = places.flatten().filter_map(|entry| entry["at"].as_str());
    ["W /".to_owned()].into_iter().chain(places.map(|at| format!("P {at}"))).collect()
}

/// eyot as a caller with habits: an umask, open descriptors and a secret, none of which are the view's business.
fn eyot(asked: &Asked, verb: &[&str]) -> Command {
    let script = format!("umask 077; exec 7<{TREE}/text 9<{TREE}/other; exec {AT} \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh"]).args(verb).args(&asked.words).args(["--", READER_AT]);
    command.current_dir(asked.from).env_clear();
    for (name, value) in generate::CALLERS_ENVIRONMENT {
        command.env(name, value);
    }
    command
}

fn seen_by(command: Command, questions: &[String]) -> Result<Seen, Box<dyn std::error::Error>> {
    Ok(serde_json::from_str(&run(command, questions)?.fine()?)?)
}

fn run(mut command: Command, questions: &[String]) -> std::io::Result<Said> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let text: String = questions.iter().map(|line| format!("{line}\n")).collect();
    if let Some(mut stdin) = child.stdin.take() {
        // Who refuses reads nothing.
        let _ = stdin.write_all(text.as_bytes());
    }
    let output = child.wait_with_output()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) })
}

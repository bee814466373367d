//! The views that live: list, enter, stop.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use eyot_launch::{LaunchError, LivingView, Stopped, Target};

use crate::args::Form;
use crate::render;
use crate::screen::Screen;

pub(crate) fn list(form: Form, screen: &mut Screen<'_>) -> ExitCode {
    match (eyot_launch::list(), form) {
        (Ok(views), Form::Text) => screen.answer(&table(&views, SystemTime::now())),
        (Ok(views), Form::Json) => screen.answer_json(&views),
        (Err(error), _) => refuse(&error, screen),
    }
}

pub(crate) fn enter(target: &Target, command: Vec<OsString>, screen: &mut Screen<'_>) -> ExitCode {
    let command = if command.is_empty() { vec!["sh".into()] } else { command };
    match eyot_launch::enter(target, command) {
        Ok(outcome) => ExitCode::from(outcome.ending.code()),
        Err(error) => refuse(&error, screen),
    }
}

pub(crate) fn stop(target: &Target, grace: Duration, screen: &mut Screen<'_>) -> ExitCode {
    match eyot_launch::stop(target, grace) {
        Ok(Stopped::Gracefully) => ExitCode::SUCCESS,
        Ok(Stopped::Killed) => {
            screen.remark("eyot: the command did not end in time; the view was killed\n");
            ExitCode::SUCCESS
        }
        Ok(Stopped::SupervisorKilled) => {
            screen.remark(
                "eyot: the supervisor did not answer; it was killed, and the view with it\n",
            );
            ExitCode::SUCCESS
        }
        Err(error) => refuse(&error, screen),
    }
}

fn refuse(error: &LaunchError, screen: &mut Screen<'_>) -> ExitCode {
    screen.refuse(&render::launch_error(error));
    ExitCode::from(error.exit_code())
}

const HEADINGS: [&str; 6] = ["NAME", "USER", "PID", "PROFILE", "AGE", "COMMAND"];

fn table(views: &[LivingView], now: SystemTime) -> String {
    let rows: Vec<[String; 6]> = [HEADINGS.map(str::to_owned)]
        .into_iter()
        .chain(views.iter().map(|view| row(view, now)))
        .collect();
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3, 4].map(width);
    rows.iter()
        .map(|[cells @ .., command]| {
            let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}  "));
            cells.collect::<String>() + command + "\n"
        })
        .collect()
}

fn row(view: &LivingView, now: SystemTime) -> [String; 6] {
    let (profile, age, command) = match &view.description {
        None => ("?".to_owned(), "?".to_owned(), "(does not answer)".to_owned()),
        Some(about) => {
            let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let age = (now.as_secs_f64() - about.started).max(0.0);
            let command = beginning(&render::printable(&about.command.join(" ")));
            // Another user's supervisor may say anything.
            (render::printable(&about.profile), age_text(age as u64), command)
        }
    };
    let (user, pid) = (view.uid.to_string(), view.supervisor_pid.to_string());
    [view.name.to_string(), user, pid, profile, age, command]
}

/// Whole scripts are commands too.
fn beginning(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn age_text(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use eyot_launch::{Description, NetworkKind, UserKind};

    use super::*;

    fn view(name: &str, description: Option<Description>) -> LivingView {
        let name = name.parse().expect("a good name");
        LivingView { name, uid: 1000, supervisor_pid: 42, description }
    }

    #[test]
    fn a_table_has_a_line_a_view_whatever_its_command_is() {
        let about = Description {
            profile: "run".into(),
            command: vec!["sh".into(), "-c".into(), "a\nb\u{1b}[2J".into()],
            init_pid: 43,
            started: 100.0,
            user: UserKind::CallersId,
            network: NetworkKind::None,
            uid: 1000,
            gid: 1000,
            host_uid: 1000,
            host_gid: 1000,
            entries: 3,
            absent: Vec::new(),
        };
        let views = [view("web", Some(about)), view("stopped-one", None)];
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100 + 3 * 3600);
        expect![[r#"
            NAME         USER  PID  PROFILE  AGE  COMMAND
            web          1000  42   run      3h   sh -c a\nb\u{1b}[2J
            stopped-one  1000  42   ?        ?    (does not answer)
        "#]]
        .assert_eq(&table(&views, now));
    }

    #[test]
    fn a_long_command_is_cut_between_characters() {
        assert_eq!(beginning(&"é".repeat(60)), "é".repeat(60));
        assert_eq!(beginning(&"é".repeat(61)), "é".repeat(60) + "…");
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let ages = [59, 60, 3599, 3600, 86_399, 86_400].map(age_text);
        assert_eq!(ages, ["59s", "1m", "59m", "1h", "23h", "1d"]);
    }
}

//! What the user reads when something is refused: attempt and place, then one labelled line for
//! each of the kernel's words, the rule and the way out.

use std::error::Error as _;
use std::fmt::Write as _;

use eyot_launch::{Cause, Explanation, LaunchError};
use eyot_plan::{Access, Entry, Layer, PlanError, What};

use crate::view_file::ViewFileError;

/// An error as data; only [`Message::text`] knows how it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    headline: String,
    lines: Vec<(&'static str, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Plain,
    Bold,
}

impl Message {
    pub(crate) fn error(headline: impl Into<String>) -> Self {
        Self { headline: headline.into(), lines: Vec::new() }
    }

    pub(crate) fn try_instead(self, way_out: impl Into<String>) -> Self {
        self.line("try", way_out)
    }

    pub(crate) fn usage(self, usage: impl Into<String>) -> Self {
        self.line("usage", usage)
    }

    fn line(mut self, label: &'static str, text: impl Into<String>) -> Self {
        self.lines.push((label, text.into()));
        self
    }

    pub(crate) fn headline(&self) -> &str {
        &self.headline
    }

    /// What `label` says, for instance the way out of an error.
    pub(crate) fn labelled(&self, label: &str) -> impl Iterator<Item = &str> {
        let label = label.to_owned();
        self.lines.iter().filter(move |(name, _)| *name == label).map(|(_, text)| text.as_str())
    }

    pub(crate) fn text(&self, colour: Colour) -> String {
        let (start, end) = match colour {
            Colour::Plain => ("", ""),
            Colour::Bold => ("\x1b[1;31m", "\x1b[0m"),
        };
        let mut text = format!("{start}error:{end} {}\n", printable(&self.headline));
        for (label, line) in &self.lines {
            let line = line.lines().map(printable).collect::<Vec<_>>().join("\n");
            // A second line of one text lies below the first: '  rule: ' is eight wide.
            let indent = format!("\n{:width$}", "", width = label.len() + 4);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {label}: {}", line.replace('\n', &indent));
        }
        text
    }
}

/// A view file that is wrong, missing or unreadable.
pub(crate) fn view_file_error(error: &ViewFileError) -> Message {
    let mut message = Message::error(error.to_string());
    if let Some(source) = error.source() {
        message = message.line("kernel", source.to_string());
    }
    match error.instead() {
        Some(text) => message.try_instead(text),
        None => message,
    }
}

/// A view that the kernel or eyot refused to make, with the rule behind it.
pub(crate) fn launch_error(error: &LaunchError) -> Message {
    let mut message = Message::error(error.to_string());
    let label = match &*error.cause {
        Cause::Kernel(_) => "kernel",
        Cause::Policy { .. } => "rule",
    };
    let mut source = error.source();
    while let Some(cause) = source {
        message = message.line(label, cause.to_string());
        source = cause.source();
    }
    for line in error.kernel_log() {
        message = message.line("kernel log", line.clone());
    }
    if let Some(rule) = error.rule() {
        let Explanation { rule, reference, remedy } = rule.explanation();
        return message.line("rule", format!("{rule}\n({reference})")).try_instead(remedy);
    }
    match &*error.cause {
        Cause::Policy { remedy, .. } if !remedy.is_empty() => message.try_instead(remedy.clone()),
        Cause::Policy { .. } | Cause::Kernel(_) => message,
    }
}

/// A view that cannot become a plan, with the way out where there is only one.
pub(crate) fn plan_error(error: &PlanError) -> Message {
    let message = Message::error(error.to_string());
    match way_out(error) {
        Some(text) => message.try_instead(text),
        None => message,
    }
}

fn way_out(error: &PlanError) -> Option<String> {
    match error {
        PlanError::Missing { entry, .. } | PlanError::Unreachable { entry, .. } => {
            let word = optional_word(entry)?;
            Some(format!("{word}, which leaves it out where the host lacks it"))
        }
        PlanError::NamedTwice { at, .. } => Some(format!("ask for '{at}' once")),
        PlanError::WrongKind { found: "a device", entry, .. } => match entry.what {
            What::Bind { .. } => Some(format!("{}device", dashes(entry)?)),
            _ => None,
        },
        PlanError::NoRoot { .. } => Some("name a directory with --root".to_owned()),
        PlanError::NotAPlainPath { .. }
        | PlanError::PathTooLong { .. }
        | PlanError::WrongKind { .. }
        | PlanError::BeneathFile { .. }
        | PlanError::Hidden { .. }
        | PlanError::Contradiction { .. } => None,
    }
}

/// The optional twin of a bind that the user asked for: `--ro-try` of `--ro`.
fn optional_word(entry: &Entry) -> Option<String> {
    let What::Bind { .. } = entry.what else { return None };
    let dashes = dashes(entry)?;
    Some(match entry.access {
        Access::ReadOnly => format!("{dashes}ro-try"),
        Access::ReadWrite => format!("{dashes}rw-try"),
    })
}

/// How an option starts where the entry was asked for; `None` where no user asked.
fn dashes(entry: &Entry) -> Option<&'static str> {
    match entry.origin.layer {
        Layer::Flag => Some("--"),
        Layer::File => Some(""),
        Layer::Default | Layer::Profile => None,
    }
}

/// Names come from anywhere: control characters in them must not drive the terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use eyot_plan::Origin;

    use super::*;

    #[test]
    fn a_missing_source_names_the_option_that_tolerates_it() {
        let entry = Entry::bind("/no/such", "/data", Origin::new(Layer::Flag, "--ro")).unwrap();
        let error = PlanError::Missing { from: "/no/such".into(), entry: Box::new(entry) };
        expect![[r#"
            error: the host has nothing at '/no/such', which 'bind /data ro from /no/such' (flag --ro) needs
              try: --ro-try, which leaves it out where the host lacks it
        "#]]
        .assert_eq(&plan_error(&error).text(Colour::Plain));
    }

    #[test]
    fn further_lines_lie_below_the_first_and_only_the_word_error_is_coloured() {
        let message = Message::error("no").line("rule", "first\n(page)");
        assert_eq!(
            message.text(Colour::Bold),
            "\u{1b}[1;31merror:\u{1b}[0m no\n  rule: first\n        (page)\n"
        );
    }
}

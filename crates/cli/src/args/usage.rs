//! A wrong command line in one sentence: the option, what is wrong with it, the way out.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::render::Message;

/// What `error` says about `words`, in the form of every other error of eyot.
pub(crate) fn explain(error: &clap::Error, words: &[OsString]) -> Message {
    let message = Message::error(sentence(error, words));
    let message = match suggestion(error) {
        Some(word) => message.try_instead(format!("'{word}'")),
        None => message,
    };
    message.usage(usage_of(words))
}

fn sentence(error: &clap::Error, words: &[OsString]) -> String {
    let arg = context(error, ContextKind::InvalidArg);
    let name = option_name(&arg);
    let value = context(error, ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            format!("'{}' is no command of eyot", context(error, ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "a command is missing".to_owned()
        }
        ErrorKind::UnknownArgument if arg.starts_with('-') => format!("there is no option '{arg}'"),
        ErrorKind::UnknownArgument => format!("'{arg}' is one word too many"),
        ErrorKind::InvalidValue if value.is_empty() => format!("'{name}' needs a value"),
        ErrorKind::InvalidValue => {
            format!("{name}: '{value}' is not {}", one_of(&context(error, ContextKind::ValidValue)))
        }
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map(ToString::to_string);
            format!("{name}: {}", reason.unwrap_or_else(|| format!("'{value}' is not accepted")))
        }
        ErrorKind::ArgumentConflict => {
            let other = context(error, ContextKind::PriorArg);
            match option_name(&other) {
                other if other == name => format!("'{name}' is given twice"),
                other => format!("'{name}' and '{other}' contradict each other"),
            }
        }
        ErrorKind::MissingRequiredArgument => format!("{arg} is missing"),
        ErrorKind::TooManyValues => format!("'{name}' takes no value, but '{value}' was given"),
        ErrorKind::NoEquals => format!("'{name}' takes its value after '='"),
        ErrorKind::InvalidUtf8 => match words.iter().find(|word| word.to_str().is_none()) {
            Some(word) => format!("'{}' is not UTF-8", word.to_string_lossy().escape_debug()),
            None => "an option is not UTF-8".to_owned(),
        },
        // clap may add kinds; its own first line then says it.
        _ => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            line.strip_prefix("error: ").unwrap_or(line).to_owned()
        }
    }
}

/// The option without the name of its value: `--memory` of `--memory <SIZE>`.
fn option_name(arg: &str) -> String {
    let end = arg.find([' ', '=', '[']).unwrap_or(arg.len());
    arg[..end].to_owned()
}

fn one_of(words: &str) -> String {
    match words.rsplit_once(", ") {
        Some((first, last)) => format!("{first} or {last}"),
        None => words.to_owned(),
    }
}

fn suggestion(error: &clap::Error) -> Option<String> {
    let kinds =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let word = kinds.into_iter().map(|kind| context(error, kind)).find(|text| !text.is_empty())?;
    // clap names the nearest of several words last.
    Some(option_name(word.rsplit(", ").next().unwrap_or(&word)))
}

fn context(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        // The other kinds carry flags and numbers, which no sentence above uses.
        _ => String::new(),
    }
}

/// The usage of the command whose name was typed, of eyot itself where none was.
fn usage_of(words: &[OsString]) -> String {
    let mut command = super::command();
    let mut names = vec!["eyot"];
    for word in words.iter().skip(1).filter_map(|word| word.to_str()) {
        let Some(found) = command.find_subcommand(word) else { break };
        names.push(word);
        command = found.clone();
        // Options and commands of a command are only known once it is built.
        command.build();
    }
    match names.as_slice() {
        ["eyot"] | ["eyot", "plan"] => format!("{} COMMAND [OPTIONS]", names.join(" ")),
        _ => {
            let usage = command.render_usage().to_string();
            let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
            let start = usage.find(names[names.len() - 1]).unwrap_or(0);
            match usage.starts_with("eyot ") {
                true => usage.to_owned(),
                false => format!("{} {}", names[..names.len() - 1].join(" "), &usage[start..]),
            }
        }
    }
}

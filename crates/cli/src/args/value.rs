//! The forms of single values, refused here so that the error names the option.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use eyot_plan::{BadValue, NetworkMode, Share, UserMode, parse_duration, parse_size};

/// `--proc[=BOOL]` beside `--no-proc`; the two exclude each other.
pub(crate) struct Switch {
    pub(crate) on: Option<bool>,
    pub(crate) off: bool,
}

impl Switch {
    pub(crate) fn value(self) -> Option<bool> {
        self.on.or_else(|| self.off.then_some(false))
    }
}

/// `NAME=VALUE`.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    name: String,
    value: String,
}

impl Environment {
    pub(crate) fn into_pair(self) -> (String, String) {
        (self.name, self.value)
    }
}

impl FromStr for Environment {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => bad(text, "NAME=VALUE"),
        }
    }
}

fn bad<T>(value: &str, wanted: &'static str) -> Result<T, BadValue> {
    Err(BadValue { value: value.to_owned(), wanted })
}

fn checked(text: &str, good: bool, wanted: &'static str) -> Result<String, BadValue> {
    if good { Ok(text.to_owned()) } else { bad(text, wanted) }
}

pub(crate) fn text_of_size(text: &str) -> Result<String, BadValue> {
    parse_size(text).map(|_| text.to_owned())
}

pub(crate) fn text_of_duration(text: &str) -> Result<String, BadValue> {
    parse_duration(text).map(|_| text.to_owned())
}

pub(crate) fn text_of_place(text: &str) -> Result<String, BadValue> {
    checked(text, !text.is_empty(), "a path")
}

pub(crate) fn variable_name(text: &str) -> Result<String, BadValue> {
    checked(text, !text.is_empty() && !text.contains('='), "the name of a variable")
}

/// One name of a list with commas; `a,,b` is a mistake and not a shorter list.
pub(crate) fn word(text: &str) -> Result<String, BadValue> {
    checked(text, !text.is_empty(), "a name")
}

/// The largest value stands for "no change" in chown(2) and setresuid(2): nobody can be it.
pub(crate) fn id(text: &str) -> Result<u32, BadValue> {
    match text.parse() {
        Ok(id) if id != u32::MAX => Ok(id),
        _ => bad(text, "an id from 0 to 4294967294"),
    }
}

pub(crate) fn descriptor(text: &str) -> Result<i32, BadValue> {
    match text.parse() {
        Ok(fd) if fd > 2 => Ok(fd),
        _ => bad(text, "the number of a descriptor above 2"),
    }
}

pub(crate) fn count(text: &str) -> Result<u64, BadValue> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => bad(text, "a whole number above 0"),
    }
}

pub(crate) fn report_descriptor(text: &str) -> Result<i32, BadValue> {
    match text.parse() {
        Ok(fd) if fd > 1 => Ok(fd),
        _ => bad(text, "the number of a descriptor above 1"),
    }
}

pub(crate) fn processors(text: &str) -> Result<f64, BadValue> {
    // Only digits and a point: f64 would also read 'inf', '1e9' and '-0'.
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match text.parse() {
        Ok(cpus) if plain && cpus > 0.0 => Ok(cpus),
        _ => bad(text, "a number of processors such as 2 or 0.5"),
    }
}

pub(crate) const USER_WORDS: [(&str, UserMode); 2] =
    [("own", UserMode::Own), ("host", UserMode::Host)];
pub(crate) const NETWORK_WORDS: [(&str, NetworkMode); 3] =
    [("none", NetworkMode::None), ("loopback", NetworkMode::Loopback), ("host", NetworkMode::Host)];
pub(crate) const SHARE_WORDS: [(&str, Share); 4] =
    [("pid", Share::Pid), ("ipc", Share::Ipc), ("uts", Share::Uts), ("cgroup", Share::Cgroup)];

fn words<T: Copy + Send + Sync + 'static, const N: usize>(
    table: &'static [(&'static str, T); N],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(table.iter().map(|(word, _)| *word)).try_map(move |word| {
        let row = table.iter().find(|(name, _)| *name == word);
        row.map(|(_, value)| *value).ok_or(BadValue { value: word, wanted: "one of the words" })
    })
}

pub(crate) fn user_words() -> impl TypedValueParser<Value = UserMode> {
    words(&USER_WORDS)
}

pub(crate) fn network_words() -> impl TypedValueParser<Value = NetworkMode> {
    words(&NETWORK_WORDS)
}

pub(crate) fn share_words() -> impl TypedValueParser<Value = Share> {
    words(&SHARE_WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_view_file() {
        let file_word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        for (word, value) in USER_WORDS {
            assert_eq!(file_word(serde_json::to_value(value).unwrap()), word);
        }
        for (word, value) in NETWORK_WORDS {
            assert_eq!(file_word(serde_json::to_value(value).unwrap()), word);
        }
        for (word, value) in SHARE_WORDS {
            assert_eq!(file_word(serde_json::to_value(value).unwrap()), word);
        }
    }
}

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::str::FromStr;

use eyot_plan::BadValue;
use serde::{Deserialize, Serialize};

/// The name of a living view. It is part of a socket's address and is printed as it is.
///
/// Invariant: 1 to 64 letters, digits, `.`, `_` and `-`, the first a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ViewName(String);

const LONGEST: usize = 64;

impl ViewName {
    /// The name of a view that nobody has named: its command's and its supervisor's number.
    pub(crate) fn of_command(command: Option<&OsStr>, supervisor: i32) -> Self {
        let program = command.and_then(|program| Path::new(program).file_name());
        let bytes = program.unwrap_or(OsStr::new("view")).as_bytes();
        // The number needs at most seven digits (pid_max is 2^22) and a sign between.
        let kept = bytes.iter().take(LONGEST - 8).map(|byte| match byte {
            byte if plain(*byte) => char::from(*byte),
            _ => '_',
        });
        let name: String = kept.collect();
        // A login shell is called '-sh'.
        let name = name.trim_start_matches(|first: char| !first.is_ascii_alphanumeric());
        let name = if name.is_empty() { "view" } else { name };
        Self(format!("{name}-{supervisor}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

impl FromStr for ViewName {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        match first && text.len() <= LONGEST && text.bytes().all(plain) {
            true => Ok(Self(text.to_owned())),
            false => Err(BadValue {
                value: text.to_owned(),
                wanted: "a name (letters, digits, '.', '_' and '-', at most 64, no '-' or '.' first)",
            }),
        }
    }
}

impl TryFrom<String> for ViewName {
    type Error = BadValue;

    fn try_from(text: String) -> Result<Self, BadValue> {
        text.parse()
    }
}

impl From<ViewName> for String {
    fn from(name: ViewName) -> String {
        name.0
    }
}

impl fmt::Display for ViewName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What `enter` and `stop` act on: `view:NAME` or just the name, or `pid:N`, the view's supervisor or its init.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    View(ViewName),
    Pid(i32),
}

impl FromStr for Target {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue { value: text.to_owned(), wanted: "view:NAME or pid:N" };
        let name = |name: &str| name.parse().map(Target::View).map_err(|_| bad());
        match text.split_once(':') {
            None => name(text),
            Some(("view", rest)) => name(rest),
            Some(("pid", number)) => {
                number.parse().ok().filter(|pid| *pid > 0).map(Target::Pid).ok_or_else(bad)
            }
            Some(_) => Err(bad()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::View(name) => write!(f, "view:{name}"),
            Target::Pid(pid) => write!(f, "pid:{pid}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_become_an_address_of_another_kind_or_an_option() {
        for bad in ["", ".", "..", "-x", "a/b", "é", "a b", "a\0b", "a\n", &"x".repeat(65)] {
            assert!(bad.parse::<ViewName>().is_err(), "{bad:?}");
        }
        assert_eq!("web-1.eu".parse::<ViewName>().unwrap().as_str(), "web-1.eu");
    }

    #[test]
    fn every_command_gives_a_good_name() {
        let name =
            |command: &[u8]| ViewName::of_command(Some(OsStr::from_bytes(command)), 4_194_303);
        assert_eq!(name(b"/usr/bin/python3").as_str(), "python3-4194303");
        assert_eq!(name(b"-sh").as_str(), "sh-4194303");
        assert_eq!(name(b"").as_str(), "view-4194303");
        for odd in [&b"a b\n\xff"[..], b"..", b"/", &[b'x'; 300], "é".as_bytes()] {
            let name = name(odd);
            assert_eq!(name.as_str().parse(), Ok(name.clone()), "{odd:?}");
        }
    }

    #[test]
    fn a_bare_name_is_a_view() {
        assert_eq!("web".parse::<Target>().unwrap().to_string(), "view:web");
        assert_eq!("view:web".parse::<Target>().unwrap().to_string(), "view:web");
        assert_eq!("pid:7".parse(), Ok(Target::Pid(7)));
        for bad in ["", "pid:", "pid:0", "pid:-1", "pid:x", "view:", "view:../x", "unit:ssh"] {
            assert!(bad.parse::<Target>().is_err(), "{bad:?}");
        }
    }
}

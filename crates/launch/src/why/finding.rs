use std::fmt;
use std::path::{Path, PathBuf};

/// Something the program asked for and the view did not give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    pub subject: Subject,
    /// What in the plan is behind it, and who asked for that.
    pub by: String,
    /// What would open it: the first of them suffices. Empty where nothing does.
    pub remedies: Vec<Remedy>,
    pub loudness: Loudness,
}

/// Two requests with the same subject are the same finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// The host has it, the view does not.
    Hidden(PathBuf),
    ReadOnly(PathBuf),
    /// A mount of its own, which can be neither removed nor renamed.
    Fixed(PathBuf),
    /// A peer that the view's network does not reach.
    Network(String),
    /// A system call, by name.
    Call(String),
}

/// Options of the command line and their values, which together open something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Remedy(pub Vec<(&'static str, String)>);

/// Whether a finding is worth a line at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loudness {
    AtOnce,
    /// The answer is one that programs are written for: they take another way.
    InSummary,
}

impl Remedy {
    pub fn new(option: &'static str, value: &str) -> Self {
        Self(vec![(option, value.to_owned())])
    }

    /// An option whose value is a place; `None` where the command line cannot say it.
    pub(super) fn place(option: &'static str, place: &Path) -> Option<Self> {
        Some(Self::new(option, &escaped(place)?))
    }

    pub(super) fn from_at(option: &'static str, from: &Path, at: &Path) -> Option<Self> {
        Some(Self::new(option, &format!("{}:{}", escaped(from)?, escaped(at)?)))
    }

    pub(super) fn and(mut self, option: &'static str, value: &str) -> Self {
        self.0.push((option, value.to_owned()));
        self
    }
}

/// A bind's value is split at colons (FROM:AT).
fn escaped(place: &Path) -> Option<String> {
    Some(place.to_str()?.replace('\\', "\\\\").replace(':', "\\:"))
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.by)?;
        for (index, remedy) in self.remedies.iter().enumerate() {
            write!(f, "{} {remedy}", if index == 0 { "; opened by" } else { " or" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Hidden(path) => write!(f, "'{}' is hidden", Plain(path)),
            Subject::ReadOnly(path) => write!(f, "'{}' is read-only", Plain(path)),
            Subject::Fixed(path) => write!(f, "'{}' stays where it is", Plain(path)),
            Subject::Network(peer) => write!(f, "no network to {}", Plain(Path::new(peer))),
            Subject::Call(name) => write!(f, "{name} is refused"),
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (option, value)) in self.0.iter().enumerate() {
            write!(f, "{}{option} ", if index == 0 { "" } else { " " })?;
            match value.chars().all(|c| c.is_alphanumeric() || "-_./:,=+@%".contains(c)) {
                true => f.write_str(value)?,
                // As a shell reads it, apart from control characters, which must not drive a terminal.
                false => write!(f, "'{}'", Plain(Path::new(&value.replace('\'', "'\\''"))))?,
            }
        }
        Ok(())
    }
}

/// A name that a program chose: control characters in it must not drive the terminal of whoever reads it.
struct Plain<'a>(&'a Path);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string_lossy().chars() {
            match character.is_control() {
                true => write!(f, "{}", character.escape_default())?,
                false => write!(f, "{character}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_finding_says_what_by_whom_and_what_opens_it() {
        let withheld = Withheld {
            subject: Subject::Hidden("/etc/shadow".into()),
            by: "not part of the view (profile run)".into(),
            remedies: vec![Remedy::new("--ro", "/etc/shadow"), Remedy::new("--root", "host")],
            loudness: Loudness::AtOnce,
        };
        expect!["'/etc/shadow' is hidden: not part of the view (profile run); opened by --ro /etc/shadow or --root host"]
            .assert_eq(&withheld.to_string());
    }

    #[test]
    fn a_hostile_name_neither_drives_the_terminal_nor_breaks_out_of_the_quotes() {
        let subject = Subject::ReadOnly("/a\u{1b}[2J\n".into());
        expect![[r"'/a\u{1b}[2J\n' is read-only"]].assert_eq(&subject.to_string());
        let remedy = Remedy::place("--rw", Path::new("/a b:c'; rm")).unwrap();
        expect![[r"--rw '/a b\:c'\''; rm'"]].assert_eq(&remedy.to_string());
    }
}

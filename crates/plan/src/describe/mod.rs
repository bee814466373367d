//! The plan as a person reads it, within 100 columns where the names allow it.

mod process;
mod tree;

use std::fmt::Write as _;

use crate::{Access, Entry, Plan, ProtectionState, Root};

const WIDTH: usize = 100;

impl Plan {
    /// The plan as a person reads it: the tree of places, then everything else.
    pub fn describe(&self) -> String {
        let mut text = self.tree();
        section(&mut text, "process", self.process_lines());
        section(&mut text, "protections", self.protection_lines());
        section(&mut text, "covered by a stronger request", entry_lines(&self.overridden));
        section(&mut text, "left out, the host has no source", entry_lines(&self.left_out));
        section(
            &mut text,
            "notes",
            self.notes.iter().flat_map(|note| wrapped("  ", note)).collect(),
        );
        text
    }

    fn protection_lines(&self) -> Vec<String> {
        let widest = self.protections.iter().map(|protection| protection.name.len()).max();
        let lines = self.protections.iter().map(|protection| {
            let (mark, state) = match &protection.state {
                ProtectionState::Held => ('✓', "held".to_owned()),
                ProtectionState::Waived { by } => ('○', format!("waived by {}", printable(by))),
                ProtectionState::Absent { why } => ('✗', format!("ABSENT: {}", printable(why))),
            };
            let name =
                format!("  {mark} {:<width$}  ", protection.name, width = widest.unwrap_or(0));
            wrapped(&name, &state)
        });
        lines.flatten().collect()
    }
}

impl Root {
    /// How freely the view's own root may be written.
    pub fn access(&self) -> Access {
        match self {
            Root::Empty { .. } => Access::ReadOnly,
            Root::Tree { access, .. } => *access,
        }
    }
}

fn section(text: &mut String, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\n{title}");
    for line in lines {
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn entry_lines(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| format!("  {entry} ({})", printable(&entry.origin.to_string())))
        .collect()
}

/// `text` behind `start`, broken at spaces; further lines begin below the first word.
fn wrapped(start: &str, text: &str) -> Vec<String> {
    let indent = start.chars().count();
    let mut lines = Vec::new();
    let mut line = start.to_owned();
    let mut fresh = true;
    for word in text.split(' ') {
        if !fresh && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            fresh = true;
        }
        line.push_str(if fresh { "" } else { " " });
        line.push_str(word);
        fresh = false;
    }
    lines.push(line);
    lines
}

/// Control characters in a name must not drive the terminal of whoever reads it.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown
}

/// Bytes in the largest unit that says them exactly.
fn size_words(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let exact = units.into_iter().find(|(shift, _)| bytes != 0 && bytes.trailing_zeros() >= *shift);
    match exact {
        Some((shift, unit)) => format!("{} {unit}", bytes >> shift),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_below_their_first_word() {
        let lines = wrapped("  name  ", &"word ".repeat(30));
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{lines:?}");
        assert!(lines[1].starts_with("        word"), "{lines:?}");
        // A word that is too long for any line is not broken: it may be a path to copy.
        assert_eq!(wrapped("", &"x".repeat(200)), ["x".repeat(200)]);
    }

    #[test]
    fn sizes_are_exact() {
        assert_eq!(size_words(64 << 20), "64 MiB");
        assert_eq!(size_words(3 << 29), "1536 MiB");
        assert_eq!(size_words((64 << 20) + 1), "67108865 bytes");
    }
}

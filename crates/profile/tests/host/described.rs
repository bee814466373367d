//! Plans as text, for goldens.

use expect_test::Expect;
use eyot_plan::View;

use super::{facts, flags, plan};

pub(crate) const ROOT: u32 = 0;
pub(crate) const ANN: u32 = 1000;

pub(crate) fn described(uid: u32, view: View) -> String {
    let view = View { command: vec!["true".to_owned()], ..view };
    match plan(&[flags(view)], &facts(uid)) {
        Ok(plan) => plan.describe(),
        Err(error) => format!("error: {error}\n"),
    }
}

/// The same without the columns, whose width depends on every line.
pub(crate) fn lines(uid: u32, view: View) -> Vec<String> {
    let name = view.extends.clone().unwrap_or("run".to_owned());
    let text = described(uid, view).replace(&format!("profile {name}"), "profile");
    let plain = |line: &str| {
        let words = line.split_whitespace().filter(|word| !"│├─└─".contains(word));
        words.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(plain).collect()
}

/// Only what is not as in the same caller's `run`, without what this host lacks anyway: a hundred
/// equal lines hide the ones that matter.
pub(crate) fn check_against_run(uid: u32, view: View, expected: Expect) {
    let (run, theirs) = (lines(uid, View::default()), lines(uid, view));
    let present = |line: &&String| !line.ends_with("(if present) (profile)");
    let gone = run.iter().filter(present).filter(|line| !theirs.contains(line));
    let new = theirs.iter().filter(present).filter(|line| !run.contains(line));
    let gone = gone.map(|line| format!("- {line}\n"));
    expected.assert_eq(&gone.chain(new.map(|line| format!("+ {line}\n"))).collect::<String>());
}

pub(crate) fn profile(name: &str) -> View {
    View { extends: Some(name.to_owned()), ..View::default() }
}

//! `eyot doctor`: what this machine and caller may do, as a table; each "no" with cause and cure.

use std::process::ExitCode;

use eyot_launch::{Answer, Finding, Verdict, Weight};
use serde::Serialize;

use crate::args::Form;
use crate::screen::Screen;

/// The answer where `eyot run` does not work here: no failure of eyot's, so not [`crate::OUR_FAILURE`].
const DOES_NOT_WORK: u8 = 1;

const WIDTH: usize = 100;

const LEGEND: &str = "✗ takes something from eyot run, – does not, ? could not be tried";

#[derive(Serialize)]
struct Report<'a> {
    format: u32,
    #[serde(flatten)]
    verdict: &'a Verdict,
    findings: &'a [Finding],
}

/// Shows `findings`; the exit code says whether `eyot run` works here.
pub(crate) fn print(findings: &[Finding], form: Form, screen: &mut Screen<'_>) -> ExitCode {
    let verdict = Verdict::of(findings);
    let shown = match form {
        Form::Text => screen.answer(&text(findings, &verdict)),
        Form::Json => screen.answer_json(&Report { format: 1, verdict: &verdict, findings }),
    };
    match (shown == ExitCode::SUCCESS, &verdict) {
        (false, _) => shown,
        (true, Verdict::Works | Verdict::Weaker { .. }) => ExitCode::SUCCESS,
        (true, Verdict::Refused { .. }) => ExitCode::from(DOES_NOT_WORK),
    }
}

fn text(findings: &[Finding], verdict: &Verdict) -> String {
    let widest = findings.iter().map(|finding| finding.name.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for group in findings.chunk_by(|one, next| one.group == next.group) {
        lines.extend(group.first().map(|first| first.group.title().to_owned()));
        for (at, finding) in group.iter().enumerate() {
            lines.extend(lines_of(finding, widest));
            // What holds for several in a row is said below the last of them.
            if group.get(at + 1).and_then(advice) != advice(finding) {
                lines.extend(advice(finding).into_iter().flat_map(|(without, cure)| {
                    [reason("so", without), reason("try", cure)].concat()
                }));
            }
        }
        lines.push(String::new());
    }
    lines.push(LEGEND.to_owned());
    lines.extend(wrapped("", &sentence(verdict)));
    lines.join("\n") + "\n"
}

fn lines_of(finding: &Finding, widest: usize) -> Vec<String> {
    let start = |mark| format!("  {mark} {:<widest$}  ", finding.name);
    match &finding.answer {
        Answer::Yes => {
            let found = finding.detail.as_deref().unwrap_or_default();
            wrapped(&start('✓'), found)
        }
        Answer::Unknown { why } => wrapped(&start('?'), why),
        Answer::No { cause, .. } => {
            let place = finding.detail.as_deref().unwrap_or_default();
            [wrapped(&start(mark(finding)), place), reason("cause", cause)].concat()
        }
    }
}

/// What follows from a "no" and what to do.
fn advice(finding: &Finding) -> Option<(&str, &str)> {
    match &finding.answer {
        Answer::No { cure, .. } => Some((finding.without, cure)),
        Answer::Yes | Answer::Unknown { .. } => None,
    }
}

fn reason(label: &str, text: &str) -> Vec<String> {
    wrapped(&format!("{label:>REASON$}: "), text)
}

/// Where the labels below a "no" end.
const REASON: usize = 11;

/// A no that nobody has to mind looks different from one that takes something from views.
fn mark(finding: &Finding) -> char {
    match finding.weight {
        Weight::Needed | Weight::Protection(_) => '✗',
        Weight::Fallback | Weight::Informative => '–',
    }
}

fn sentence(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Works => "eyot run works here, with every protection.".into(),
        Verdict::Weaker { missing } => {
            format!("eyot run works here, without these protections: {}.", missing.join(", "))
        }
        Verdict::Refused { missing } => {
            format!("eyot run does not work here, for want of: {}.", missing.join(", "))
        }
    }
}

/// `text` behind `start`, broken at spaces; further lines begin below its first word.
fn wrapped(start: &str, text: &str) -> Vec<String> {
    let indent = start.chars().count();
    let mut lines = vec![start.to_owned()];
    let mut fresh = true;
    for word in text.split(' ') {
        let width = lines.last().map_or(0, |line| line.chars().count());
        if !fresh && width + 1 + word.chars().count() > WIDTH {
            lines.push(" ".repeat(indent));
            fresh = true;
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if fresh { "" } else { " " });
            line.push_str(word);
        }
        fresh = false;
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use eyot_launch::Group;

    use super::*;

    fn finding(name: &'static str, group: Group, weight: Weight, answer: Answer) -> Finding {
        let (used_for, without) = ("something", "something else happens");
        Finding { name, group, answer, detail: None, used_for, without, weight }
    }

    fn no(cause: &str) -> Answer {
        Answer::No { cause: cause.into(), cure: "eat an apple a day".into() }
    }

    fn findings() -> Vec<Finding> {
        let mut findings = vec![
            finding("a", Group::Mounts, Weight::Needed, Answer::Yes),
            finding("longer name", Group::Mounts, Weight::Fallback, no(&"word ".repeat(20))),
            finding("c", Group::Limits, Weight::Protection("landlock"), no("it is not there")),
            finding("d", Group::Limits, Weight::Needed, Answer::Unknown { why: "tired".into() }),
        ];
        findings[0].detail = Some("ABI 7".into());
        findings
    }

    fn printed(findings: &[Finding], form: Form) -> (String, bool) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = print(findings, form, &mut Screen::plain(&mut out, &mut err));
        (String::from_utf8(out).unwrap(), code == ExitCode::SUCCESS)
    }

    #[test]
    fn a_no_tells_cause_consequence_and_cure() {
        let (text, works) = printed(&findings(), Form::Text);
        expect![[r#"
            mounts
              ✓ a            ABI 7
              – longer name
                  cause: word word word word word word word word word word word word word word word word word
                         word word word
                     so: something else happens
                    try: eat an apple a day

            limits
              ✗ c
                  cause: it is not there
                     so: something else happens
                    try: eat an apple a day
              ? d            tired

            ✗ takes something from eyot run, – does not, ? could not be tried
            eyot run does not work here, for want of: d.
        "#]].assert_eq(&text);
        assert!(!works);
    }

    #[test]
    fn a_missing_protection_is_named_and_no_failure() {
        let (text, works) = printed(&findings()[..3], Form::Text);
        assert!(text.ends_with("\neyot run works here, without these protections: landlock.\n"));
        assert!(works);
        let (text, works) = printed(&findings()[..2], Form::Text);
        assert!(text.ends_with("\neyot run works here, with every protection.\n"));
        assert!(works);
    }

    #[test]
    fn json_tells_the_same() {
        let (text, works) = printed(&findings()[2..], Form::Json);
        expect![[r#"
            {
              "format": 1,
              "run": "refused",
              "missing": [
                "d"
              ],
              "findings": [
                {
                  "name": "c",
                  "group": "limits",
                  "answer": "no",
                  "cause": "it is not there",
                  "cure": "eat an apple a day",
                  "used_for": "something",
                  "without": "something else happens",
                  "weight": {
                    "protection": "landlock"
                  }
                },
                {
                  "name": "d",
                  "group": "limits",
                  "answer": "unknown",
                  "why": "tired",
                  "used_for": "something",
                  "without": "something else happens",
                  "weight": "needed"
                }
              ]
            }
        "#]]
        .assert_eq(&text);
        assert!(!works);
    }
}

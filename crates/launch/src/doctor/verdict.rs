use serde::Serialize;

use super::{Answer, Finding, Weight};

/// Whether `eyot run` works for this caller on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "run", rename_all = "kebab-case")]
pub enum Verdict {
    Works,
    /// Views start, and lack these protections.
    Weaker {
        missing: Vec<&'static str>,
    },
    /// No view starts, for want of these.
    Refused {
        missing: Vec<&'static str>,
    },
}

impl Verdict {
    /// What follows from the findings; a needed thing that could not be tried counts as missing.
    pub fn of(findings: &[Finding]) -> Self {
        let absent = || findings.iter().filter(|finding| finding.answer != Answer::Yes);
        let needed = || absent().filter(|finding| finding.weight == Weight::Needed);
        // What could not be tried mostly needs what was refused, which is the one to look at.
        let refused = needed().filter(|finding| matches!(finding.answer, Answer::No { .. }));
        let mut missing: Vec<_> = refused.map(|finding| finding.name).collect();
        if missing.is_empty() {
            missing = needed().map(|finding| finding.name).collect();
        }
        let mut protections: Vec<_> = absent().filter_map(Finding::protection).collect();
        protections.dedup();
        match (missing.is_empty(), protections.is_empty()) {
            (false, _) => Verdict::Refused { missing },
            (true, false) => Verdict::Weaker { missing: protections },
            (true, true) => Verdict::Works,
        }
    }
}

impl Finding {
    fn protection(&self) -> Option<&'static str> {
        match self.weight {
            Weight::Protection(name) => Some(name),
            Weight::Needed | Weight::Fallback | Weight::Informative => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Group;

    fn finding(name: &'static str, weight: Weight, answer: Answer) -> Finding {
        let (used_for, without) = ("", "");
        Finding { name, group: Group::Mounts, answer, detail: None, used_for, without, weight }
    }

    #[test]
    fn what_is_needed_outweighs_protections_and_the_rest_does_not_count() {
        let no = || Answer::No { cause: String::new(), cure: String::new() };
        let unknown = || Answer::Unknown { why: String::new() };
        let mut findings = vec![
            finding("a", Weight::Needed, Answer::Yes),
            finding("b", Weight::Fallback, no()),
            finding("c", Weight::Informative, unknown()),
        ];
        assert_eq!(Verdict::of(&findings), Verdict::Works);
        findings.push(finding("d", Weight::Protection("landlock"), no()));
        findings.push(finding("e", Weight::Protection("landlock"), no()));
        assert_eq!(Verdict::of(&findings), Verdict::Weaker { missing: vec!["landlock"] });
        findings.push(finding("f", Weight::Needed, unknown()));
        assert_eq!(Verdict::of(&findings), Verdict::Refused { missing: vec!["f"] });
        findings.push(finding("g", Weight::Needed, no()));
        assert_eq!(Verdict::of(&findings), Verdict::Refused { missing: vec!["g"] });
    }
}

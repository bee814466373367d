//! `--why`: what the filter knows of calls, for the engine, and what the engine finds, for the user.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::rc::Rc;

use eyot_launch::why::{
    Audience, Calls, Refusal, Remedy, Summary, SystemCall, Verdict, WATCHED, Why, Withheld,
};
use eyot_profile::seccomp::{self, Action, Arch, Options, Policy, Refusals, compile, table};

use crate::render::Message;

/// Lines of the summary; the rest is counted.
const LINES: usize = 40;

/// What it takes to explain a view whose filter was made of `policy`; `None` is no filter at all.
pub(crate) fn explaining(policy: Option<&Policy>, teller: Rc<Teller>) -> Result<Why, Message> {
    let arch = Arch::NATIVE.ok_or_else(|| {
        Message::error("'--why' knows no table of system calls for this kind of machine")
            .try_instead("leave '--why' out")
    })?;
    let options = Options {
        notify: WATCHED.iter().map(|name| (*name).to_owned()).collect(),
        refusals: Refusals::Notify,
    };
    // Without a filter everything is allowed, and still has to be seen.
    let open = Policy { rules: Vec::new(), default: Action::Allow, unknown: Action::Allow };
    let filter = compile(policy.unwrap_or(&open), arch, &options)
        .map_err(|error| Message::error(format!("'--why' cannot be had: {error}")))?;
    Ok(Why { filter, calls: Rc::new(Filtered { arch, policy: policy.cloned() }), audience: teller })
}

#[derive(Debug)]
struct Filtered {
    arch: Arch,
    policy: Option<Policy>,
}

impl Calls for Filtered {
    fn name(&self, call: &SystemCall) -> Option<&'static str> {
        match call.audit_arch == self.arch.audit() {
            true => table::name_of(self.arch, call.number),
            false => None,
        }
    }

    fn verdict(&self, call: &SystemCall) -> Verdict {
        let SystemCall { audit_arch, number, args } = *call;
        let asked = seccomp::Call { audit_arch, number, args };
        let refusal = self.policy.as_ref().and_then(|policy| policy.refusal(self.arch, &asked));
        match refusal {
            None => Verdict::Allowed,
            Some(refusal) => Verdict::Refused(Refusal {
                errno: match refusal.action {
                    Action::Errno(errno) => errno,
                    // The kernel deals with these itself: only refusals by number are handed over.
                    _ => seccomp::errno::ENOSYS,
                },
                name: refusal.name.map_or_else(|| format!("call {number}"), str::to_owned),
                why: refusal.why.into_owned(),
                remedies: refusal
                    .opened_by
                    .iter()
                    .map(|allow| Remedy::new("--allow", allow.name()))
                    .collect(),
            }),
        }
    }
}

/// Says on standard error what is withheld, at once, and keeps the summary for when the terminal is the caller's again.
#[derive(Debug, Default)]
pub(crate) struct Teller {
    summary: RefCell<Option<Summary>>,
}

impl Audience for Teller {
    fn withheld(&self, what: &Withheld) {
        let mut err = io::stderr();
        // While a terminal is relayed it is raw, and a line feed alone goes down and not back; a carriage return too
        // many does no harm.
        let end = if err.is_terminal() { "\r\n" } else { "\n" };
        // One write, so that lines of the program do not fall in between. Whoever closed standard error does not
        // want to know.
        let _ = err.write_all(format!("eyot: {what}{end}").as_bytes());
    }

    fn ended(&self, summary: &Summary) {
        self.summary.replace(Some(summary.clone()));
    }
}

impl Teller {
    /// What was withheld in all, once the view has ended.
    pub(crate) fn summary(&self) -> Option<Summary> {
        self.summary.take()
    }
}

pub(crate) fn text(summary: &Summary) -> String {
    if summary.found.is_empty() {
        return "eyot: nothing was withheld\n".to_owned();
    }
    let mut text = "eyot: withheld, with how often it was asked for:\n".to_owned();
    for found in summary.found.iter().take(LINES) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:>8}  {}", found.times, found.withheld);
    }
    let unlisted = summary.found.iter().skip(LINES).map(|found| found.times).sum::<u64>();
    if unlisted + summary.further > 0 {
        let _ = writeln!(text, "{:>8}  for other things", unlisted + summary.further);
    }
    let remedy = summary.remedy();
    if !remedy.0.is_empty() {
        let _ = writeln!(text, "eyot: opened by: {remedy}");
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use eyot_launch::why::{Counted, Loudness, Subject};

    use super::*;

    #[test]
    fn the_summary_counts_and_ends_with_the_options() {
        let found = |path: &str, times| Counted {
            withheld: Withheld {
                subject: Subject::Hidden(path.into()),
                by: "not part of the view (profile run)".into(),
                remedies: vec![Remedy::new("--ro", path)],
                loudness: Loudness::AtOnce,
            },
            times,
        };
        let summary = Summary { found: vec![found("/b", 12), found("/a", 1)], further: 3 };
        expect![[r#"
            eyot: withheld, with how often it was asked for:
                  12  '/b' is hidden: not part of the view (profile run); opened by --ro /b
                   1  '/a' is hidden: not part of the view (profile run); opened by --ro /a
                   3  for other things
            eyot: opened by: --ro /a --ro /b
        "#]]
        .assert_eq(&text(&summary));
    }

    #[test]
    fn the_filter_hands_over_what_it_refuses_and_the_verdict_is_the_policys() {
        let policy = Policy::standard(&[]);
        let arch = Arch::NATIVE.unwrap();
        let filtered = Filtered { arch, policy: Some(policy) };
        let number = |name| table::number_of(arch, name).unwrap();
        let call =
            |name| SystemCall { audit_arch: arch.audit(), number: number(name), args: [0; 6] };
        assert_eq!(filtered.verdict(&call("openat")), Verdict::Allowed);
        let Verdict::Refused(refusal) = filtered.verdict(&call("keyctl")) else {
            panic!("keyctl is allowed");
        };
        assert_eq!((refusal.errno, refusal.name.as_str()), (1, "keyctl"));
        assert_eq!(refusal.remedies, [Remedy::new("--allow", "keyctl")]);
        // Another machine's numbers mean other calls.
        let foreign = SystemCall { audit_arch: 0x4000_0003, ..call("openat") };
        assert_eq!(filtered.name(&foreign), None);
    }
}

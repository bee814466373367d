use eyot_sys::probe::Refusal;
use eyot_sys::{Errno, Error};

use super::{Answer, Check, limit};
use crate::diagnose::{Place, Rule, diagnose};

/// Turns what a probe found into an answer with cause and cure.
pub(super) fn explain(outcome: Result<(), Refusal>, check: &Check, place: Place) -> Answer {
    match outcome {
        Ok(()) => Answer::Yes,
        Err(Refusal::NoEffect { why }) => Answer::No { cause: why, cure: check.cure.into() },
        Err(Refusal::NotTried(error)) => {
            Answer::Unknown { why: format!("could not be tried: {}", kernel_words(&error)) }
        }
        Err(Refusal::Refused(error)) => {
            let (reason, cure) = reason(&error, check, place);
            Answer::No { cause: format!("{}; {reason}", kernel_words(&error)), cure }
        }
    }
}

/// The call, the answer, and what the kernel logged about it.
fn kernel_words(error: &Error) -> String {
    let log = error.kernel_log.iter().map(|line| format!(" ({line})"));
    format!("{error}: {}{}", error.errno, log.collect::<String>())
}

fn reason(error: &Error, check: &Check, place: Place) -> (String, String) {
    let rule = diagnose(error, place);
    if let Some(Rule::UserNamespaceForbidden | Rule::UserNamespaceLimit) = rule
        && let Some(limit) = limit::of_user_namespaces()
    {
        return limit;
    }
    if error.errno == Errno::NOSYS && check.since.starts_with("Linux") {
        let reason = format!(
            "the kernel does not know the call, which came with {}, or a filter around this process hides it",
            check.since
        );
        return (reason, check.cure.into());
    }
    let reason = rule.map_or(check.cause, |rule| rule.explanation().rule);
    (reason.into(), check.cure.into())
}

use eyot_sys::probe::Refusal;
use eyot_sys::{Call, Errno, Error};

use super::{Answer, Check, container, limit};
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
    let of_user_namespaces = match (rule, &error.call) {
        (Some(Rule::UserNamespaceLimit), _) => limit::of_user_namespaces(),
        (Some(Rule::UserNamespaceForbidden), _) => {
            limit::of_user_namespaces().or_else(|| Some(unlisted_border()))
        }
        (Some(Rule::UnmappedId), Call::WriteProc { text, .. }) if text.starts_with("0 0 ") => {
            Some(root_without_setfcap())
        }
        _ => None,
    };
    if let Some(told) = of_user_namespaces {
        return told;
    }
    if error.errno == Errno::NOSYS && check.since.starts_with("Linux") {
        let reason = format!(
            "the kernel does not know the call, which came with {}, or a filter around this process hides it",
            check.since
        );
        return (reason, check.cure.into());
    }
    let reason = match (rule, &error.call) {
        // The rule speaks of mounts; every kind of namespace needs the same.
        (Some(Rule::NeedsPrivilege), Call::Unshare { .. }) => {
            "without a user namespace the call needs CAP_SYS_ADMIN"
        }
        (Some(Rule::CannotMapIds), _) if error.errno == Errno::PERM => {
            "only root of the user namespace that a file system was mounted in may show its owners changed"
        }
        (Some(rule), _) => rule.explanation().rule,
        (None, _) => check.cause,
    };
    (reason.into(), check.cure.into())
}

/// What forbids user namespaces where no limit of the machine does.
fn unlisted_border() -> (String, String) {
    let (cause, cure) = match container::filters() {
        Some(_) => (
            "a system-call filter around this process refuses it, as container engines' do and eyot's own",
            "start what is around with a filter that lets user namespaces pass \
             (eyot: --allow nesting; docker, podman: --security-opt seccomp=unconfined)",
        ),
        None => (
            "in a chroot nobody may make user namespaces (user_namespaces(7)); else a security module forbids it",
            "enter the other root by pivot_root and not by chroot, or ask the module's log",
        ),
    };
    (cause.into(), cure.into())
}

/// The surroundings of an outer sandbox: uid 0 that has no capabilities.
fn root_without_setfcap() -> (String, String) {
    let cause = "only a process with CAP_SETFCAP may map uid 0 into a new user namespace (user_namespaces(7), \
                 since Linux 5.12)";
    let cure = "be another user than uid 0 in the sandbox around, or start that with CAP_SETFCAP";
    (cause.into(), cure.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::table;

    fn check(name: &str) -> &'static Check {
        let rows = table::ALL.iter().flat_map(|(_, checks)| checks.iter());
        rows.into_iter().find(|check| check.name == name).expect("there is such a check")
    }

    fn refused(call: Call, errno: Errno, name: &str, place: Place) -> String {
        match explain(Err(call.failed(errno).into()), check(name), place) {
            Answer::No { cause, .. } => cause,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_no_tells_the_kernels_words_and_the_best_known_reason() {
        let other = |call: &str| Call::Other { call: call.into() };
        let unshare = Call::Unshare { namespaces: "NEWPID".into() };
        let proc = Call::NewFilesystem { kind: "proc".into(), step: "fsmount".into() };
        let cases = [
            (
                other("statmount(/)"),
                Errno::NOSYS,
                "statmount",
                "which came with Linux 6.8, or a filter",
            ),
            (
                unshare,
                Errno::PERM,
                "pid namespace",
                "without a user namespace the call needs CAP_SYS_ADMIN",
            ),
            (
                other("ask"),
                Errno::INVAL,
                "open_tree as a namespace",
                "the kernel does not know it yet",
            ),
        ];
        for (call, errno, name, expected) in cases {
            let cause = refused(call, errno, name, Place::Unprivileged);
            assert!(cause.contains(expected), "{cause}");
        }
        let map = Call::WriteProc { file: "/proc/self/uid_map".into(), text: "0 0 1\n".into() };
        let cause = refused(map, Errno::PERM, "user namespace", Place::Unprivileged);
        assert!(cause.contains("CAP_SETFCAP"), "{cause}");
        let cause = refused(proc, Errno::PERM, "proc", Place::UserNamespace);
        assert!(cause.starts_with("proc: fsmount: Operation not permitted"), "{cause}");
        assert!(cause.contains("only where the old ones are fully visible"), "{cause}");
    }

    #[test]
    fn who_rules_a_file_system_is_another_reason_than_what_it_can() {
        let map = || Call::MapIds { on: "/x".into() };
        let name = "idmapped mount of /";
        let cannot = refused(map(), Errno::INVAL, name, Place::Host);
        let may_not = refused(map(), Errno::PERM, name, Place::UserNamespace);
        assert!(cannot.contains("cannot show its owners changed"), "{cannot}");
        assert!(may_not.contains("only root of the user namespace"), "{may_not}");
    }

    #[test]
    fn what_was_not_reached_is_unknown_and_what_does_nothing_is_a_no() {
        let error = Call::Other { call: "first".into() }.failed(Errno::PERM);
        let unknown = explain(Err(Refusal::NotTried(error)), check("tmpfs"), Place::Host);
        assert_eq!(
            unknown,
            Answer::Unknown {
                why: "could not be tried: first: Operation not permitted (os error 1)".into()
            }
        );
        let (why, cure) = ("nobody asks it".to_owned(), check("tmpfs").cure.to_owned());
        let without_effect = Refusal::NoEffect { why: why.clone() };
        let no = explain(Err(without_effect), check("tmpfs"), Place::Host);
        assert_eq!(no, Answer::No { cause: why, cure });
    }
}

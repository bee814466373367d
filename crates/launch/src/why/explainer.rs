use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use eyot_plan::Plan;
use eyot_sys::{
    Child, LastLink, Notification, Readiness, RootIdentity, SyscallListener, read_memory,
    read_string, read_thread_link,
};

use super::call::{About, Intent, Request, about};
use super::finding::{Loudness, Subject, Withheld};
use super::ledger::{Ledger, News};
use super::listener::{Answer, Ear, Hearer};
use super::outlook::Outlook;
use super::peer::{self, Peer};
use super::{Refusal, Verdict, Why};
use crate::supervise::{Attendant, Dealt, Watch};

/// PATH_MAX of limits.h.
const LONGEST_PATH: usize = 4096;
/// The answer of a kernel that lacks a call.
const ENOSYS: u16 = 38;

/// Explains the view of `plan`, whose command hands its calls over through `channel`.
pub(crate) fn attend(why: &Why, plan: &Plan, channel: OwnedFd) -> Box<dyn Attendant> {
    let explainer = Explainer {
        why: why.clone(),
        plan: plan.clone(),
        outlook: None,
        ledger: Ledger::default(),
        memory: vec![0; LONGEST_PATH],
    };
    Box::new(Attending { ear: Ear::Channel(channel), explainer })
}

struct Attending {
    ear: Ear,
    explainer: Explainer,
}

impl Attendant for Attending {
    fn watched(&self) -> Vec<Watch<'_>> {
        let watch = |ear| Watch { token: 0, readiness: Readiness::Readable(ear) };
        self.ear.descriptor().into_iter().map(watch).collect()
    }

    fn ready(&mut self, _token: usize, _init: &Child) {
        self.ear.ready(&mut self.explainer);
    }

    fn signal(&mut self, _number: i32, _init: &Child) -> Dealt {
        Dealt::PassOn
    }

    fn end(&mut self) {
        self.explainer.why.audience.ended(&self.explainer.ledger.close());
    }
}

struct Explainer {
    why: Why,
    plan: Plan,
    outlook: Option<Outlook>,
    ledger: Ledger,
    memory: Vec<u8>,
}

impl Hearer for Explainer {
    fn root(&mut self, root: OwnedFd) {
        self.outlook = Outlook::new(self.plan.clone(), root).ok();
    }

    fn hear(&mut self, call: &Notification, listener: &SyscallListener) -> Answer {
        if let Verdict::Refused(refusal) = self.why.calls.verdict(&call.call) {
            let errno = refusal.errno;
            self.tell(&refused(refusal));
            return Answer::Refuse(errno);
        }
        let found = self.foresee(call);
        // A thread that was killed meanwhile may have left its number to a stranger. Asked last: what was read before
        // a yes belongs to the caller.
        if !found.is_empty() && self.is_at_home(call) && listener.still_waits(call) {
            found.iter().for_each(|withheld| self.tell(withheld));
        }
        Answer::Proceed
    }
}

impl Explainer {
    fn tell(&mut self, withheld: &Withheld) {
        if self.ledger.enter(withheld) == News::First {
            self.why.audience.withheld(withheld);
        }
    }

    /// What stands against a call that the filter allows.
    fn foresee(&mut self, call: &Notification) -> Vec<Withheld> {
        let Some(name) = self.why.calls.name(&call.call) else { return Vec::new() };
        match about(name, &call.call, call.thread) {
            About::Nothing => Vec::new(),
            About::Peer { address, length } => {
                self.peer(call.thread, address, length).into_iter().collect()
            }
            About::Paths(paths) => {
                paths.iter().filter_map(|path| self.path(call.thread, path)).collect()
            }
        }
    }

    fn path(&mut self, thread: u32, request: &Request) -> Option<Withheld> {
        // Memory that cannot be read explains nothing: the kernel will say what it thinks of it.
        let path = read_string(thread, request.path, &mut self.memory)?;
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(path));
        // Empty: the call is about a descriptor (AT_EMPTY_PATH), or will fail.
        if path.as_os_str().is_empty() {
            return None;
        }
        self.foresee_path(thread, request.directory, &path, request.intent, request.last)
    }

    fn peer(&mut self, thread: u32, address: u64, length: u64) -> Option<Withheld> {
        let length = usize::try_from(length).ok()?.min(peer::LONGEST);
        let read = read_memory(thread, address, &mut self.memory[..length]);
        match Peer::read(&self.memory[..read]) {
            Peer::Internet(to) => peer::withheld(to, self.plan.isolation.network),
            Peer::Path(path) => {
                self.foresee_path(thread, None, &path, Intent::Look, LastLink::Follow)
            }
            Peer::Other => None,
        }
    }

    fn foresee_path(
        &self,
        thread: u32,
        directory: Option<i32>,
        path: &Path,
        intent: Intent,
        last: LastLink,
    ) -> Option<Withheld> {
        let outlook = self.outlook.as_ref()?;
        if path.is_absolute() {
            return outlook.of(path, intent, last);
        }
        let link = directory.map_or("cwd".to_owned(), |descriptor| format!("fd/{descriptor}"));
        let base = read_thread_link(thread, &link).ok()?;
        // No path: a pipe or a socket, or a directory that has been removed (proc_pid_fd(5)).
        if !base.is_absolute() || base.as_os_str().as_bytes().ends_with(b" (deleted)") {
            return None;
        }
        outlook.of(&base.join(path), intent, last)
    }

    /// Whether the caller's paths start from the view's root: with `--allow nesting` it may have made another one.
    fn is_at_home(&self, call: &Notification) -> bool {
        match (&self.outlook, RootIdentity::of_thread(call.thread)) {
            (Some(outlook), Ok(root)) => outlook.is_root(root),
            (None, _) | (_, Err(_)) => false,
        }
    }
}

fn refused(refusal: Refusal) -> Withheld {
    Withheld {
        subject: Subject::Call(refusal.name),
        by: refusal.why,
        remedies: refusal.remedies,
        loudness: match refusal.errno {
            ENOSYS => Loudness::InSummary,
            _ => Loudness::AtOnce,
        },
    }
}

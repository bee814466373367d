//! The supervisor's side: takes the view's name and answers questions about it.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, SystemTime};

use eyot_plan::{Plan, UserNamespace};
use eyot_sys::{Child, Errno, Peer, Readiness};

use super::address;
use super::ask::Connection;
use super::details::{Description, Details};
use super::join::{CommandNamespaces, DETAILS};
use super::name::ViewName;
use crate::RunOptions;
use crate::diagnose::Place;
use crate::error::{Cause, LaunchError};
use crate::start::Started;
use crate::supervise::{Attendant, Dealt, SIGKILL, Watch};

const SIGTERM: i32 = 15;

/// What is asked of a supervisor, a byte a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Describe,
    Terminate,
    Kill,
    Enter,
}

impl Question {
    const ALL: [Self; 4] = [Self::Describe, Self::Terminate, Self::Kill, Self::Enter];

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Describe => b'd',
            Self::Terminate => b't',
            Self::Kill => b'k',
            Self::Enter => b'e',
        }
    }

    fn of(message: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|question| [question.byte()] == message)
    }
}

/// A name that is taken, from before the view is made until the supervisor ends.
#[derive(Debug)]
pub(crate) struct Registered {
    listener: OwnedFd,
    started: SystemTime,
}

impl Registered {
    /// Takes the name that `options` ask for, or one made of the command.
    ///
    /// A named view is refused where the name is taken, before anything is made; an unnamed one is not refused for
    /// its name: it lives unlisted.
    pub(crate) fn take(plan: &Plan, options: &RunOptions) -> Result<Option<Self>, LaunchError> {
        let (uid, _) = eyot_sys::effective_ids();
        let listening = |name: &ViewName| eyot_sys::listen_at(&address(uid, name));
        let listener = match &options.name {
            None => {
                let command = plan.process.command.first().map(|program| program.as_os_str());
                listening(&ViewName::of_command(command, eyot_sys::own_pid())).ok()
            }
            Some(name) => Some(listening(name).map_err(|error| not_taken(uid, name, error))?),
        };
        Ok(listener.map(|listener| Self { listener, started: SystemTime::now() }))
    }
}

fn not_taken(uid: u32, name: &ViewName, error: eyot_sys::Error) -> LaunchError {
    let what = format!("call the view '{name}'");
    let cause = match (error.errno, Connection::to(uid, name.clone())) {
        (Errno::ADDRINUSE, Some(_)) => Cause::Policy {
            why: "a living view of yours is called so".into(),
            remedy: format!("choose another name, or end that one: eyot stop {name}"),
        },
        (Errno::ADDRINUSE, None) => Cause::Policy {
            why: "another user's process holds the address that belongs to the name".into(),
            remedy: "choose another name".into(),
        },
        _ => error.into(),
    };
    LaunchError::step(what, Place::Host, cause)
}

/// Answers for one living view.
#[derive(Debug)]
pub(crate) struct Registrar<'a> {
    registered: Registered,
    plan: &'a Plan,
    started: &'a Started,
    connections: Vec<OwnedFd>,
    /// What came over the maker's channel, once asked for.
    received: Option<CommandNamespaces>,
}

/// Who connects without asking must not use the supervisor's descriptors up.
const MOST_CONNECTIONS: usize = 16;

impl<'a> Registrar<'a> {
    pub(crate) fn new(registered: Registered, plan: &'a Plan, started: &'a Started) -> Self {
        Self { registered, plan, started, connections: Vec::new(), received: None }
    }

    fn accept(&mut self) {
        let Some(socket) = eyot_sys::accept_one(&self.registered.listener) else { return };
        let known = eyot_sys::peer_of(&socket).is_ok_and(|peer| self.may_ask(peer));
        // Whoever connected may have ended since and his number be another's, who looks like one of outside.
        let alive = || eyot_sys::peer_process(&socket).is_ok_and(|it| eyot_sys::is_alive(&it));
        if known && alive() && self.connections.len() < MOST_CONNECTIONS {
            self.connections.push(socket);
        }
    }

    /// Root may ask, and this supervisor's user from outside the view.
    ///
    /// A process of the view can come here only with the host's network and without Landlock. It may have the same
    /// user id then, so namespaces tell: one that cannot be looked at gets nothing.
    fn may_ask(&self, peer: Peer) -> bool {
        let (uid, _) = eyot_sys::effective_ids();
        match peer.uid {
            // No view of an ordinary user holds root's id: it was never theirs to map.
            0 if uid != 0 => true,
            same if same == uid => self.is_outside(peer.pid),
            _ => false,
        }
    }

    /// Whether `process` is seen from here and is none of the view's.
    ///
    /// With a user namespace of its own a view differs in that; without one it has its mount namespace, and no right
    /// to make another (design: no CAP_SYS_ADMIN with the host's user namespace).
    fn is_outside(&self, process: i32) -> bool {
        let theirs = |kind: &str| format!("/proc/{process}/ns/{kind}");
        let same_user = same_namespace(theirs("user"), "/proc/self/ns/user") == Some(true);
        same_user
            && match self.plan.isolation.user {
                UserNamespace::Block | UserNamespace::CallersId => true,
                UserNamespace::Host => {
                    let of_view = format!("/proc/{}/ns/mnt", self.started.init.pid);
                    same_namespace(theirs("mnt"), of_view) == Some(false)
                }
            }
    }

    fn answer(&mut self, index: usize, question: Question) {
        let (init, ids) = (&self.started.init, self.started.host_ids);
        let socket = &self.connections[index];
        // Who asks and does not listen loses the answer; the view goes on.
        let _ = match question {
            Question::Terminate => init.signal(SIGTERM),
            Question::Kill => init.signal(SIGKILL),
            Question::Describe => {
                let text = Description::of(self.plan, init.pid, ids, self.registered.started);
                let text = serde_json::to_vec(&text).unwrap_or_default();
                eyot_sys::send_message(socket, &text)
            }
            Question::Enter => self.hand_over(index),
        };
    }

    /// Sends the namespaces and last the details; nothing as long as the command does not run.
    fn hand_over(&mut self, index: usize) -> Result<(), eyot_sys::Error> {
        let init = &self.started.init;
        let socket = &self.connections[index];
        let runs = eyot_sys::wait_readable(&[self.started.report.as_fd()], Some(Duration::ZERO));
        if runs != [true] {
            return eyot_sys::send_message(socket, b"");
        }
        let namespaces = match (&mut self.received, &self.started.handed_over) {
            (Some(namespaces), _) => namespaces,
            (none, Some(channel)) => none.insert(channel.receive()?),
            (none, None) => {
                none.insert(CommandNamespaces::of_process(init.pid, &self.plan.isolation)?)
            }
        };
        namespaces.send(socket)?;
        let details = Details::of(self.plan, init.pid, self.started.host_ids);
        let text = serde_json::to_vec(&details).unwrap_or_default();
        let file = eyot_sys::memory_file(&text)?;
        eyot_sys::send_descriptor(socket, DETAILS, file.as_fd())
    }
}

impl Attendant for Registrar<'_> {
    fn watched(&self) -> Vec<Watch<'_>> {
        let sockets = [&self.registered.listener].into_iter().chain(&self.connections);
        let readable = sockets.map(|socket| Readiness::Readable(socket.as_fd()));
        readable.enumerate().map(|(token, readiness)| Watch { token, readiness }).collect()
    }

    fn ready(&mut self, index: usize, _: &Child) {
        let Some(index) = index.checked_sub(1) else { return self.accept() };
        let Some(socket) = self.connections.get(index) else { return };
        match eyot_sys::receive_message(socket, 1).map(|message| Question::of(&message)) {
            Ok(Some(question)) => self.answer(index, question),
            Err(error) if error.errno == Errno::AGAIN => {}
            // Closed, or somebody who speaks something else. Those behind it move up: whoever is then asked for nothing
            // answers EAGAIN, and who was ready still is in the next round.
            Ok(None) | Err(_) => drop(self.connections.remove(index)),
        }
    }

    fn signal(&mut self, _: i32, _: &Child) -> Dealt {
        Dealt::PassOn
    }
}

pub(super) fn same_namespace(one: impl AsRef<Path>, other: impl AsRef<Path>) -> Option<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    };
    Some(identity(one.as_ref())? == identity(other.as_ref())?)
}

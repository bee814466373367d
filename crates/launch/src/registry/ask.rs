//! The side that asks: finds addresses and talks to supervisors.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use eyot_sys::{Call, Errno, Error, Peer};

use super::attend::Question;
use super::details::Description;
use super::name::{Target, ViewName};
use super::{LivingView, address, parse_address, refused};
use crate::error::LaunchError;

/// A supervisor that does not answer within this is stopped, or is none.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// More than a supervisor sends in one message.
const LONGEST_MESSAGE: usize = 64 << 10;

/// A supervisor at the other end, whose user the kernel has vouched for.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) name: ViewName,
    pub(super) peer: Peer,
    socket: OwnedFd,
}

/// Every view that the caller may ask about.
pub(super) fn find_all() -> Result<Vec<Connection>, Error> {
    const TABLE: &str = "/proc/net/unix";
    let (caller, _) = eyot_sys::effective_ids();
    let bytes = std::fs::read(TABLE).map_err(|error| {
        let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
        Call::Lookup { path: TABLE.into() }.failed(errno)
    })?;
    let table = String::from_utf8_lossy(&bytes);
    let addresses = table.lines().filter_map(listener).filter_map(parse_address);
    let own = addresses.filter(|(uid, _)| caller == 0 || *uid == caller);
    Ok(own.filter_map(|(uid, name)| Connection::to(uid, name)).collect())
}

/// The abstract address of a line of `/proc/net/unix` whose socket listens.
fn listener(line: &str) -> Option<&str> {
    const LISTENS: u32 = 1 << 16; // __SO_ACCEPTCON
    let mut fields = line.split_ascii_whitespace();
    let flags = u32::from_str_radix(fields.nth(3)?, 16).ok()?;
    let address = fields.nth(3)?.strip_prefix('@')?;
    (flags & LISTENS != 0).then_some(address)
}

/// The one view that `target` names.
pub(super) fn find(what: &str, target: &Target) -> Result<Connection, LaunchError> {
    let (caller, _) = eyot_sys::effective_ids();
    let missing = || {
        let why = format!("there is no living view '{target}' of yours");
        refused(what, why, "see 'eyot list' for those there are")
    };
    let all = || find_all().map_err(|error| LaunchError::step(what, crate::Place::Host, error));
    let mut found = match target {
        // The caller's own view first: root too means its own when somebody else's has the same name.
        Target::View(name) => match Connection::to(caller, name.clone()) {
            Some(own) => vec![own],
            None => all()?.into_iter().filter(|view| view.name == *name).collect(),
        },
        Target::Pid(pid) => all()?.into_iter().filter(|view| view.is_process(*pid)).collect(),
    };
    match (found.pop(), found.len()) {
        (None, _) => Err(missing()),
        (Some(one), 0) => Ok(one),
        (Some(_), more) => {
            let why = format!("{} views are called so", more + 1);
            Err(refused(what, why, "name the supervisor instead: pid:N"))
        }
    }
}

impl Connection {
    /// `None` if nobody listens there, or somebody else than the address says.
    pub(super) fn to(uid: u32, name: ViewName) -> Option<Self> {
        let socket = eyot_sys::connect_to(&address(uid, &name)).ok()?;
        let peer = eyot_sys::peer_of(&socket).ok()?;
        (peer.uid == uid).then_some(Self { name, peer, socket })
    }

    fn is_process(&self, pid: i32) -> bool {
        self.peer.pid == pid
            || self.description().is_some_and(|description| description.init_pid == pid)
    }

    /// A connection answers any number of questions.
    pub(super) fn describe(self) -> LivingView {
        let description = self.description();
        let Self { name, peer, .. } = self;
        LivingView { name, uid: peer.uid, supervisor_pid: peer.pid, description }
    }

    pub(super) fn description(&self) -> Option<Description> {
        self.ask(Question::Describe).ok()?;
        self.wait(PATIENCE).then_some(())?;
        let message = eyot_sys::receive_message(&self.socket, LONGEST_MESSAGE).ok()?;
        serde_json::from_slice(&message).ok()
    }

    pub(super) fn ask(&self, question: Question) -> Result<(), Error> {
        eyot_sys::send_message(&self.socket, &[question.byte()])
    }

    /// Whether something came within `time`, be it the end.
    pub(super) fn wait(&self, time: Duration) -> bool {
        eyot_sys::wait_readable(&[self.socket.as_fd()], Some(time)) == [true]
    }

    /// The next descriptor that was sent and what it is.
    pub(super) fn receive(&self) -> Result<Option<(u8, OwnedFd)>, Error> {
        if !self.wait(PATIENCE) {
            return Err(Call::Other { call: "recvmsg".into() }.failed(Errno::TIMEDOUT));
        }
        eyot_sys::receive_descriptor(&self.socket)
    }

    /// The supervisor, by a descriptor.
    pub(super) fn process(&self) -> Result<OwnedFd, Error> {
        eyot_sys::peer_process(&self.socket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listening_abstract_sockets_count() {
        let line =
            |flags: &str, path: &str| format!("0000: 00000002 00000000 {flags} 0005 01 91 {path}");
        assert_eq!(listener(&line("00010000", "@eyot/view/0/a")), Some("eyot/view/0/a"));
        assert_eq!(listener(&line("00000000", "@eyot/view/0/a")), None);
        assert_eq!(listener(&line("00010000", "/eyot/view/0/a")), None);
        assert_eq!(listener(&line("00010000", "")), None);
        assert_eq!(listener("Num       RefCount Protocol Flags    Type St Inode Path"), None);
    }
}

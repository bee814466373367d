//! A living view's namespaces as descriptors, and the way into them.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use eyot_plan::{Isolation, Network, Sharing, UserNamespace};
use eyot_sys::{Error, Namespaces};

use super::ask::Connection;

/// What the last descriptor of an answer is: a file that holds the [`Details`](super::details::Details).
pub(super) const DETAILS: u8 = b'.';

/// A kind of namespace: its flag, its file below `/proc/PID` and the byte that announces it.
type Row = (Namespaces, &'static str, u8);

const USER: Row = (Namespaces::USER, "ns/user", b'U');
const MOUNT: Row = (Namespaces::MOUNT, "ns/mnt", b'm');

/// The others, in an order that does not matter.
const REST: [Row; 5] = [
    (Namespaces::PID, "ns/pid", b'p'),
    (Namespaces::IPC, "ns/ipc", b'i'),
    (Namespaces::UTS, "ns/uts", b'u'),
    (Namespaces::NETWORK, "ns/net", b'n'),
    (Namespaces::CGROUP, "ns/cgroup", b'g'),
];

/// The namespaces that a view's command does not share with its supervisor.
#[derive(Debug, Default)]
pub(super) struct CommandNamespaces(Vec<(u8, OwnedFd)>);

/// How an ordinary user's supervisor comes by the view's namespaces.
///
/// Init is not to be inspected, so its files in `/proc` are root's and an ordinary user cannot open them
/// (`PR_SET_DUMPABLE(2const)`). The maker sends them before; they lie in the channel until somebody wants to enter.
#[derive(Debug)]
pub(crate) struct Channel {
    supervisor: OwnedFd,
    maker: OwnedFd,
}

/// The supervisor's end of a [`Channel`].
#[derive(Debug)]
pub(crate) struct HandedOver(OwnedFd);

impl Channel {
    /// A channel where `isolation` needs one.
    pub(crate) fn before(isolation: &Isolation) -> Result<Option<Self>, Error> {
        match isolation.user {
            UserNamespace::Block | UserNamespace::Host => Ok(None),
            UserNamespace::CallersId => {
                let (supervisor, maker) = eyot_sys::handover_channel()?;
                Ok(Some(Self { supervisor, maker }))
            }
        }
    }

    pub(crate) fn supervisors_end(self) -> HandedOver {
        HandedOver(self.supervisor)
    }

    /// The maker's part, when it is where the command will be and before it closes the report, which is the sign for
    /// the supervisor that everything has come. `own` is its directory of `/proc`.
    pub(crate) fn hand_over(self, own: &OwnedFd, isolation: &Isolation) -> Result<(), Error> {
        drop(self.supervisor);
        let open = |file: &str| eyot_sys::open_namespace_below(own, file);
        CommandNamespaces::open(isolation, open)?.send(&self.maker)
    }
}

impl HandedOver {
    /// What the maker sent; nothing comes later than that.
    pub(super) fn receive(&self) -> Result<CommandNamespaces, Error> {
        let mut namespaces = CommandNamespaces::default();
        while eyot_sys::wait_readable(&[self.0.as_fd()], Some(Duration::ZERO)) == [true] {
            match eyot_sys::receive_descriptor(&self.0)? {
                Some(sent) => namespaces.0.push(sent),
                None => break,
            }
        }
        Ok(namespaces)
    }
}

impl CommandNamespaces {
    pub(super) fn of_process(pid: i32, isolation: &Isolation) -> Result<Self, Error> {
        Self::open(isolation, |file| eyot_sys::open_namespace(&format!("/proc/{pid}/{file}")))
    }

    fn open(
        isolation: &Isolation,
        open: impl Fn(&str) -> Result<OwnedFd, Error>,
    ) -> Result<Self, Error> {
        let rows = [USER, MOUNT].into_iter().chain(REST);
        let own = rows.filter(|(kind, ..)| is_own(isolation, *kind));
        own.map(|(_, file, tag)| Ok((tag, open(file)?))).collect::<Result<_, _>>().map(Self)
    }

    /// Whether none is missing: whoever entered without it would be in the host's.
    pub(super) fn number_is(&self, expected: usize) -> bool {
        self.0.len() == expected
    }

    pub(super) fn send(&self, to: &OwnedFd) -> Result<(), Error> {
        self.0.iter().try_for_each(|(tag, file)| eyot_sys::send_descriptor(to, *tag, file.as_fd()))
    }

    /// Reads an answer to its end: the namespaces and the file of details.
    pub(super) fn receive(from: &Connection) -> Result<Option<(Self, OwnedFd)>, Error> {
        let mut namespaces = Self::default();
        while let Some((tag, descriptor)) = from.receive()? {
            match tag {
                DETAILS => return Ok(Some((namespaces, descriptor))),
                tag => namespaces.0.push((tag, descriptor)),
            }
        }
        Ok(None)
    }

    fn get(&self, (_, _, tag): Row) -> Option<&OwnedFd> {
        self.0.iter().find(|(sent, _)| *sent == tag).map(|(_, file)| file)
    }

    /// Enters the user namespace that owns the mounts, where the caller has every right as its owner.
    pub(super) fn join_owner(&self) -> Result<(), Error> {
        let Some(mounts) = self.get(MOUNT) else { return Ok(()) };
        eyot_sys::join(eyot_sys::owner_of_namespace(mounts)?, Namespaces::USER)
    }

    /// Enters all but the user namespace. Of the PID namespace only children will be members (`setns(2)`).
    pub(super) fn join_places(&self) -> Result<(), Error> {
        for row in REST.into_iter().chain([MOUNT]) {
            if let Some(namespace) = self.get(row) {
                eyot_sys::join(namespace, row.0)?;
            }
        }
        Ok(())
    }

    /// Enters the command's user namespace, after which there are no rights outside it.
    pub(super) fn join_user(&self) -> Result<(), Error> {
        self.get(USER).map_or(Ok(()), |namespace| eyot_sys::join(namespace, Namespaces::USER))
    }
}

/// How many namespaces a view has for itself.
pub(super) fn number_of_own(isolation: &Isolation) -> usize {
    let rows = [USER, MOUNT].into_iter().chain(REST);
    rows.filter(|(kind, ..)| is_own(isolation, *kind)).count()
}

fn is_own(isolation: &Isolation, kind: Namespaces) -> bool {
    match kind {
        Namespaces::USER => isolation.user != UserNamespace::Host,
        Namespaces::PID => isolation.pid == Sharing::Own,
        Namespaces::IPC => isolation.ipc == Sharing::Own,
        Namespaces::UTS => isolation.uts == Sharing::Own,
        Namespaces::CGROUP => isolation.cgroup == Sharing::Own,
        Namespaces::NETWORK => isolation.network != Network::Host,
        // Every view has its own mounts.
        _ => true,
    }
}

#![allow(
    unsafe_code,
    reason = "SO_PEERCRED with a process out of sight, SO_PEERPIDFD and ioctl_nsfs have no safe wrapper"
)]

//! Abstract Unix sockets (`unix(7)`): names that no file system holds and that end with the last descriptor.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use rustix::fs::MemfdFlags;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with,
    bind, connect, listen, recv, send, socket_with,
};

use crate::error::{Call, Error, last_errno};

/// Who is at the other end of a socket: whoever connected, or whoever called `listen(2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// In the caller's PID namespace; 0 if it cannot be seen there.
    pub pid: i32,
    /// In the caller's user namespace; the overflow id if it has none there.
    pub uid: u32,
}

/// Connections that wait to be accepted; more are refused with `EAGAIN`.
const BACKLOG: i32 = 16;

/// Takes the abstract address `name` and listens there, keeping messages apart; `EADDRINUSE` if somebody has it.
pub fn listen_at(name: &str) -> Result<OwnedFd, Error> {
    let failed = |errno| Call::other(format!("bind(@{name})")).failed(errno);
    let address = SocketAddrUnix::new_abstract_name(name.as_bytes()).map_err(failed)?;
    let socket = new_socket().map_err(failed)?;
    bind(&socket, &address).and_then(|()| listen(&socket, BACKLOG)).map_err(failed)?;
    Ok(socket)
}

/// Connects to the abstract address `name`, without waiting for a listener that is too busy.
pub fn connect_to(name: &str) -> Result<OwnedFd, Error> {
    let failed = |errno| Call::other(format!("connect(@{name})")).failed(errno);
    let address = SocketAddrUnix::new_abstract_name(name.as_bytes()).map_err(failed)?;
    let socket = new_socket().map_err(failed)?;
    connect(&socket, &address).map_err(failed)?;
    Ok(socket)
}

fn new_socket() -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
}

/// The next connection, if there is one.
pub fn accept_one(listener: impl AsFd) -> Option<OwnedFd> {
    accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK).ok()
}

/// `SO_PEERCRED`.
pub fn peer_of(socket: impl AsFd) -> Result<Peer, Error> {
    // rustix makes a `Pid` of the answer, which has no value for a process out of sight.
    let mut peer = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut length = size_of_val(&peer) as libc::socklen_t;
    // SAFETY: `peer` and `length` outlive the call, and `length` is the size of `peer`.
    let answer = unsafe {
        let socket = socket.as_fd().as_raw_fd();
        let to = (&raw mut peer).cast();
        libc::getsockopt(socket, libc::SOL_SOCKET, libc::SO_PEERCRED, to, &raw mut length)
    };
    match answer {
        0 => Ok(Peer { pid: peer.pid, uid: peer.uid }),
        _ => Err(Call::other("getsockopt(SO_PEERCRED)").failed(last_errno())),
    }
}

/// The process at the other end, by a descriptor; where the kernel has no `SO_PEERPIDFD` (before Linux 6.5), by its
/// number.
pub fn peer_process(socket: impl AsFd) -> Result<OwnedFd, Error> {
    const SO_PEERPIDFD: i32 = 77;
    let mut pidfd: i32 = -1;
    let mut length = size_of_val(&pidfd) as libc::socklen_t;
    // SAFETY: `pidfd` and `length` outlive the call, and `length` is the size of `pidfd`.
    let answer = unsafe {
        let (socket, to) = (socket.as_fd().as_raw_fd(), (&raw mut pidfd).cast());
        libc::getsockopt(socket, libc::SOL_SOCKET, SO_PEERPIDFD, to, &raw mut length)
    };
    match answer {
        // SAFETY: the kernel has just made this descriptor; nobody else knows it.
        0 => Ok(unsafe { OwnedFd::from_raw_fd(pidfd) }),
        // KERNEL(6.5): the number could by now be another process's; whoever asks compares what it is.
        _ if last_errno() == Errno::NOPROTOOPT => {
            crate::process::open_process(peer_of(socket)?.pid)
        }
        _ => Err(Call::other("getsockopt(SO_PEERPIDFD)").failed(last_errno())),
    }
}

/// Sends one message, or fails at once where the other end does not take it.
pub fn send_message(to: impl AsFd, message: &[u8]) -> Result<(), Error> {
    send(to, message, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)
        .map(drop)
        .map_err(|errno| Call::other("send").failed(errno))
}

/// A message that has come, cut to `limit` bytes. An empty one is the other end's close.
pub fn receive_message(from: impl AsFd, limit: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; limit];
    let (length, _) = recv(from, &mut bytes[..], RecvFlags::DONTWAIT)
        .map_err(|errno| Call::other("recv").failed(errno))?;
    bytes.truncate(length);
    Ok(bytes)
}

/// A file that only its descriptor names, holding `bytes`, at its beginning.
pub fn memory_file(bytes: &[u8]) -> Result<OwnedFd, Error> {
    let failed = |errno| Call::other("memfd_create").failed(errno);
    let file = rustix::fs::memfd_create("eyot", MemfdFlags::CLOEXEC).map_err(failed)?;
    crate::process::write_all(&file, bytes)?;
    rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(0)).map_err(failed)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_once_and_free_when_its_listener_is_gone() {
        let name = format!("eyot/test/{}/once", crate::own_pid());
        let listener = listen_at(&name).unwrap();
        assert_eq!(listen_at(&name).unwrap_err().errno, Errno::ADDRINUSE);
        drop(listener);
        assert_eq!(connect_to(&name).unwrap_err().errno, Errno::CONNREFUSED);
        listen_at(&name).unwrap();
    }

    #[test]
    fn both_ends_know_each_other_and_messages_stay_apart() {
        let name = format!("eyot/test/{}/talk", crate::own_pid());
        let listener = listen_at(&name).unwrap();
        assert!(accept_one(&listener).is_none());
        let client = connect_to(&name).unwrap();
        let server = accept_one(&listener).unwrap();
        let own = Peer { pid: crate::own_pid(), uid: crate::effective_ids().0 };
        assert_eq!((peer_of(&client), peer_of(&server)), (Ok(own), Ok(own)));
        send_message(&client, b"one").unwrap();
        send_message(&client, b"two").unwrap();
        assert_eq!(receive_message(&server, 9).unwrap(), b"one");
        assert_eq!(receive_message(&server, 9).unwrap(), b"two");
        assert_eq!(receive_message(&server, 9).unwrap_err().errno, Errno::AGAIN);
        drop(client);
        assert_eq!(receive_message(&server, 9).unwrap(), b"");
    }
}

//! Descriptors sent from one process to another over a socket (`unix(7)`, `SCM_RIGHTS`).

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};

use crate::error::{Call, Error};

/// Two ends of a channel that keeps messages apart and whose end is seen on the other side.
pub fn handover_channel() -> Result<(OwnedFd, OwnedFd), Error> {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
        .map_err(|errno| Call::other("socketpair").failed(errno))
}

/// Sends `descriptor` with one byte that says what it is.
pub fn send_descriptor(to: impl AsFd, what: u8, descriptor: BorrowedFd<'_>) -> Result<(), Error> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let descriptors = [descriptor];
    ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(to, &[IoSlice::new(&[what])], &mut ancillary, SendFlags::NOSIGNAL)
        .map(drop)
        .map_err(|errno| Call::other("sendmsg(SCM_RIGHTS)").failed(errno))
}

/// The next descriptor and what it is; `None` when the other end is closed.
pub fn receive_descriptor(from: impl AsFd) -> Result<Option<(u8, OwnedFd)>, Error> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let received =
        recvmsg(from, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)
            .map_err(|errno| Call::other("recvmsg(SCM_RIGHTS)").failed(errno))?;
    if received.bytes == 0 {
        return Ok(None);
    }
    let descriptor = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    Ok(descriptor.map(|descriptor| (byte[0], descriptor)))
}

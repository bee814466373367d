use super::{Answer, before};
use crate::error::Error;
use crate::namespace::{IdRange, Namespaces, map_own_ids, open_own_proc, unshare};
use crate::process::effective_ids;

/// These namespaces, for the calling process itself.
pub fn own(namespaces: Namespaces) -> Answer {
    Ok(unshare(namespaces)?)
}

/// A user namespace with an id map: without one it is of no use.
pub fn user() -> Answer {
    Ok(enter_user_namespace()?)
}

/// A user namespace inside a new one, as an ordinary user's views have.
pub fn user_in_user() -> Answer {
    before(enter_user_namespace())?;
    Ok(enter_user_namespace()?)
}

/// How many user namespaces fit inside each other below the caller's.
///
/// The kernel allows 33 levels below the initial one (`user_namespaces(7)` counts 32 parents), or as many as
/// `/proc/sys/user/max_user_namespaces` leaves.
pub fn levels_left() -> u8 {
    (0..64).take_while(|_| enter_user_namespace().is_ok()).count() as u8
}

/// Moves the caller into a new user namespace in which its ids are what they were.
pub fn enter_user_namespace() -> Result<(), Error> {
    let (uid, gid) = effective_ids();
    let own = open_own_proc()?;
    unshare(Namespaces::USER)?;
    map_same(own, uid, gid)
}

/// Maps the caller's ids to themselves in the user namespace it has just entered.
pub fn map_same(own: impl std::os::fd::AsFd, uid: u32, gid: u32) -> Result<(), Error> {
    let same = |id| IdRange { inside: id, outside: id, count: 1 };
    map_own_ids(own, same(uid), same(gid))
}

//! Which views live, without a file anywhere: a supervisor listens on an abstract socket whose address says whose view it
//! is and how it is called. The address is gone with the supervisor, however that ends.
//!
//! Whoever finds an address trusts the kernel's word about the listener's user (`SO_PEERCRED`), never the address alone:
//! anybody can listen on any. The supervisor, in turn, answers root and its own user, and nobody inside the view.

mod ask;
mod attend;
mod details;
mod enter;
mod group;
mod join;
mod name;
mod stop;

use serde::Serialize;

use crate::diagnose::Place;
use crate::error::{Cause, LaunchError};

pub(crate) use attend::{Registered, Registrar};
pub use details::{Description, NetworkKind, UserKind};
pub use enter::enter;
pub(crate) use join::{Channel, HandedOver};
pub use name::{Target, ViewName};
pub use stop::{Stopped, stop};

/// A view found by its address.
#[derive(Clone, Debug, Serialize)]
pub struct LivingView {
    pub name: ViewName,
    /// The user whose view it is.
    pub uid: u32,
    /// The supervisor, as the caller numbers processes; 0 if it is out of sight.
    pub supervisor_pid: i32,
    /// `None` if the supervisor does not answer in time: it was stopped, or lives in another PID namespace.
    pub description: Option<Description>,
}

/// The living views of the caller; for root, of everybody.
pub fn list() -> Result<Vec<LivingView>, LaunchError> {
    let step = |error: eyot_sys::Error| LaunchError::step("list the views", Place::Host, error);
    let found = ask::find_all().map_err(step)?;
    let mut views: Vec<LivingView> = found.into_iter().map(ask::Connection::describe).collect();
    views.sort_by(|one, other| (one.uid, &one.name).cmp(&(other.uid, &other.name)));
    Ok(views)
}

/// Where the view `name` of the user `uid` listens.
fn address(uid: u32, name: &ViewName) -> String {
    format!("eyot/view/{uid}/{name}")
}

/// Whose view an address is about, and its name; the reverse of [`address`].
fn parse_address(address: &str) -> Option<(u32, ViewName)> {
    let (uid, name) = address.strip_prefix("eyot/view/")?.split_once('/')?;
    // A second spelling of the same number would be a second address of the same view.
    let number = uid.parse::<u32>().ok().filter(|number| number.to_string() == uid)?;
    Some((number, name.parse().ok()?))
}

fn refused(what: impl Into<String>, why: impl Into<String>, remedy: &str) -> LaunchError {
    let cause = Cause::Policy { why: why.into(), remedy: remedy.into() };
    LaunchError::step(what, Place::Host, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_back_as_it_was_written_or_not_at_all() {
        let name: ViewName = "web-1".parse().unwrap();
        assert_eq!(parse_address(&address(1000, &name)), Some((1000, name)));
        for bad in [
            "eyot/view/1000/",
            "eyot/view//web",
            "eyot/view/01/web",
            "eyot/view/+1/web",
            "eyot/view/1000/a/b",
            "eyot/view/4294967296/web",
            "x/eyot/view/1/web",
            "eyot/view/1",
        ] {
            assert_eq!(parse_address(bad), None, "{bad}");
        }
    }
}

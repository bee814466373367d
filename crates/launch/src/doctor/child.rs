//! The process that a probe is tried in, and how its answer comes back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use eyot_sys::probe::{Refusal, namespace};
use eyot_sys::{Call, Errno, Error, Fork, Namespaces};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::diagnose::Place;

/// Where something is tried. Every setting but the first has a private mount namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// As the caller is.
    Caller,
    /// As a view is made: by root with its rights over the machine, by others in a user namespace; and these besides.
    View(Namespaces),
    /// In a user namespace, whoever the caller is; and these besides.
    UserNamespace(Namespaces),
}

/// No probe waits for anything, so one that is silent for so long hangs.
const PATIENCE: Duration = Duration::from_secs(5);
const SIGKILL: i32 = 9;

impl Setting {
    /// Where a process in this setting stands, for the diagnosis of its refusals.
    pub(super) fn place(self, privileged: bool) -> Place {
        match (self, privileged) {
            (Setting::Caller | Setting::View(_), true) => Place::Host,
            (Setting::Caller, false) => Place::Unprivileged,
            (Setting::View(_), false) | (Setting::UserNamespace(_), _) => Place::UserNamespace,
        }
    }

    fn namespaces(self, privileged: bool) -> Namespaces {
        match (self, privileged) {
            (Setting::Caller, _) => Namespaces::NONE,
            (Setting::View(more), true) => Namespaces::MOUNT | more,
            (Setting::View(more), false) | (Setting::UserNamespace(more), _) => {
                Namespaces::USER | Namespaces::MOUNT | more
            }
        }
    }
}

/// Tries `attempt` in a copy of this process that ends with it.
pub(super) fn attempt<T: Serialize + DeserializeOwned>(
    setting: Setting,
    privileged: bool,
    attempt: impl FnOnce() -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let namespaces = setting.namespaces(privileged);
    let ids = eyot_sys::effective_ids();
    let (answer, told) = eyot_sys::pipe().map_err(Refusal::NotTried)?;
    match eyot_sys::fork_into(namespaces, None).map_err(Refusal::NotTried)? {
        Fork::Child => {
            drop(answer);
            // A panic must not unwind into the copy of the code that waits for this answer.
            let found = catch_unwind(AssertUnwindSafe(|| {
                prepare(namespaces, ids).map_err(Refusal::NotTried)?;
                attempt()
            }));
            if let Some(text) = found.ok().and_then(|found| serde_json::to_vec(&found).ok()) {
                // Without a reader there is nobody left to tell.
                let _ = eyot_sys::write_all(&told, &text);
            }
            eyot_sys::end(0)
        }
        Fork::Parent(child) => {
            drop(told);
            let spoke =
                eyot_sys::wait_readable(&[std::os::fd::AsFd::as_fd(&answer)], Some(PATIENCE));
            if spoke == [false] {
                // It may have ended in this very moment.
                let _ = child.signal(SIGKILL);
            }
            let text = eyot_sys::read_to_end(&answer);
            child.wait().map_err(Refusal::NotTried)?;
            serde_json::from_slice(&text).unwrap_or_else(|_| Err(silence()))
        }
    }
}

fn prepare(namespaces: Namespaces, (uid, gid): (u32, u32)) -> Result<(), Error> {
    eyot_sys::die_with_parent()?;
    if namespaces.contains(Namespaces::USER) {
        namespace::map_same(eyot_sys::open_own_proc()?, uid, gid)?;
    }
    if namespaces.contains(Namespaces::MOUNT) {
        eyot_sys::make_all_private()?;
    }
    Ok(())
}

fn silence() -> Refusal {
    let call = Call::Other { call: "wait for the answer of the process that tried".into() };
    Refusal::NotTried(call.failed(Errno::TIME))
}

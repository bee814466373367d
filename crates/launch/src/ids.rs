use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use crate::diagnose::Place;
use crate::error::{Cause, LaunchError};
use crate::run_directory::RunDirectory;

/// How many ids a view gets: as many as a container image expects.
pub(crate) const BLOCK_SIZE: u32 = 65_536;

/// Where blocks start when `/etc/subuid` has no line for `eyot`: above systemd-nspawn's range and below the ids that
/// systemd keeps for itself (systemd's UIDS-GIDS.md); login names and `/etc/subuid` lines of others do not reach so far.
const DEFAULT_START: u32 = 1_879_048_192;
const DEFAULT_BLOCKS: u32 = 4_080;

/// A block of the host's ids that no other living view has.
///
/// The lock belongs to the open file: it is free again when the supervisor and the view's init, which inherits it, have
/// both ended, however they ended. There is nothing to clean up.
#[derive(Debug)]
pub(crate) struct IdBlock {
    pub(crate) first: u32,
    lock: OwnedFd,
}

/// The ids that views are given out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IdRange {
    pub(crate) first: u32,
    pub(crate) blocks: u32,
}

impl IdBlock {
    /// The lock, which init inherits.
    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.lock.as_fd()
    }

    /// Takes a free block. `hint` spreads callers that start at the same time.
    pub(crate) fn take(run: &RunDirectory, hint: u32) -> Result<Self, LaunchError> {
        let range = configured_range();
        let failed = |cause: Cause| LaunchError::step("take a block of ids", Place::Host, cause);
        let lock = run.open_file("ids").map_err(|error| failed(error.into()))?;
        for step in 0..range.blocks {
            let index = (hint + step) % range.blocks;
            if eyot_sys::try_lock_byte(&lock, index.into()).map_err(|error| failed(error.into()))? {
                return Ok(Self { first: range.first + index * BLOCK_SIZE, lock });
            }
        }
        Err(failed(Cause::Policy {
            why: format!("all {} blocks of ids are in use", range.blocks),
            remedy: "end some views, or give 'eyot' a larger range in /etc/subuid and /etc/subgid"
                .into(),
        }))
    }
}

/// The line of `/etc/subuid` for the user `eyot` (`subuid(5)`), if it has room for a block, else the default.
pub(crate) fn configured_range() -> IdRange {
    let text = |path: &str| {
        let mut text = String::new();
        let read = File::open(path).and_then(|mut file| {
            use std::io::Read as _;
            file.read_to_string(&mut text)
        });
        read.map(|_| text).unwrap_or_default()
    };
    range_of(&text("/etc/subuid"), &text("/etc/subgid"))
}

/// Whether both files have a line that views' ids are taken from.
pub(crate) fn is_configured() -> bool {
    configured_range().first != DEFAULT_START
}

fn range_of(subuid: &str, subgid: &str) -> IdRange {
    let line = |text: &str| {
        text.lines().find_map(|line| {
            let mut fields = line.strip_prefix("eyot:")?.split(':');
            let first: u32 = fields.next()?.trim().parse().ok()?;
            let count: u32 = fields.next()?.trim().parse().ok()?;
            (first > 0 && first.checked_add(count).is_some()).then_some((first, count))
        })
    };
    match (line(subuid), line(subgid)) {
        // One range serves both kinds, so it must be in both files.
        (Some(uids), Some(gids)) if uids == gids && uids.1 >= BLOCK_SIZE => {
            IdRange { first: uids.0, blocks: uids.1 / BLOCK_SIZE }
        }
        _ => IdRange { first: DEFAULT_START, blocks: DEFAULT_BLOCKS },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_comes_from_both_files_or_from_neither() {
        let default = IdRange { first: DEFAULT_START, blocks: DEFAULT_BLOCKS };
        let own = IdRange { first: 300_000, blocks: 2 };
        let line = "root:1:1\neyot:300000:131072\n";
        assert_eq!(range_of(line, line), own);
        assert_eq!(range_of(line, ""), default);
        assert_eq!(range_of("eyot:300000:100\n", "eyot:300000:100\n"), default);
        assert_eq!(range_of("eyot:4294967295:65536", "eyot:4294967295:65536"), default);
        assert_eq!(range_of("eyot:x:y", "eyot"), default);
    }
}

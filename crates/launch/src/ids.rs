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
        let allotment = Allotment::of_this_host();
        let failed = |cause: Cause| LaunchError::step("take a block of ids", Place::Host, cause);
        let lock = run.open_file("ids").map_err(|error| failed(error.into()))?;
        for first in allotment.blocks_from(hint) {
            // A lock on the very ids, so that views started under another /etc/subuid are told apart too.
            let taken = eyot_sys::try_lock_bytes(&lock, first.into(), BLOCK_SIZE.into());
            if taken.map_err(|error| failed(error.into()))? {
                return Ok(Self { first, lock });
            }
        }
        Err(failed(Cause::Policy {
            why: format!("all {} blocks of ids are in use", allotment.range.blocks),
            remedy: "end some views, or give 'eyot' a larger range in /etc/subuid and /etc/subgid"
                .into(),
        }))
    }
}

/// Which ids views may have, and which of them somebody else has.
#[derive(Debug)]
struct Allotment {
    range: IdRange,
    /// First and last id, of others' lines in `/etc/subuid` and `/etc/subgid` and of accounts.
    taken: Vec<(u32, u32)>,
}

impl Allotment {
    fn of_this_host() -> Self {
        let text = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let (subuid, subgid) = (text("/etc/subuid"), text("/etc/subgid"));
        let range = range_of(&subuid, &subgid);
        let mut taken: Vec<(u32, u32)> = Vec::new();
        for text in [&subuid, &subgid] {
            taken.extend(
                lines_of(text).filter(|(name, ..)| *name != "eyot").map(|(_, first, count)| {
                    (first, first.saturating_add(count.saturating_sub(1)))
                }),
            );
        }
        for text in [text("/etc/passwd"), text("/etc/group")] {
            let ids = text.lines().filter_map(|line| line.split(':').nth(2)?.parse().ok());
            taken.extend(ids.filter(|id| *id >= range.first).map(|id: u32| (id, id)));
        }
        Self { range, taken }
    }

    /// The first id of every block that nobody else has, beginning somewhere that `hint` decides.
    fn blocks_from(&self, hint: u32) -> impl Iterator<Item = u32> {
        let IdRange { first, blocks } = self.range;
        (0..blocks).map(move |step| first + (hint % blocks + step) % blocks * BLOCK_SIZE).filter(
            |first| {
                let last = first + (BLOCK_SIZE - 1);
                !self.taken.iter().any(|(from, to)| *from <= last && first <= to)
            },
        )
    }
}

/// Whether `/etc/subuid` and `/etc/subgid` have a line that views' ids are taken from.
pub(crate) fn is_configured() -> bool {
    Allotment::of_this_host().range.first != DEFAULT_START
}

/// The line for the user `eyot` (`subuid(5)`), if it has room for a block, else the default.
fn range_of(subuid: &str, subgid: &str) -> IdRange {
    let own = |text| {
        let line = lines_of(text).find(|(name, ..)| *name == "eyot");
        line.map(|(_, first, count)| (first, count))
            .filter(|(first, count)| *first > 0 && first.checked_add(*count).is_some())
    };
    match (own(subuid), own(subgid)) {
        // One range serves both kinds, so it must be in both files.
        (Some(uids), Some(gids)) if uids == gids && uids.1 >= BLOCK_SIZE => {
            IdRange { first: uids.0, blocks: uids.1 / BLOCK_SIZE }
        }
        _ => IdRange { first: DEFAULT_START, blocks: DEFAULT_BLOCKS },
    }
}

/// Name, first id and count of each line that is well formed.
fn lines_of(text: &str) -> impl Iterator<Item = (&str, u32, u32)> {
    text.lines().filter_map(|line| {
        let mut fields = line.trim().splitn(3, ':');
        Some((fields.next()?, fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    })
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

    #[test]
    fn a_block_that_somebody_has_is_passed_over() {
        let range = IdRange { first: 100_000, blocks: 3 };
        let taken = vec![(165_535, 165_535), (231_071, 231_072)];
        let allotment = Allotment { range, taken };
        assert_eq!(allotment.blocks_from(5).collect::<Vec<_>>(), Vec::<u32>::new());
        let allotment = Allotment { range, taken: vec![(165_536, 200_000)] };
        assert_eq!(allotment.blocks_from(u32::MAX).collect::<Vec<_>>(), [100_000, 231_072]);
    }
}

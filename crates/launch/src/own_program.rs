//! Keeps a view from writing eyot's own executable.
//!
//! A command that is a script with the interpreter `/proc/self/exe` makes the process execute eyot once more, inside the
//! view, where others can then open `/proc/PID/exe` and write what root or the user runs next (CVE-2019-5736). Where
//! the view's user could write that file, the process first becomes a copy of eyot whose file lies on a read-only mount
//! that is attached nowhere; that copy executes the command ([`arrive`]).

use std::ffi::{CString, OsString};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use eyot_plan::{Plan, UserNamespace};
use eyot_sys::{
    Attributes, Call, DetachedMount, Errno, Error, FileIdentity, Handle, LastLink, Program, Reach,
};

use crate::diagnose::Place;
use crate::error::{Attempt, LaunchError};
use crate::ids::BLOCK_SIZE;
use crate::report;

/// What the copy is called, by which `main` knows that it is one.
const ARRIVED: &str = "eyot-command-in-view";

/// Eyot's executable on a read-only mount that nobody can reach by a path.
#[derive(Debug)]
pub(crate) struct OwnProgram(DetachedMount);

/// Whether eyot has to become a copy of itself before the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    Needed,
    NotNeeded,
}

/// Who would write, as far as the host's files are concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer {
    /// The first of the host's user ids that the view can have, and how many.
    pub(crate) uids: (u32, u32),
    pub(crate) rights: HostRights,
}

/// Whether the command has capabilities over the host's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostRights {
    Some,
    None,
}

/// Whether `writer` could write a file of this `owner` and `mode`.
///
/// The owner could by changing the mode first. A group that may write is a reason whichever it is: the bits of a group
/// are also the mask of an access control list (`acl(5)`).
pub(crate) fn hop_needed(owner: u32, mode: u32, writer: Writer) -> Hop {
    let (first, count) = writer.uids;
    let owns = owner.checked_sub(first).is_some_and(|offset| offset < count);
    match owns || mode & 0o022 != 0 || writer.rights == HostRights::Some {
        true => Hop::Needed,
        false => Hop::NotNeeded,
    }
}

/// Whether the command of `plan` could write eyot's executable.
pub(crate) fn is_needed(plan: &Plan, host_ids: (u32, u32)) -> Result<bool, Error> {
    look(plan, host_ids).map(|(_, hop)| hop == Hop::Needed)
}

/// Makes the copy where it is needed. To be called where mounts of the host can be cloned.
pub(crate) fn prepare(
    plan: &Plan,
    host_ids: (u32, u32),
    place: Place,
) -> Result<Option<OwnProgram>, Error> {
    let (held, hop) = look(plan, host_ids)?;
    if hop == Hop::NotNeeded {
        return Ok(None);
    }
    let path = std::fs::read_link(OWN)
        .map_err(|error| crate::run_directory::io_error(Path::new(OWN), &error))?;
    let source = match place {
        Place::Host => held,
        // Only mounts of the caller's own mount namespace can be cloned: the path is looked up in the copy.
        Place::UserNamespace | Place::Unprivileged => same_file(&path, held.identity)?,
    };
    let mount = DetachedMount::clone_of(&source, &path, Reach::OneMount)?;
    mount.restrict(&path, Attributes::DATA.read_only(), Reach::OneMount)?;
    Ok(Some(OwnProgram(mount)))
}

const OWN: &str = "/proc/self/exe";

fn look(plan: &Plan, host_ids: (u32, u32)) -> Result<(Handle, Hop), Error> {
    let held = Handle::open(Path::new(OWN), LastLink::Follow)?;
    let capable = !plan.confinement.capabilities.is_empty();
    let writer = match plan.isolation.user {
        UserNamespace::Block => {
            let first = host_ids.0.saturating_sub(plan.identity.uid);
            Writer { uids: (first, BLOCK_SIZE), rights: HostRights::None }
        }
        UserNamespace::CallersId => Writer { uids: (host_ids.0, 1), rights: HostRights::None },
        UserNamespace::Host => {
            let rights = if capable { HostRights::Some } else { HostRights::None };
            Writer { uids: (host_ids.0, 1), rights }
        }
    };
    let hop = hop_needed(held.owner.0, held.mode, writer);
    Ok((held, hop))
}

fn same_file(path: &Path, identity: FileIdentity) -> Result<Handle, Error> {
    let found = Handle::open(path, LastLink::Follow)?;
    // An upgrade in this very moment; the next start finds the new one.
    let other = || Call::Lookup { path: path.to_owned() }.failed(Errno::STALE);
    if found.identity == identity { Ok(found) } else { Err(other()) }
}

impl OwnProgram {
    /// Becomes the copy, which executes `program`; comes back only with the reason why not.
    pub(crate) fn execute(&self, program: &Program, failed: &OwnedFd) -> Error {
        if let Err(error) = eyot_sys::keep_on_exec(failed.as_raw_fd()) {
            return error;
        }
        let number = |number: i64| CString::new(number.to_string()).unwrap_or_default();
        let numbers = [number(failed.as_raw_fd().into()), number(program.candidates.len() as i64)];
        let name = CString::new(ARRIVED).unwrap_or_default();
        let words = [name].into_iter().chain(numbers).chain(program.candidates.iter().cloned());
        let copy = Program {
            candidates: Vec::new(),
            arguments: words.chain(program.arguments.iter().cloned()).collect(),
            environment: program.environment.clone(),
        };
        let error = copy.execute_descriptor(&self.0);
        match error.errno {
            // It is the command's own words that are too long for both.
            Errno::TOOBIG => program.too_long(),
            _ => error,
        }
    }
}

/// Executes the command if this process is a copy made for that, and otherwise comes back.
///
/// `main` calls it before anything else with its own arguments.
pub fn arrive(words: &[OsString]) {
    eyot_sys::let_heap_grow_in_large_steps();
    if words.first().is_some_and(|name| name == ARRIVED)
        && let Some((failed, program)) = parse(&words[1..])
    {
        // The language's start code ignores SIGPIPE, and exec would keep that.
        eyot_sys::end_at_broken_pipes();
        let name = program.arguments.first().map(|name| name.to_string_lossy().into_owned());
        let error = LaunchError {
            attempt: Attempt::Command { program: name.unwrap_or_default() },
            cause: Box::new(program.execute().into()),
            place: Place::UserNamespace,
        };
        report::send(&failed, &error);
        eyot_sys::end(error.exit_code())
    }
}

fn parse(words: &[OsString]) -> Option<(OwnedFd, Program)> {
    let number = |index: usize| words.get(index)?.to_str()?.parse::<i32>().ok();
    let count = usize::try_from(number(1)?).ok()?;
    let texts: Vec<CString> = words
        .get(2..)?
        .iter()
        .map(|word| CString::new(word.as_bytes()))
        .collect::<Result<_, _>>()
        .ok()?;
    let candidates = texts.get(..count)?.to_vec();
    let environment = std::env::vars_os().filter_map(|(key, value)| {
        CString::new([key.into_vec(), b"=".to_vec(), value.into_vec()].concat()).ok()
    });
    let program = Program {
        candidates,
        arguments: texts.get(count..)?.to_vec(),
        environment: environment.collect(),
    };
    Some((eyot_sys::take_over(number(0)?).ok()?, program))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: Writer = Writer { uids: (300_000, BLOCK_SIZE), rights: HostRights::None };

    #[test]
    fn an_executable_of_root_is_safe_from_a_block_of_ids() {
        assert_eq!(hop_needed(0, 0o755, BLOCK), Hop::NotNeeded);
        assert_eq!(hop_needed(0, 0o775, BLOCK), Hop::Needed);
        assert_eq!(hop_needed(0, 0o757, BLOCK), Hop::Needed);
        assert_eq!(hop_needed(300_000, 0o755, BLOCK), Hop::Needed);
        assert_eq!(hop_needed(300_000 + BLOCK_SIZE, 0o755, BLOCK), Hop::NotNeeded);
        assert_eq!(hop_needed(299_999, 0o755, BLOCK), Hop::NotNeeded);
    }

    #[test]
    fn its_owner_could_write_it_whatever_the_mode_says() {
        let user = Writer { uids: (1000, 1), rights: HostRights::None };
        assert_eq!(hop_needed(1000, 0o555, user), Hop::Needed);
        assert_eq!(hop_needed(0, 0o755, user), Hop::NotNeeded);
        let root = Writer { uids: (0, 1), rights: HostRights::None };
        assert_eq!(hop_needed(0, 0o755, root), Hop::Needed);
    }

    #[test]
    fn capabilities_on_the_host_outdo_owners_and_modes() {
        let capable = Writer { uids: (1000, 1), rights: HostRights::Some };
        assert_eq!(hop_needed(0, 0o555, capable), Hop::Needed);
    }
}

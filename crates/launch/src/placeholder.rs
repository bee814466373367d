//! Files and directories that keep a name of a writable directory taken for as long as views live that reserve it.
//!
//! A placeholder really is on the host, because a mount needs something to lie on. Without a text to hold it is an empty
//! directory: git passes those over, while a file would be added to the next commit. It is told from the user's own
//! by its mode, its text and a time of change that no file gets by itself. Each view that needs one holds a shared lock
//! of it; who ends finds out by the exclusive one whether it was the last. One that a crash of the machine left is taken
//! over by the next view and removed after it.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use eyot_plan::{Entry, HostPath, Plan, What};
use eyot_sys::{Errno, Error, Handle, Kind};

use crate::diagnose::Place;
use crate::error::{Attempt, Cause, LaunchError};
use crate::guard::Chore;
use crate::sources::Sources;

/// "eyot" as seconds after 1970, to the full second.
const MARK: i64 = 0x6579_6f74;
const FILE_MODE: u32 = 0o444;
const DIRECTORY_MODE: u32 = 0o555;

/// Each round meets somebody else's placeholder in another state; nobody changes it that often.
const ROUNDS: usize = 1000;

/// A name that has to be taken.
#[derive(Debug)]
pub(crate) struct Reservation {
    directory: Handle,
    name: CString,
    /// The name under which the file is made ready. It tells its maker: nobody else would remove it.
    temporary: CString,
    text: String,
    attempt: Attempt,
}

/// Finds the directories of all names that `plan` reserves; nothing is made yet.
pub(crate) fn reservations(
    plan: &Plan,
    sources: &Sources,
    place: Place,
) -> Result<Vec<Reservation>, LaunchError> {
    let total = plan.entries.len();
    let mut found = Vec::new();
    for (index, entry) in plan.entries.iter().enumerate() {
        let What::Reserved { from, placeholder, .. } = &entry.what else { continue };
        let attempt = Attempt::Entry { entry: entry.to_string(), number: index + 1, total };
        let directory = directory_of(entry, from, plan, sources).map_err(|cause| LaunchError {
            attempt: attempt.clone(),
            cause: Box::new(cause),
            place,
        })?;
        let name = from.as_path().file_name().unwrap_or_default().as_bytes();
        found.push(Reservation {
            directory,
            name: CString::new(name).unwrap_or_default(),
            temporary: temporary_name(),
            text: placeholder.clone(),
            attempt,
        });
    }
    Ok(found)
}

/// The directory that holds a reserved name, from the very mount that the view will show.
fn directory_of(
    entry: &Entry,
    from: &HostPath,
    plan: &Plan,
    sources: &Sources,
) -> Result<Handle, Cause> {
    let parent = from.as_path().parent().unwrap_or(from.as_path());
    let mut above = plan.entries.iter().rev().filter(|other| other.at.contains(&entry.at));
    let held = above.find_map(|other| match &other.what {
        What::Bind { from: base, links, .. } => {
            Some((base, *links, parent.strip_prefix(base.as_path()).ok()?))
        }
        _ => None,
    });
    let (base, links, inside) = held.ok_or_else(|| Cause::Policy {
        why: format!("'{from}' is in no directory that the view shows"),
        remedy: "show the directory with --rw".into(),
    })?;
    Ok(eyot_sys::open_directory_beneath(sources.handle(base, links)?, inside)?)
}

fn temporary_name() -> CString {
    let (pid, number) = (eyot_sys::own_pid(), eyot_sys::random_number());
    CString::new(format!(".eyot-{pid}-{number:016x}")).unwrap_or_default()
}

impl Reservation {
    pub(crate) fn chore(&self) -> Result<Chore, Error> {
        Ok(Chore::RemovePlaceholder {
            directory: eyot_sys::duplicate(self.directory.as_fd())?,
            name: self.name.clone(),
            temporary: self.temporary.clone(),
            text: self.text.clone(),
        })
    }

    /// Takes the name. It is free again when what this answers is closed and the chore is done.
    pub(crate) fn take(&self, place: Place) -> Result<OwnedFd, LaunchError> {
        self.make_or_share().map_err(|cause| LaunchError {
            attempt: self.attempt.clone(),
            cause: Box::new(cause),
            place,
        })
    }

    fn make_or_share(&self) -> Result<OwnedFd, Cause> {
        for _ in 0..ROUNDS {
            if let Some(shared) = self.share()? {
                return Ok(shared);
            }
            if let Some(made) = self.make()? {
                return Ok(made);
            }
        }
        Err(self.foreign())
    }

    /// A share in the placeholder that is there; `None` if there is nothing.
    fn share(&self) -> Result<Option<OwnedFd>, Cause> {
        let found = match eyot_sys::find_below(&self.directory, &self.name) {
            Err(error) if error.errno == Errno::NOENT => return Ok(None),
            result => result?,
        };
        if !is_placeholder(&found) {
            return Err(self.foreign());
        }
        let file = match eyot_sys::open_file_below(&self.directory, &self.name) {
            Err(error) if error.errno == Errno::NOENT => return Ok(None),
            result => result?,
        };
        eyot_sys::lock_shared(&file)?;
        // Its last view may have removed it while this one waited.
        match is_still_there(self.directory.as_fd(), &self.name, &file)? {
            true => Ok(Some(file.into_descriptor())),
            false => Ok(None),
        }
    }

    /// A new placeholder, ready and locked before it has the name; `None` if somebody else was faster.
    fn make(&self) -> Result<Option<OwnedFd>, Cause> {
        let (directory, temporary) = (&self.directory, &self.temporary);
        let file = match form_of(&self.text) {
            Form::File => eyot_sys::create_file_below(directory, temporary)?,
            Form::Directory => eyot_sys::create_directory_below(directory, temporary)?,
        };
        let named = self.get_ready(&file).and_then(|()| match form_of(&self.text) {
            Form::File => eyot_sys::link_below(directory, temporary, &self.name),
            Form::Directory => eyot_sys::rename_below(directory, temporary, &self.name),
        });
        unless_missing(remove_below(directory.as_fd(), temporary, form_of(&self.text)))?;
        match named {
            Err(error) if error.errno == Errno::EXIST => Ok(None),
            result => Ok(Some(result.map(|()| file)?)),
        }
    }

    fn get_ready(&self, file: &OwnedFd) -> Result<(), Error> {
        eyot_sys::lock_shared(file)?;
        eyot_sys::write_all(file, self.text.as_bytes())?;
        if self.directory.owner != eyot_sys::effective_ids() {
            // Only a courtesy: the file is the directory's owner's, as any other there would be.
            let _ = eyot_sys::set_owner(file, self.directory.owner);
        }
        let mode = match form_of(&self.text) {
            Form::File => FILE_MODE,
            Form::Directory => DIRECTORY_MODE,
        };
        eyot_sys::set_mode(file, mode)?;
        eyot_sys::set_times(file, MARK)
    }

    fn foreign(&self) -> Cause {
        Cause::Policy {
            why: format!(
                "'{}' appeared while the view was being made",
                self.name.to_string_lossy()
            ),
            remedy: "try again".into(),
        }
    }
}

/// What a placeholder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    File,
    Directory,
}

pub(crate) fn form_of(text: &str) -> Form {
    if text.is_empty() { Form::Directory } else { Form::File }
}

/// Whether a file or directory is nobody's but ours.
pub(crate) fn is_placeholder(found: &Handle) -> bool {
    let usual = [(Kind::File, FILE_MODE), (Kind::Directory, DIRECTORY_MODE)]
        .contains(&(found.kind, found.mode));
    usual && found.modified == (MARK, 0)
}

/// Whether `found` is the placeholder that holds this text.
fn holds(found: &Handle, text: &str) -> bool {
    let same = match (form_of(text), found.kind) {
        // What is in a directory, its removal finds out.
        (Form::Directory, kind) => kind == Kind::Directory,
        (Form::File, kind) => kind == Kind::File && eyot_sys::read_to_end(found) == text.as_bytes(),
    };
    is_placeholder(found) && same
}

fn is_still_there(directory: BorrowedFd<'_>, name: &CString, file: &Handle) -> Result<bool, Error> {
    match eyot_sys::find_below(directory, name) {
        Err(error) if error.errno == Errno::NOENT => Ok(false),
        found => Ok(found?.identity == file.identity),
    }
}

/// Removes a placeholder that no living view shares; the guard's part.
pub(crate) fn remove(
    directory: BorrowedFd<'_>,
    name: &CString,
    temporary: &CString,
    text: &str,
) -> Result<(), Error> {
    let form = form_of(text);
    unless_missing(remove_below(directory, temporary, form))?;
    let file = match eyot_sys::open_file_below(directory, name) {
        Err(error) if error.errno == Errno::NOENT => return Ok(()),
        // Somebody put something else there.
        Err(error) if matches!(error.errno, Errno::LOOP | Errno::ACCESS | Errno::NXIO) => {
            return Ok(());
        }
        result => result?,
    };
    if !holds(&file, text) {
        return Ok(());
    }
    // Of several that end at the same time the last to ask gets it: each gives its shared lock up by asking.
    if eyot_sys::try_lock(&file)? && is_still_there(directory, name, &file)? {
        unless_missing(remove_below(directory, name, form))?;
    }
    Ok(())
}

fn remove_below(directory: BorrowedFd<'_>, name: &CString, form: Form) -> Result<(), Error> {
    match form {
        Form::File => eyot_sys::remove_file_below(directory, name),
        Form::Directory => eyot_sys::remove_directory_below(directory, name),
    }
}

fn unless_missing(removed: Result<(), Error>) -> Result<(), Error> {
    match removed {
        Err(error) if error.errno == Errno::NOENT => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::{Path, PathBuf};

    use super::*;

    /// A directory of this case's own, which must be empty in the end.
    struct Project(PathBuf);

    impl Project {
        fn new() -> Self {
            let number = eyot_sys::random_number();
            let path = std::env::temp_dir().join(format!("eyot-placeholder-{number:016x}"));
            fs::create_dir(&path).expect("no directory");
            Self(path)
        }

        fn reservation(&self) -> Reservation {
            let directory = eyot_sys::hold_directory(&self.0).expect("no directory");
            Reservation {
                directory: eyot_sys::open_directory_beneath(&directory, Path::new(""))
                    .expect("gone"),
                name: c".envrc".to_owned(),
                temporary: temporary_name(),
                text: ".\n".into(),
                attempt: Attempt::Step { what: "reserve".into() },
            }
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).expect("gone").flatten();
            let mut names: Vec<String> =
                entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        }

        fn end(self) {
            fs::remove_dir(&self.0).expect("something was left behind");
        }
    }

    fn clean_up(reservation: &Reservation) {
        let Reservation { directory, name, temporary, text, .. } = reservation;
        remove(directory.as_fd(), name, temporary, text).expect("cannot clean up");
    }

    #[test]
    fn the_last_of_two_views_removes_the_placeholder() {
        let project = Project::new();
        let (first, second) = (project.reservation(), project.reservation());
        let one = first.take(Place::Host).expect("refused");
        let two = second.take(Place::Host).expect("refused");
        assert_eq!(fs::read(project.0.join(".envrc")).expect("missing"), b".\n");

        drop(one);
        clean_up(&first);
        assert_eq!(project.names(), [".envrc"]);
        drop(two);
        clean_up(&second);
        project.end();
    }

    #[test]
    fn what_a_killed_supervisor_left_half_made_is_removed() {
        let project = Project::new();
        let reservation = project.reservation();
        let half = eyot_sys::create_file_below(&reservation.directory, &reservation.temporary);
        drop(half.expect("refused"));
        clean_up(&reservation);
        project.end();
    }

    #[test]
    fn a_file_of_the_users_is_neither_shared_nor_removed() {
        let project = Project::new();
        let own = project.0.join(".envrc");
        fs::write(&own, ".\n").expect("cannot write");
        fs::set_permissions(&own, fs::Permissions::from_mode(0o444)).expect("cannot chmod");
        let reservation = project.reservation();

        let refused = reservation.take(Place::Host).expect_err("shared the user's file");
        assert_eq!(refused.cause.to_string(), "'.envrc' appeared while the view was being made");
        clean_up(&reservation);
        assert_eq!(project.names(), [".envrc"]);
        fs::remove_file(&own).expect("gone");
        project.end();
    }
}

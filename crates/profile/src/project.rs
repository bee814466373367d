use std::path::Path;

use eyot_plan::{
    Access, Caller, Entry, HostPath, Layer, Links, Origin, Owner, PlanError, ViewPath, What,
};

use crate::identity::callers_home;
use crate::tables::{PROTECTED, Profile, Project};

/// The entries for the directory the caller stands in, among what the profile already shows.
pub(crate) fn project_entries(
    profile: &Profile,
    caller: &Caller,
    shown: &[Entry],
    owner: Owner,
    notes: &mut Vec<String>,
) -> Result<Vec<Entry>, PlanError> {
    let access = match profile.project {
        Project::Hidden => return Ok(Vec::new()),
        Project::ReadOnly => Access::ReadOnly,
        Project::Protected => Access::ReadWrite,
    };
    let Ok((from, at)) = paths(caller) else { return Ok(Vec::new()) };
    if let Some(why) = why_hidden(&at, caller, shown) {
        notes.push(format!("the current directory '{at}' is not shown: {why}"));
        return Ok(Vec::new());
    }
    if access == Access::ReadOnly && is_shown_already(&at, shown) {
        return Ok(Vec::new());
    }
    let origin = Origin::new(Layer::Profile, profile.name);
    let what = What::Bind { from: from.clone(), links: Links::Followed, owner };
    let project = Entry::placed(at.clone(), what, origin.clone()).access(access);
    let mut entries = vec![project];
    if profile.project == Project::Protected {
        for protected in PROTECTED {
            let what = What::Reserved {
                from: HostPath::new(from.as_path().join(protected.name))?,
                owner,
                placeholder: protected.placeholder.to_owned(),
            };
            let at = at.join(protected.name)?;
            entries.push(Entry::placed(at, what, origin.clone()).access(protected.access));
        }
    }
    Ok(entries)
}

fn paths(caller: &Caller) -> Result<(HostPath, ViewPath), PlanError> {
    Ok((HostPath::new(&caller.workdir)?, ViewPath::new(&caller.workdir)?))
}

/// A current directory that would show more than a project, or cover what the profile shows.
fn why_hidden(at: &ViewPath, caller: &Caller, shown: &[Entry]) -> Option<String> {
    let home = callers_home(caller);
    let is_home = home.as_ref().is_some_and(|home| home.as_path() == at.as_path());
    let holds_home = home.is_some_and(|home| home.as_path().starts_with(at.as_path()));
    let kernels = ["/proc", "/sys", "/dev"].iter().find(|place| at.as_path().starts_with(place));
    if at.is_root() {
        Some("it is the whole host".to_owned())
    } else if is_home {
        Some("it is your home directory".to_owned())
    } else if holds_home {
        Some("it holds your home directory".to_owned())
    } else if is_somebodys_home(at) {
        Some("it is a home directory".to_owned())
    } else if let Some(place) = kernels {
        Some(format!("{place} is the view's own"))
    } else if is_place_of_directory(at, shown) {
        None
    } else {
        let covered = shown.iter().find(|entry| at.contains(&entry.at))?;
        Some(format!("it would cover '{covered}'"))
    }
}

/// `sudo` changes who the caller is and leaves the directory as it was.
fn is_somebodys_home(at: &ViewPath) -> bool {
    let parent = at.parent().is_some_and(|parent| {
        [Path::new("/home"), Path::new("/var/home")].contains(&parent.as_path())
    });
    parent || at.as_path() == Path::new("/root")
}

/// Whether the profile has a directory of its own exactly there (`/tmp`).
fn is_place_of_directory(at: &ViewPath, shown: &[Entry]) -> bool {
    shown.iter().any(|entry| entry.at == *at)
}

fn is_shown_already(at: &ViewPath, shown: &[Entry]) -> bool {
    let nearest = shown.iter().filter(|entry| entry.at.contains(at)).max_by_key(|entry| &entry.at);
    nearest.is_some_and(|entry| entry.at == *at || matches!(entry.what, What::Bind { .. }))
}

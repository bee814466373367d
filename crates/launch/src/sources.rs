use std::collections::HashMap;
use std::path::Path;

use eyot_plan::{Entry, HostPath, Links, SourceFact, What};
use eyot_sys::{Errno, Error, Handle, Kind, LastLink};

use crate::diagnose::{Explanation, Place, Rule, diagnose};
use crate::placeholder;

/// Everything of the host that a plan is made from, looked up once and held.
///
/// What the plan was checked against is what is mounted: exchanging a path in between changes nothing.
#[derive(Debug, Default)]
pub struct Sources {
    /// By whether a link at the end was followed.
    followed: HashMap<HostPath, Result<Handle, Error>>,
    kept: HashMap<HostPath, Result<Handle, Error>>,
}

impl Sources {
    /// Looks up every source of `entries`. What is missing is remembered too, for [`Sources::fact`].
    pub fn open(entries: &[Entry]) -> Self {
        let mut sources = Self::default();
        for entry in entries {
            let links = links_of(&entry.what);
            for from in entry.sources() {
                let found = sources.found_mut(links);
                if !found.contains_key(from) {
                    found.insert(from.clone(), look_up(from, &entry.what, links));
                }
            }
        }
        sources
    }

    /// What the host has there, for [`eyot_plan::settle`]. Settling also asks about places inside a
    /// source, which are looked up here.
    pub fn fact(&mut self, from: &HostPath, links: Links) -> SourceFact {
        let found = self.found_mut(links);
        if !found.contains_key(from) {
            found.insert(from.clone(), open(from.as_path(), links));
        }
        match &found[from] {
            Err(error) => match error.errno {
                Errno::NOENT | Errno::NOTDIR => SourceFact::Missing,
                errno => SourceFact::Unreachable { reason: reason(error, errno) },
            },
            Ok(handle) => match handle.kind {
                Kind::Directory => SourceFact::Directory,
                Kind::File => SourceFact::File,
                Kind::Symlink => symlink(handle),
                Kind::CharacterDevice { .. } => SourceFact::CharacterDevice,
                Kind::BlockDevice => SourceFact::BlockDevice,
                Kind::Other => SourceFact::Other,
            },
        }
    }

    /// The descriptor held for a source of a settled plan.
    pub(crate) fn handle(&self, from: &HostPath, links: Links) -> Result<&Handle, Error> {
        let found = match links {
            Links::Followed => self.followed.get(from),
            Links::Copied => self.kept.get(from),
        };
        let found = found.or_else(|| {
            // A reserved place that is no link is shown as what it is.
            let unlinked = self.kept.get(from)?;
            let is_link = matches!(unlinked, Ok(handle) if handle.kind == Kind::Symlink);
            (!is_link).then_some(unlinked)
        });
        match found {
            Some(Ok(handle)) => Ok(handle),
            Some(Err(error)) => Err(error.clone()),
            None => Err(missing(from)),
        }
    }
}

impl Sources {
    fn found_mut(&mut self, links: Links) -> &mut HashMap<HostPath, Result<Handle, Error>> {
        match links {
            Links::Followed => &mut self.followed,
            Links::Copied => &mut self.kept,
        }
    }
}

/// The kernel's answer and what is behind it.
fn reason(error: &Error, errno: Errno) -> String {
    match diagnose(error, Place::Unprivileged).map(Rule::explanation) {
        Some(Explanation { rule, remedy, .. }) => format!("{errno}: {rule}; {remedy}"),
        None => errno.to_string(),
    }
}

pub(crate) fn links_of(what: &What) -> Links {
    match what {
        What::Bind { links, .. } => *links,
        // As settling asks for it: what a link leads to is not what is reserved.
        What::Reserved { .. } => Links::Copied,
        _ => Links::Followed,
    }
}

fn look_up(from: &HostPath, what: &What, links: Links) -> Result<Handle, Error> {
    let found = match what {
        What::File { .. } => Handle::open_for_reading(from.as_path())?,
        _ => open(from.as_path(), links)?,
    };
    // The placeholder of another view: this one has to hold it too, or the name would be free when the other ends.
    match what {
        What::Reserved { .. } if placeholder::is_placeholder(&found) => Err(missing(from)),
        _ => Ok(found),
    }
}

fn missing(from: &HostPath) -> Error {
    eyot_sys::Call::Lookup { path: from.as_path().to_owned() }.failed(Errno::NOENT)
}

pub(crate) fn open(path: &Path, links: Links) -> Result<Handle, Error> {
    let last = match links {
        Links::Followed => LastLink::Follow,
        Links::Copied => LastLink::Keep,
    };
    Handle::open(path, last)
}

fn symlink(handle: &Handle) -> SourceFact {
    match handle.link_target().map(String::from_utf8) {
        Ok(Ok(to)) => SourceFact::Symlink { to },
        Ok(Err(_)) => SourceFact::Unreachable { reason: "its target is not UTF-8".into() },
        Err(errno) => SourceFact::Unreachable { reason: errno.to_string() },
    }
}

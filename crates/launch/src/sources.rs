use std::collections::HashMap;
use std::path::Path;

use eyot_plan::{Entry, HostPath, Links, SourceFact, What};
use eyot_sys::{Errno, Error, Handle, Kind, LastLink};

/// Everything of the host that a plan is made from, looked up once and held.
///
/// What the plan was checked against is what is mounted: exchanging a path in between changes nothing.
#[derive(Debug, Default)]
pub struct Sources {
    found: HashMap<(HostPath, Links), Result<Handle, Error>>,
}

impl Sources {
    /// Looks up every source of `entries`. What is missing is remembered too, for [`Sources::fact`].
    pub fn open(entries: &[Entry]) -> Self {
        let mut sources = Self::default();
        for entry in entries {
            let links = links_of(&entry.what);
            for from in entry.sources() {
                sources
                    .found
                    .entry((from.clone(), links))
                    .or_insert_with(|| open(from.as_path(), links));
            }
        }
        sources
    }

    /// What the host has there, for [`eyot_plan::settle`]. Settling also asks about places inside a
    /// source, which are looked up here.
    pub fn fact(&mut self, from: &HostPath, links: Links) -> SourceFact {
        let key = (from.clone(), links);
        match self.found.entry(key).or_insert_with(|| open(from.as_path(), links)) {
            Err(error) => match error.errno {
                Errno::NOENT | Errno::NOTDIR => SourceFact::Missing,
                errno => SourceFact::Unreachable { reason: errno.to_string() },
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
        match self.found.get(&(from.clone(), links)) {
            Some(Ok(handle)) => Ok(handle),
            Some(Err(error)) => Err(error.clone()),
            None => {
                let path = from.as_path().to_owned();
                Err(eyot_sys::Call::Lookup { path }.failed(Errno::NOENT))
            }
        }
    }
}

pub(crate) fn links_of(what: &What) -> Links {
    match what {
        What::Bind { links, .. } => *links,
        _ => Links::Followed,
    }
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

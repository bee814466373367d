//! Foretells what a call will meet: in the view, by its root's descriptor, and on the host for comparison.
//!
//! The supervisor may be root of the host, and the paths are the program's: every lookup stays inside the root it
//! starts from, follows no magic link of `/proc`, and opens nothing but `O_PATH`. What is said about the host goes to
//! the user, who could have looked there; nothing of it goes back into the view.

use std::collections::HashSet;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

use eyot_plan::{Entry, HostPath, Links, Plan, Root, UserNamespace, ViewPath, What};
use eyot_sys::{Errno, FileIdentity, Handle, InRoot, Kind, LastLink, RootIdentity};

use super::call::Intent;
use super::finding::{Loudness, Remedy, Subject, Withheld};

/// As many as the kernel follows (`path_resolution(7)`).
const MOST_LINKS: usize = 40;

#[derive(Debug)]
pub(super) struct Outlook {
    plan: Plan,
    view: OwnedFd,
    host: Handle,
    /// What masks put over what they hide.
    masks: HashSet<FileIdentity>,
}

impl Outlook {
    /// `view` is the view's root.
    pub(super) fn new(plan: Plan, view: OwnedFd) -> Result<Self, eyot_sys::Error> {
        let host = Handle::open(Path::new("/"), LastLink::Follow)?;
        let masks = plan.entries.iter().filter(|entry| matches!(entry.what, What::Mask));
        let identity = |entry: &Entry| {
            let found = InRoot(view.as_fd()).look(entry.at.relative(), LastLink::Follow);
            found.ok().map(|found| found.identity)
        };
        let masks = masks.filter_map(identity).collect();
        Ok(Self { plan, view, host, masks })
    }

    /// What a thread whose root has this identity meets is foretold; one with another root has left for a view of its
    /// own making.
    pub(super) fn is_root(&self, root: RootIdentity) -> bool {
        RootIdentity::of(&self.view) == Ok(root)
    }

    /// What of the view stands against `intent` at the absolute `path`.
    pub(super) fn of(&self, path: &Path, intent: Intent, last: LastLink) -> Option<Withheld> {
        match self.view().look(path, last) {
            Ok(found) if self.masks.contains(&found.identity) => {
                let place = ViewPath::new(found.path().ok()?).ok()?;
                Some(self.hidden_at(&place, intent))
            }
            Ok(found) => match intent {
                Intent::Look | Intent::Make | Intent::MakeOrLook => None,
                Intent::Change | Intent::MakeOrChange => self.unchangeable(&found),
                Intent::Remove => self.unremovable(&found),
            },
            Err(Errno::NOENT | Errno::NOTDIR) => match intent {
                Intent::Look | Intent::Change | Intent::Remove => self.hidden(path, intent),
                Intent::Make => self.unmakeable(path),
                Intent::MakeOrLook | Intent::MakeOrChange => self.unmakeable(&self.link_end(path)?),
            },
            // Permissions and the like: the view's files say so themselves.
            Err(_) => None,
        }
    }

    fn view(&self) -> InRoot<'_> {
        InRoot(self.view.as_fd())
    }

    fn on_host(&self, path: &Path, last: LastLink) -> Option<Handle> {
        InRoot(self.host.as_fd()).look(path, last).ok()
    }

    fn unchangeable(&self, found: &Handle) -> Option<Withheld> {
        match found.kind {
            Kind::File | Kind::Directory | Kind::Symlink => {}
            // Devices, pipes and sockets are written to through a read-only mount as well.
            Kind::CharacterDevice { .. } | Kind::BlockDevice | Kind::Other => return None,
        }
        let place = self.read_only_place(found)?;
        Some(self.read_only(place.clone(), &place, Intent::Change))
    }

    fn unremovable(&self, found: &Handle) -> Option<Withheld> {
        let place = ViewPath::new(found.path().ok()?).ok()?;
        let parent = place.parent()?;
        let holder = self.view().look(parent.as_path(), LastLink::Follow).ok()?;
        if holder.on_read_only_mount() == Ok(true) {
            return Some(self.read_only(place, &parent, Intent::Remove));
        }
        // The kernel answers EBUSY for what something is mounted on (unlink(2), rename(2)).
        let entry = self.plan.entries.iter().find(|entry| entry.at == place && entry.is_mount())?;
        Some(Withheld {
            subject: Subject::Fixed(place.as_path().to_owned()),
            by: format!("a mount of its own by {}", named(entry)),
            remedies: Vec::new(),
            loudness: Loudness::AtOnce,
        })
    }

    fn unmakeable(&self, path: &Path) -> Option<Withheld> {
        let (parent, name) = (path.parent()?, path.file_name()?);
        match self.view().look(parent, LastLink::Follow) {
            Ok(holder) => {
                let holder = self.read_only_place(&holder)?;
                let place = ViewPath::new(holder.as_path().join(name)).ok()?;
                Some(self.read_only(place, &holder, Intent::Make))
            }
            Err(Errno::NOENT | Errno::NOTDIR) => self.hidden(parent, Intent::Change),
            Err(_) => None,
        }
    }

    /// Where `path` itself leads, if it is a link: that is where open(2) makes the file.
    fn link_end(&self, path: &Path) -> Option<PathBuf> {
        match self.view().look(path, LastLink::Keep) {
            // None for /dev/stdout, which leads to whoever asks, and that is not the program.
            Ok(_) => self.place(path),
            Err(_) => Some(path.to_owned()),
        }
    }

    fn read_only_place(&self, found: &Handle) -> Option<ViewPath> {
        match found.on_read_only_mount() {
            Ok(true) => ViewPath::new(found.path().ok()?).ok(),
            Ok(false) | Err(_) => None,
        }
    }

    /// A place that the view lacks; nothing is said of what the host lacks as well, because programs look for many
    /// things that are nowhere.
    fn hidden(&self, path: &Path, intent: Intent) -> Option<Withheld> {
        // Most are nowhere, which is found out before anything else. A link of the view's own may still lead to
        // something of the host.
        if self.on_host(path, LastLink::Keep).is_none() {
            self.view().look(path, LastLink::Keep).ok()?;
        }
        let place = ViewPath::new(self.place(path)?).ok()?;
        self.on_host(place.as_path(), LastLink::Keep)?;
        match self.plan.covering(&place).map(|entry| &entry.what) {
            // What the kernel shows there depends on the namespaces, not on a choice of places.
            Some(What::Kernel { .. }) => None,
            _ => Some(self.hidden_at(&place, intent)),
        }
    }

    fn hidden_at(&self, place: &ViewPath, intent: Intent) -> Withheld {
        let entry = self.plan.covering(place);
        let (by, at) = match (entry, &self.plan.root) {
            (Some(entry), _) => match entry.what {
                // What is below a mask opens with the mask only.
                What::Mask => (format!("masked by {}", named(entry)), Some(&entry.at)),
                _ => (format!("covered by {}", named(entry)), self.made(place)),
            },
            (None, Root::Empty { .. }) => {
                (format!("not part of the view ({})", self.profile()), Some(place))
            }
            (None, Root::Tree { from, .. }) => (format!("not in '{from}', the view's root"), None),
        };
        let remedy = at.and_then(|at| match intent {
            Intent::Change | Intent::Remove => self.writable(at.as_path(), at),
            Intent::Look | Intent::Make | Intent::MakeOrLook | Intent::MakeOrChange => {
                self.readable(at)
            }
        });
        Withheld {
            subject: Subject::Hidden(place.as_path().to_owned()),
            by,
            remedies: remedy.into_iter().collect(),
            loudness: Loudness::AtOnce,
        }
    }

    /// `place`, if a mount point can be made there.
    fn made<'a>(&self, place: &'a ViewPath) -> Option<&'a ViewPath> {
        self.plan.holder_of(place).is_own().then_some(place)
    }

    /// `place` cannot be changed because the mount at `opened` is read-only.
    fn read_only(&self, place: ViewPath, opened: &ViewPath, intent: Intent) -> Withheld {
        let entry = self.plan.covering(opened);
        let by = match (entry, &self.plan.root) {
            (Some(entry), _) => named(entry),
            (None, Root::Empty { .. }) => format!("the view's own root ({})", self.profile()),
            (None, Root::Tree { from, .. }) => format!("'{from}', the view's root"),
        };
        Withheld {
            remedies: self.opened(entry, &place, opened, intent).into_iter().collect(),
            subject: Subject::ReadOnly(place.as_path().to_owned()),
            by,
            loudness: Loudness::AtOnce,
        }
    }

    /// What makes `opened` writable, as far as the command line can.
    fn opened(
        &self,
        entry: Option<&Entry>,
        place: &ViewPath,
        opened: &ViewPath,
        intent: Intent,
    ) -> Option<Remedy> {
        let own = || match intent {
            Intent::Make => Remedy::place("--dir", place.as_path()),
            _ => None,
        };
        let entry = match (entry, &self.plan.root) {
            (Some(entry), _) => entry,
            (None, Root::Empty { .. }) => return own(),
            (None, Root::Tree { from, .. }) => {
                return self.writable(&moved(opened, &ViewPath::new("/").ok()?, from), opened);
            }
        };
        match &entry.what {
            What::Bind { from, links: Links::Followed, .. } => {
                self.writable(&moved(opened, &entry.at, from), opened)
            }
            What::Directory { .. } => own(),
            // What lies beneath is either the host's, and then it can be shown writable, or the kernel's.
            What::SelfBind => {
                let below = self.plan.entries.iter().rev().find(|below| {
                    below.at.contains(opened) && !matches!(below.what, What::SelfBind)
                });
                match below.map(|entry| &entry.what) {
                    Some(What::Bind { .. }) => self.opened(below, place, opened, intent),
                    _ => None,
                }
            }
            What::Bind { .. }
            | What::Tmpfs { .. }
            | What::Scratch { .. }
            | What::Overlay { .. }
            | What::File { .. }
            | What::Symlink { .. }
            | What::Mask
            | What::Reserved { .. }
            | What::Device { .. }
            | What::Kernel { .. } => None,
        }
    }

    /// `--ro`, where whoever runs eyot may read the place at all.
    fn readable(&self, at: &ViewPath) -> Option<Remedy> {
        let host = self.on_host(at.as_path(), LastLink::Follow)?;
        host.may_be_read().then(|| Remedy::place("--ro", at.as_path()))?
    }

    /// `--rw`, where whoever runs eyot may write to `from` at all.
    fn writable(&self, from: &Path, at: &ViewPath) -> Option<Remedy> {
        let host = self.on_host(from, LastLink::Follow)?;
        if !host.may_be_written() {
            return None;
        }
        let remedy = match from == at.as_path() {
            true => Remedy::place("--rw", from)?,
            false => Remedy::from_at("--rw", from, at.as_path())?,
        };
        Some(match (self.plan.isolation.user, host.owner.0) {
            (UserNamespace::Block, 0) => remedy.and("--allow", "root-owned"),
            _ => remedy,
        })
    }

    fn profile(&self) -> String {
        format!("profile {}", self.plan.profile)
    }

    /// Where `path` would be in the view, free of links.
    fn place(&self, path: &Path) -> Option<PathBuf> {
        let mut path = path.to_owned();
        for _ in 0..MOST_LINKS {
            let (there, rest) = self.deepest(&path)?;
            let Some((next, rest)) = rest.split_first() else { return Some(there) };
            let link = there.join(next);
            match self.view().look(&link, LastLink::Keep) {
                // A link that leads nowhere. One that leads to whoever asks, as /proc/self does, the supervisor cannot
                // read, and there it has nothing to say.
                Ok(found) if found.kind == Kind::Symlink => {
                    let target = found.link_target().ok()?;
                    let target = PathBuf::from(std::ffi::OsString::from_vec(target));
                    path = there.join(target);
                    path.extend(rest);
                }
                _ => {
                    let mut place = link;
                    place.extend(rest);
                    return Some(place);
                }
            }
        }
        None
    }

    /// How far `path` leads in the view, free of links, and what is left of it.
    fn deepest(&self, path: &Path) -> Option<(PathBuf, Vec<PathBuf>)> {
        let mut rest = Vec::new();
        for there in path.ancestors() {
            match self.view().look(there, LastLink::Follow) {
                Ok(found) => {
                    rest.reverse();
                    return Some((found.path().ok()?, rest));
                }
                Err(Errno::NOENT | Errno::NOTDIR) => match there.components().next_back()? {
                    Component::Normal(name) => rest.push(PathBuf::from(name)),
                    // '..' behind something that is missing leads nowhere.
                    _ => return None,
                },
                Err(_) => return None,
            }
        }
        None
    }
}

fn named(entry: &Entry) -> String {
    format!("'{entry}' ({})", entry.origin)
}

/// The host's path of `place`, which lies below `at`, where `from` is shown.
fn moved(place: &ViewPath, at: &ViewPath, from: &HostPath) -> PathBuf {
    let below = place.as_path().strip_prefix(at.as_path()).unwrap_or(Path::new(""));
    if below.as_os_str().is_empty() {
        from.as_path().to_owned()
    } else {
        from.as_path().join(below)
    }
}

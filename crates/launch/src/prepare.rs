//! Turns what a plan takes from the host into mounts that are attached nowhere yet.
//!
//! From here on no host path is looked up again. Each mount is restricted before anybody can reach it.

use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use eyot_plan::{
    Access, Content, Entry, HostPath, Links, Owner, Plan, Root, RootOwned, Upper, UserNamespace,
    What,
};
use eyot_sys::{Attributes, DetachedMount, Errno, Handle, IdRange, Kind, Reach};

use crate::diagnose::Place;
use crate::error::{Attempt, Cause, LaunchError};
use crate::ids::IdBlock;
use crate::own_program::{self, OwnProgram};
use crate::sources::Sources;

/// The parts of a view that come from the host, in the order of the plan's entries.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    pub(crate) root: Option<DetachedMount>,
    pub(crate) parts: Vec<Part>,
    /// Eyot's own executable, where the view could write it otherwise.
    pub(crate) own_program: Option<OwnProgram>,
    /// What was done less openly than the plan says, for the report.
    pub(crate) notes: Vec<String>,
}

#[derive(Debug)]
pub(crate) enum Part {
    /// What a small file of the host holds.
    Content(Vec<u8>),
    /// Made later, from nothing of the host.
    Own,
    Bind {
        mount: DetachedMount,
        kind: Kind,
    },
    Device {
        mount: Option<DetachedMount>,
        number: u64,
    },
    Layers {
        lower: Vec<DetachedMount>,
        upper: Option<DetachedMount>,
    },
}

/// Who the view's user is on the host, and the namespaces that map owners to it.
#[derive(Debug)]
pub(crate) struct Ids {
    pub(crate) block: Option<IdBlock>,
    /// The user namespace the command will run in, if it is made beforehand.
    pub(crate) namespace: Option<OwnedFd>,
    /// The view's user and group as host ids.
    pub(crate) host: (u32, u32),
    inside: (u32, u32),
    maps: HashMap<(u32, u32), OwnedFd>,
}

impl Ids {
    pub(crate) fn new(
        plan: &Plan,
        block: Option<IdBlock>,
        caller: (u32, u32),
    ) -> Result<Self, eyot_sys::Error> {
        let inside = (plan.identity.uid, plan.identity.gid);
        let (namespace, host) = match (&block, plan.isolation.user) {
            (Some(block), UserNamespace::Block) => {
                let all =
                    [IdRange { inside: 0, outside: block.first, count: crate::ids::BLOCK_SIZE }];
                let namespace = eyot_sys::new_user_namespace(&all, &all)?;
                (Some(namespace), (block.first + inside.0, block.first + inside.1))
            }
            (_, UserNamespace::Host) => (None, inside),
            (_, UserNamespace::Block | UserNamespace::CallersId) => (None, caller),
        };
        Ok(Self { block, namespace, host, inside, maps: HashMap::new() })
    }

    /// A user namespace whose only mapping is from `owner` on disk to the view's user.
    fn map_from(&mut self, owner: (u32, u32), access: Access) -> Result<&OwnedFd, eyot_sys::Error> {
        // For reading, the view's own namespace serves where it maps the owner to the same user: one clone less.
        // For writing it would let other ids of the block through to the disk.
        if access == Access::ReadOnly
            && owner == self.inside
            && let Some(namespace) = &self.namespace
        {
            return Ok(namespace);
        }
        match self.maps.entry(owner) {
            std::collections::hash_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let one = |inside, outside| [IdRange { inside, outside, count: 1 }];
                let uids = one(owner.0, self.host.0);
                let gids = one(owner.1, self.host.1);
                Ok(entry.insert(eyot_sys::new_user_namespace(&uids, &gids)?))
            }
        }
    }
}

/// Prepares everything that `plan` takes from the host.
pub(crate) fn prepare(
    plan: &Plan,
    sources: &Sources,
    ids: &mut Ids,
    place: Place,
) -> Result<Prepared, LaunchError> {
    let mut prepared = Prepared::default();
    let makes_nodes = place == Place::Host && eyot_sys::may_make_devices();
    let mut preparer = Preparer { plan, sources, ids, place, makes_nodes, notes: Vec::new() };
    if let Root::Tree { from, access, .. } = &plan.root {
        let failed = |cause| {
            let what = format!("show '{from}' as the root");
            LaunchError { attempt: Attempt::Step { what }, cause: Box::new(cause), place }
        };
        let tree = preparer.root(from, *access).map_err(failed)?;
        prepared.root = Some(tree);
    }
    let total = plan.entries.len();
    for (index, entry) in plan.entries.iter().enumerate() {
        let part = preparer.part(entry).map_err(|cause| LaunchError {
            attempt: Attempt::Entry { entry: entry.to_string(), number: index + 1, total },
            cause: Box::new(cause),
            place,
        })?;
        prepared.parts.push(part);
    }
    prepared.notes = preparer.notes;
    prepared.own_program = own_program::prepare(plan, ids.host, place)
        .map_err(|error| LaunchError::step("protect eyot's own executable", place, error))?;
    Ok(prepared)
}

/// What is copied into the view's memory is small; a large file is bound instead.
const COPY_LIMIT: u64 = 1 << 20;

struct Preparer<'a> {
    plan: &'a Plan,
    sources: &'a Sources,
    ids: &'a mut Ids,
    place: Place,
    makes_nodes: bool,
    notes: Vec<String>,
}

impl<'a> Preparer<'a> {
    fn root(&mut self, from: &HostPath, access: Access) -> Result<DetachedMount, Cause> {
        let source = self.source(from, Links::Followed)?;
        self.bind(from, &source, access, Owner::AsOnDisk)
    }

    fn part(&mut self, entry: &Entry) -> Result<Part, Cause> {
        match &entry.what {
            What::Bind { from, owner, links } => {
                let source = self.source(from, *links)?;
                let kind = source.kind();
                Ok(Part::Bind { mount: self.bind(from, &source, entry.access, *owner)?, kind })
            }
            What::Device { from } => self.device(from, entry),
            What::File { content: Content::CopyOf(from), .. } => {
                Ok(Part::Content(self.sources.handle(from, Links::Followed)?.content(COPY_LIMIT)?))
            }
            What::Overlay { lower, upper } => self.layers(lower, upper),
            What::Tmpfs { .. }
            | What::Scratch { .. }
            | What::File { .. }
            | What::Directory { .. }
            | What::Symlink { .. }
            | What::Mask
            | What::SelfBind
            | What::Reserved { .. }
            | What::Kernel { .. } => Ok(Part::Own),
        }
    }

    /// The descriptor of a source, usable in the mount namespace this process is in.
    ///
    /// A mount can only be cloned by descriptor in the namespace it belongs to. In a copy of the host's namespace the
    /// path is looked up again, and must lead to the same file as before.
    fn source(&self, from: &HostPath, links: Links) -> Result<Source<'a>, Cause> {
        let held = self.sources.handle(from, links)?;
        if self.place == Place::Host {
            return Ok(Source::Held(held));
        }
        let again = crate::sources::open(from.as_path(), links)?;
        if again.identity != held.identity {
            return Err(Cause::Policy {
                why: format!("'{from}' was exchanged while the view was being made"),
                remedy: "try again when nobody changes it".into(),
            });
        }
        Ok(Source::Again(again))
    }

    fn device(&self, from: &HostPath, entry: &Entry) -> Result<Part, Cause> {
        let source = self.source(from, Links::Followed)?;
        let Kind::CharacterDevice { number } = source.kind() else {
            return Err(Cause::Policy {
                why: format!("'{from}' is no longer a character device"),
                remedy: "look who exchanged it".into(),
            });
        };
        let clone = || {
            let mount = DetachedMount::clone_of(&source, from.as_path(), Reach::WholeTree)?;
            let attributes = Attributes { no_suid: true, no_exec: true, ..Attributes::default() };
            mount.restrict(from.as_path(), attributes, Reach::WholeTree)?;
            Ok::<_, eyot_sys::Error>(mount)
        };
        // Root makes a node of its own in the view's /dev, which costs no mount; that of a container may lack the right to,
        // and elsewhere no device can be opened.
        let own_node = self.makes_nodes && self.plan.is_among_devices(&entry.at);
        let mount = if own_node { None } else { Some(clone()?) };
        Ok(Part::Device { mount, number })
    }

    fn layers(&mut self, lower: &[HostPath], upper: &Upper) -> Result<Part, Cause> {
        let mut layers = Vec::new();
        for from in lower {
            let source = self.source(from, Links::Followed)?;
            layers.push(self.bind(from, &source, Access::ReadOnly, Owner::Mapped)?);
        }
        let upper = match upper {
            Upper::None | Upper::Discarded => None,
            Upper::Kept(from) => {
                let source = self.source(from, Links::Followed)?;
                Some(self.bind(from, &source, Access::ReadWrite, Owner::Mapped)?)
            }
        };
        Ok(Part::Layers { lower: layers, upper })
    }

    fn bind(
        &mut self,
        from: &HostPath,
        source: &Source<'_>,
        access: Access,
        owner: Owner,
    ) -> Result<DetachedMount, Cause> {
        let path = from.as_path();
        if access == Access::ReadWrite && source.handle().on_read_only_mount() == Ok(true) {
            return Err(Cause::Policy {
                why: format!("'{from}' lies on a mount that is read-only on the host"),
                remedy: "ask for it read-only, or mount it writable on the host first".into(),
            });
        }
        let mount = match DetachedMount::clone_of(source, path, Reach::WholeTree) {
            Err(error) if error.errno == Errno::INVAL && is_unbindable(source) => {
                return Err(Cause::Policy {
                    why: format!("'{from}' lies on a mount that must not be bound (unbindable)"),
                    remedy: "make it private on the host (mount --make-private)".into(),
                });
            }
            result => result?,
        };
        let attributes = match access {
            Access::ReadOnly => Attributes::DATA.read_only(),
            Access::ReadWrite => Attributes::DATA,
        };
        mount.restrict(path, attributes, Reach::WholeTree)?;
        if owner == Owner::Mapped && self.plan.isolation.user == UserNamespace::Block {
            self.map_owner(&mount, from, source.owner(), access)?;
        }
        Ok(mount)
    }

    fn map_owner(
        &mut self,
        mount: &DetachedMount,
        from: &HostPath,
        owner: (u32, u32),
        access: Access,
    ) -> Result<(), Cause> {
        let root_owned = owner.0 == 0 && access == Access::ReadWrite;
        if root_owned && self.plan.confinement.root_owned == RootOwned::Refused {
            return Err(Cause::Policy {
                why: format!(
                    "'{from}' belongs to root on disk; whoever writes there as root could leave a set-user-ID program \
                     of root on the host"
                ),
                remedy: "give the directory to an ordinary user (chown), or say --allow root-owned"
                    .into(),
            });
        }
        let map = self.ids.map_from(owner, access)?;
        match mount.map_ids(from.as_path(), map.as_fd()) {
            // Owners as on disk let the view do less, never more, so reading goes on.
            Err(error) if error.errno == Errno::INVAL && access == Access::ReadOnly => {
                self.notes
                    .push(format!("the file system of '{from}' shows owners as on disk only"));
                Ok(())
            }
            result => Ok(result?),
        }
    }
}

/// Whether the mount of `source` is unbindable (`mount_namespaces(7)`), as far as `/proc` tells.
fn is_unbindable(source: &Source<'_>) -> bool {
    let number = source.as_fd().as_raw_fd();
    let about = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let Some(mount) = about.lines().find_map(|line| line.strip_prefix("mnt_id:")) else {
        return false;
    };
    // ID PARENT MAJOR:MINOR ROOT PLACE OPTIONS [PROPAGATION…] - …: proc_pid_mountinfo(5).
    mounts.lines().any(|line| {
        let mut fields = line.split(' ');
        fields.next() == Some(mount.trim())
            && fields.skip(5).take_while(|field| *field != "-").any(|it| it == "unbindable")
    })
}

/// A source of a plan, by a descriptor that can be cloned here.
#[derive(Debug)]
enum Source<'a> {
    Held(&'a Handle),
    Again(Handle),
}

impl Source<'_> {
    fn handle(&self) -> &Handle {
        match self {
            Source::Held(handle) => handle,
            Source::Again(handle) => handle,
        }
    }

    fn kind(&self) -> Kind {
        self.handle().kind
    }

    fn owner(&self) -> (u32, u32) {
        self.handle().owner
    }
}

impl AsFd for Source<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle().as_fd()
    }
}

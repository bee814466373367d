//! Puts a view together in a fresh mount namespace and makes it the root.
//!
//! Runs in the process that becomes the view's init: already in the new namespaces, still in the user namespace that
//! will own the mounts. Everything lies in one memory file system: the root, and the scratch directories that are shown
//! at `/tmp` and elsewhere by mounts of their own.

mod overlay;

use std::collections::HashMap;
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use eyot_plan::{
    Access, CgroupLayout, Content, Entry, Holder, KernelFilesystem, Plan, Presence, Root, ViewPath,
    What,
};
use eyot_sys::{
    AttachedMount, Attributes, DetachedMount, Errno, Error, Handle, InRoot, Kind, Kinds, LastLink,
    Parameter, Reach,
};

use crate::diagnose::Place;
use crate::error::{Attempt, Cause, LaunchError};
use crate::nursery::GROUND;
use crate::placeholder::{self, Form};
use crate::prepare::{Part, Prepared};
use crate::start::Surrounding;

/// What the entries of a plan need besides the plan.
pub(crate) struct Surroundings<'a> {
    pub(crate) plan: &'a Plan,
    /// The view's user and group as ids of the user namespace that owns the mounts.
    pub(crate) owner: (u32, u32),
    pub(crate) place: Place,
    pub(crate) surrounding: Surrounding,
    pub(crate) cgroups: CgroupLayout,
    /// The hierarchies of version 1 that limit this view.
    pub(crate) limited: Vec<String>,
    /// Texts of files that the caller gave by descriptor.
    pub(crate) descriptors: &'a HashMap<i32, Vec<u8>>,
}

impl Surroundings<'_> {
    fn text<'c>(&'c self, content: &'c Content) -> &'c [u8] {
        match content {
            Content::Text(text) => text.as_bytes(),
            Content::Descriptor(number) => {
                self.descriptors.get(number).map(Vec::as_slice).unwrap_or_default()
            }
            // Read when the host's part was prepared.
            Content::CopyOf(_) => &[],
        }
    }
}

/// Makes the view and enters it: afterwards `/` is the view's root.
pub(crate) fn assemble(around: &Surroundings<'_>, prepared: Prepared) -> Result<(), LaunchError> {
    let step = |what: &str, error: Error| LaunchError::step(what, around.place, error);
    let ground = Ground::make(around).map_err(|error| step("make the view's memory", error))?;
    let root =
        ground.attach_root(prepared.root).map_err(|error| step("make the view's root", error))?;

    let total = around.plan.entries.len();
    let mut view = Assembly { around, ground, root, devices: Vec::new(), parent: None, made: 0 };
    for (index, (entry, part)) in around.plan.entries.iter().zip(prepared.parts).enumerate() {
        view.place(entry, part).map_err(|cause| LaunchError {
            attempt: Attempt::Entry { entry: entry.to_string(), number: index + 1, total },
            cause: Box::new(cause),
            place: around.place,
        })?;
    }
    view.finish().map_err(|error| step("enter the view", error))
}

/// The memory file system that everything of the view's own lies in.
struct Ground {
    mount: AttachedMount,
    /// How many mounts lie over the old root.
    above: usize,
}

impl Ground {
    fn make(around: &Surroundings<'_>) -> Result<Self, Error> {
        let (Root::Empty { size } | Root::Tree { size, .. }) = &around.plan.root;
        let size = size.map(|size| size.to_string());
        let mut parameters = vec![Parameter::Text("mode", "0755")];
        parameters.extend(size.as_deref().map(|size| Parameter::Text("size", size)));
        // Devices are shut out mount by mount, because the view's /dev lies here too.
        let attributes = Attributes { no_suid: true, ..Attributes::default() };
        let mount = DetachedMount::filesystem("tmpfs", &parameters, attributes)?;
        mount.restrict(Path::new("/"), attributes, Reach::OneMount)?;
        // Attached, because before Linux 6.15 parts of a detached mount cannot be cloned. The nursery has a place for it;
        // a copy of the host's mounts has none that is sure, so there it goes over the root.
        let (over, above) = match Handle::open(Path::new(GROUND), LastLink::Keep) {
            Ok(place) if around.surrounding == Surrounding::Nursery => (place, 0),
            _ => (Handle::open(Path::new("/"), LastLink::Follow)?, 1),
        };
        let mount = mount.attach(&over, Path::new("/"))?;
        Ok(Self { mount, above })
    }

    fn attach_root(&self, tree: Option<DetachedMount>) -> Result<AttachedMount, Error> {
        let own = self.directory(c"root", 0o755, (0, 0), Owned::Maker)?;
        let target = InRoot(self.mount.as_fd()).find(Path::new("root"))?;
        match tree {
            Some(tree) => tree.attach(&target, Path::new("/")),
            None => own.attach(&target, Path::new("/")),
        }
    }

    /// A directory of the ground as a mount of its own.
    fn directory(
        &self,
        name: &std::ffi::CStr,
        mode: u32,
        owner: (u32, u32),
        owned: Owned,
    ) -> Result<DetachedMount, Error> {
        match owned {
            Owned::View => eyot_sys::make_owned_directory(&self.mount, name, mode, owner)?,
            Owned::Maker => eyot_sys::make_directory(&self.mount, name, mode)?,
        }
        let mount = DetachedMount::clone_below(&self.mount, name, Reach::OneMount)?;
        Ok(mount)
    }
}

/// Who a directory of the ground belongs to.
#[derive(Clone, Copy)]
enum Owned {
    View,
    Maker,
}

struct Assembly<'a> {
    around: &'a Surroundings<'a>,
    ground: Ground,
    root: AttachedMount,
    /// The view's /dev, kept writable until every node is there.
    devices: Vec<(ViewPath, AttachedMount)>,
    /// The directory that the last entry went into: the next one mostly goes there too.
    parent: Option<(ViewPath, OwnedFd)>,
    made: usize,
}

impl Assembly<'_> {
    fn place(&mut self, entry: &Entry, part: Part) -> Result<(), Cause> {
        let at = entry.at.relative();
        match (&entry.what, part) {
            (_, Part::Bind { mount, kind }) => {
                self.mount_at(entry, kind, mount)?;
            }
            (_, Part::Device { mount, number }) => self.device(entry, mount, number)?,
            (What::Overlay { upper, .. }, Part::Layers { lower, upper: kept }) => {
                self.overlay(entry, upper, lower, kept)?;
            }
            (What::Tmpfs { size, mode }, _) => self.tmpfs(entry, *size, *mode)?,
            (What::Directory { mode }, _) if self.holds_devices(entry) => {
                let mount = self.own_directory(*mode, Owned::Maker)?;
                let mount = self.mount_at(entry, Kind::Directory, mount)?;
                self.devices.push((entry.at.clone(), mount));
            }
            (What::Scratch { mode }, _) => {
                let mount = self.own_directory(*mode, Owned::View)?;
                mount.restrict(entry.at.as_path(), self.attributes(entry), Reach::OneMount)?;
                self.mount_at(entry, Kind::Directory, mount)?;
            }
            (What::Directory { mode }, _) => drop(self.in_root().make_directory(at, *mode)?),
            (What::File { mode, .. }, Part::Content(bytes)) => self.file(entry, &bytes, *mode)?,
            (What::File { content, mode }, _) => {
                let around = self.around;
                self.file(entry, around.text(content), *mode)?;
            }
            (What::Symlink { to }, _) => {
                if self.is_written_to_the_host(&entry.at) {
                    return Err(not_the_views_own(entry));
                }
                let owner = self.owner_of_names(&entry.at);
                let (parent, name) = self.own_parent(&entry.at)?;
                eyot_sys::make_symlink(parent, &name, to)?;
                if let Some(owner) = owner {
                    eyot_sys::give(parent, &name, owner)?;
                }
            }
            (What::Mask, _) => self.mask(entry)?,
            (What::SelfBind, _) => self.self_bind(entry)?,
            (What::Kernel { filesystem }, _) => self.kernel(entry, *filesystem)?,
            (What::Reserved { placeholder, .. }, _) => self.reserve(entry, placeholder)?,
            (What::Bind { .. } | What::Device { .. } | What::Overlay { .. }, _) => {}
        }
        Ok(())
    }

    /// Takes away what was only needed while the view was made, and makes it the root.
    fn finish(self) -> Result<(), Error> {
        for (at, devices) in &self.devices {
            let attributes = Attributes { no_dev: false, ..Attributes::DATA.read_only().no_exec() };
            devices.restrict(at.as_path(), attributes)?;
        }
        if matches!(self.around.plan.root, Root::Empty { .. }) {
            self.root.restrict(Path::new("/"), Attributes::DATA.read_only())?;
        }
        eyot_sys::pivot_to(&self.root, self.ground.above)
    }

    fn in_root(&self) -> InRoot<'_> {
        InRoot(self.root.as_fd())
    }

    fn attributes(&self, entry: &Entry) -> Attributes {
        match entry.access {
            Access::ReadOnly => Attributes::DATA.read_only(),
            Access::ReadWrite => Attributes::DATA,
        }
    }

    /// Mounts at an entry's place, which is made where it is missing and the place is the view's own.
    fn mount_at(
        &mut self,
        entry: &Entry,
        kind: Kind,
        mount: DetachedMount,
    ) -> Result<AttachedMount, Error> {
        let shown = entry.at.as_path();
        if self.around.plan.holder_of(&entry.at) == Holder::Foreign {
            let target = self.in_root().find(entry.at.relative())?;
            return mount.attach(&target, shown);
        }
        let (parent, name) = self.own_parent(&entry.at)?;
        let made = match kind {
            Kind::Directory => eyot_sys::make_directory(parent, &name, 0o755),
            _ => eyot_sys::make_file(parent, &name, b"", 0o444),
        };
        match made {
            Err(error) if error.errno != Errno::EXIST => Err(error),
            _ => mount.attach_below(parent, &name, shown),
        }
    }

    /// The directory of the view's own memory that `at` goes into, and the name there.
    ///
    /// Entries come in order, so nothing is mounted over a directory after it has been remembered here.
    fn own_parent(&mut self, at: &ViewPath) -> Result<(&OwnedFd, CString), Error> {
        let resolving = || eyot_sys::Call::ResolveInRoot { at: at.as_path().to_owned() };
        let invalid = || resolving().failed(Errno::INVAL);
        let parent = at.parent().ok_or_else(invalid)?;
        let name = at.name().ok_or_else(invalid)?;
        let name = CString::new(name.as_bytes()).map_err(|_| invalid())?;
        let remembered = self.parent.take().filter(|(place, _)| *place == parent);
        let descriptor = match remembered {
            Some((_, descriptor)) => descriptor,
            None => match self.owner_of_names(at) {
                Some(owner) => {
                    self.in_root().make_directory_for(parent.relative(), 0o755, owner)?
                }
                None => self.in_root().make_directory(parent.relative(), 0o755)?,
            },
        };
        let (_, descriptor) = self.parent.insert((parent, descriptor));
        Ok((descriptor, name))
    }

    /// Whether a name made at `at` would stay on the host. What is read-only refuses by itself.
    fn is_written_to_the_host(&self, at: &ViewPath) -> bool {
        let plan = self.around.plan;
        let above =
            plan.entries.iter().rev().find(|entry| entry.at != *at && entry.at.contains(at));
        let access = match (above, &plan.root) {
            (Some(entry), _) => entry.access,
            (None, Root::Tree { access, .. }) => *access,
            (None, Root::Empty { .. }) => Access::ReadOnly,
        };
        access == Access::ReadWrite && !plan.holder_of(at).is_own()
    }

    /// Whose the names are that are made at `at`: in memory that the view may write to, the view's user's.
    fn owner_of_names(&self, at: &ViewPath) -> Option<(u32, u32)> {
        let mut nearest_first = self.around.plan.entries.iter().rev();
        let holder = nearest_first.find(|entry| entry.at != *at && entry.at.contains(at));
        let writable = holder.is_some_and(|holder| holder.what.is_own_memory());
        // An ordinary user's maker is that user.
        (writable && self.around.place == Place::Host).then_some(self.around.owner)
    }

    fn own_directory(&mut self, mode: u32, owned: Owned) -> Result<DetachedMount, Error> {
        self.made += 1;
        let name = CString::new(self.made.to_string()).unwrap_or_default();
        self.ground.directory(&name, mode, self.around.owner, owned)
    }

    /// Whether nodes will be made below this directory.
    fn holds_devices(&self, directory: &Entry) -> bool {
        self.around.plan.entries.iter().any(|entry| {
            matches!(entry.what, What::Device { .. }) && directory.at.contains(&entry.at)
        })
    }

    fn device(
        &mut self,
        entry: &Entry,
        mount: Option<DetachedMount>,
        number: u64,
    ) -> Result<(), Error> {
        let in_devices = self.devices.iter().any(|(at, _)| at.contains(&entry.at));
        match mount {
            None if in_devices => {
                let (parent, name) = self.own_parent(&entry.at)?;
                eyot_sys::make_character_device(parent, &name, number, 0o666)
            }
            mount => {
                let mount = match mount {
                    Some(mount) => mount,
                    None => return Err(self.no_place_for_node(entry)),
                };
                self.mount_at(entry, Kind::Other, mount).map(drop)
            }
        }
    }

    fn no_place_for_node(&self, entry: &Entry) -> Error {
        let (at, kinds) = (entry.at.as_path().to_owned(), Kinds::Unknown);
        eyot_sys::Call::Attach { at, kinds }.failed(Errno::NOENT)
    }

    fn tmpfs(&mut self, entry: &Entry, size: Option<u64>, mode: u32) -> Result<(), Error> {
        let size = size.map(|size| size.to_string());
        let mode = format!("{mode:o}");
        let (uid, gid) = (self.around.owner.0.to_string(), self.around.owner.1.to_string());
        let mut parameters = vec![
            Parameter::Text("mode", &mode),
            Parameter::Text("uid", &uid),
            Parameter::Text("gid", &gid),
        ];
        parameters.extend(size.as_deref().map(|size| Parameter::Text("size", size)));
        let mount = DetachedMount::filesystem("tmpfs", &parameters, self.attributes(entry))?;
        self.mount_at(entry, Kind::Directory, mount).map(drop)
    }

    fn file(&mut self, entry: &Entry, bytes: &[u8], mode: u32) -> Result<(), Error> {
        if self.around.plan.holder_of(&entry.at).is_own() {
            let owner = self.owner_of_names(&entry.at);
            let (parent, name) = self.own_parent(&entry.at)?;
            eyot_sys::make_file(parent, &name, bytes, mode)?;
            return owner.map_or(Ok(()), |owner| eyot_sys::give(parent, &name, owner));
        }
        let mount = self.own_file(bytes, mode)?;
        mount.restrict(entry.at.as_path(), self.attributes(entry), Reach::OneMount)?;
        let target = self.in_root().find(entry.at.relative())?;
        mount.attach(&target, entry.at.as_path()).map(drop)
    }

    /// A file of the ground as a mount of its own.
    fn own_file(&mut self, bytes: &[u8], mode: u32) -> Result<DetachedMount, Error> {
        self.made += 1;
        let name = CString::new(self.made.to_string()).unwrap_or_default();
        eyot_sys::make_file(&self.ground.mount, &name, bytes, mode)?;
        DetachedMount::clone_below(&self.ground.mount, &name, Reach::OneMount)
    }

    /// Covers what is there with something empty of the same kind, made by us and not by the view's /dev/null.
    fn mask(&mut self, entry: &Entry) -> Result<(), Error> {
        let at = entry.at.relative();
        let found = match self.in_root().find_last(at) {
            // Nothing to hide.
            Err(error) if matches!(error.errno, Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            result => result?,
        };
        let empty = match found.kind {
            Kind::Directory => self.own_directory(0o555, Owned::Maker)?,
            _ => self.own_file(b"", 0o444)?,
        };
        let attributes = Attributes::DATA.read_only().no_exec();
        empty.restrict(entry.at.as_path(), attributes, Reach::OneMount)?;
        empty.attach(&found, entry.at.as_path()).map(drop)
    }

    fn self_bind(&self, entry: &Entry) -> Result<(), Error> {
        let found = match self.in_root().find_last(entry.at.relative()) {
            Err(error) if error.errno == Errno::NOENT && entry.presence == Presence::Optional => {
                return Ok(());
            }
            result => result?,
        };
        let mount = DetachedMount::clone_of(&found, entry.at.as_path(), Reach::WholeTree)?;
        mount.restrict(entry.at.as_path(), Attributes::DATA.read_only(), Reach::WholeTree)?;
        mount.attach(&found, entry.at.as_path()).map(drop)
    }

    /// Covers the placeholder that the supervisor has put at a name which must stay free.
    fn reserve(&mut self, entry: &Entry, text: &str) -> Result<(), Error> {
        let cover = match placeholder::form_of(text) {
            Form::Directory => self.own_directory(0o555, Owned::Maker)?,
            Form::File => self.own_file(text.as_bytes(), 0o444)?,
        };
        let attributes = Attributes::DATA.read_only().no_exec();
        cover.restrict(entry.at.as_path(), attributes, Reach::OneMount)?;
        let target = self.in_root().find_last(entry.at.relative())?;
        cover.attach(&target, entry.at.as_path()).map(drop)
    }

    fn kernel(&mut self, entry: &Entry, filesystem: KernelFilesystem) -> Result<(), Error> {
        let attributes = match entry.access {
            Access::ReadOnly => Attributes::DATA.read_only().no_exec(),
            Access::ReadWrite => Attributes::DATA.no_exec(),
        };
        let (kind, parameters): (_, &[Parameter<'_>]) = match filesystem {
            KernelFilesystem::Devpts => {
                let mode = [Parameter::Text("ptmxmode", "0666"), Parameter::Text("mode", "0620")];
                return self.mount_kernel(
                    entry,
                    "devpts",
                    &mode,
                    Attributes { no_dev: false, ..attributes },
                );
            }
            KernelFilesystem::Cgroup => match self.around.cgroups {
                CgroupLayout::Unified => ("cgroup2", &[]),
                CgroupLayout::Hybrid | CgroupLayout::Legacy | CgroupLayout::None => {
                    return self.version_1(entry, attributes);
                }
            },
            KernelFilesystem::Proc | KernelFilesystem::Sysfs | KernelFilesystem::Mqueue => {
                (filesystem.name(), &[])
            }
        };
        self.mount_kernel(entry, kind, parameters, attributes)
    }

    /// Version 1 has a mount for each hierarchy. Shown are those that limit the view, so that Java and Go size
    /// themselves by them; of the others the view has no group of its own.
    fn version_1(&mut self, entry: &Entry, attributes: Attributes) -> Result<(), Error> {
        let around = self.around;
        if around.limited.is_empty() {
            return Ok(());
        }
        let holder = self.own_directory(0o755, Owned::Maker)?;
        let holder = self.mount_at(entry, Kind::Directory, holder)?;
        for hierarchy in &around.limited {
            let name = CString::new(hierarchy.as_str()).unwrap_or_default();
            eyot_sys::make_directory(&holder, &name, 0o755)?;
            let controllers: Vec<&str> = hierarchy.split(',').collect();
            let parameters: Vec<Parameter<'_>> =
                controllers.iter().map(|name| Parameter::Flag(name)).collect();
            let mount = DetachedMount::filesystem("cgroup", &parameters, attributes)?;
            mount.attach_below(&holder, &name, entry.at.as_path())?;
            for controller in controllers.iter().filter(|_| controllers.len() > 1) {
                let link = CString::new(*controller).unwrap_or_default();
                eyot_sys::make_symlink(&holder, &link, hierarchy)?;
            }
        }
        holder.restrict(entry.at.as_path(), attributes)
    }

    fn mount_kernel(
        &mut self,
        entry: &Entry,
        kind: &str,
        parameters: &[Parameter<'_>],
        attributes: Attributes,
    ) -> Result<(), Error> {
        let mount = DetachedMount::filesystem(kind, parameters, attributes)?;
        self.mount_at(entry, Kind::Directory, mount).map(drop)
    }
}

/// A link cannot be mounted, so it would have to be written to what the entry above shows of the host, and stay there.
fn not_the_views_own(entry: &Entry) -> Cause {
    Cause::Policy {
        why: format!("'{}' lies in a tree that is not the view's own", entry.at),
        remedy: "make the link there on the host, or put an overlay or tmpfs above it".into(),
    }
}

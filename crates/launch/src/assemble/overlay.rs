use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use eyot_plan::{Entry, Upper};
use eyot_sys::{Attributes, BorrowedFileIds, DetachedMount, Errno, Error, InRoot, Kind, Parameter};

use super::{Assembly, Owned};
use crate::diagnose::Place;

impl Assembly<'_> {
    pub(super) fn overlay(
        &mut self,
        entry: &Entry,
        upper: &Upper,
        lower: Vec<DetachedMount>,
        kept: Option<DetachedMount>,
    ) -> Result<(), Error> {
        let changes = match upper {
            Upper::None => None,
            Upper::Discarded => Some(self.own_directory(0o755, Owned::View)?),
            Upper::Kept(_) => kept,
        };
        // The maker's own id means nothing on a mount that maps the owner of the kept changes to the view's user; overlay
        // itself writes there as whoever mounts it.
        let kept_by_view = matches!(upper, Upper::Kept(_)) && self.around.place == Place::Host;
        let (uid, gid) = self.around.owner;
        let as_owner = kept_by_view.then(|| BorrowedFileIds::of(uid, gid)).transpose()?;
        let directories = match &changes {
            None => None,
            Some(changes) => Some(overlay_directories(changes, upper, self.around.owner)?),
        };
        let mut parameters: Vec<Parameter<'_>> =
            lower.iter().map(|layer| Parameter::Descriptor("lowerdir+", layer.as_fd())).collect();
        if let Some((upper, work)) = &directories {
            parameters.push(Parameter::Descriptor("upperdir", upper.as_fd()));
            parameters.push(Parameter::Descriptor("workdir", work.as_fd()));
        }
        parameters.extend(self.overlay_mode());
        let attributes = self.attributes(entry);
        let mount = match DetachedMount::filesystem("overlay", &parameters, attributes) {
            // KERNEL(6.13): before, layers could not be given by descriptor.
            Err(error) if is_set(&error) && error.errno == Errno::INVAL => {
                drop(directories);
                self.overlay_by_name(lower, changes, upper, attributes)?
            }
            result => result?,
        };
        drop(as_owner);
        self.mount_at(entry, Kind::Directory, mount).map(drop)
    }

    /// In a user namespace overlay may not use trusted.* attributes (overlayfs.rst, "userxattr").
    fn overlay_mode(&self) -> Option<Parameter<'static>> {
        (self.around.place != Place::Host).then_some(Parameter::Flag("userxattr"))
    }

    /// An overlay of layers given by name, as every kernel takes them.
    ///
    /// The names are our own, in the ground and relative to it: short, because one parameter has at most 255 bytes, and of
    /// mounts attached there, because older kernels use no detached mount as a layer. They go away with the ground.
    fn overlay_by_name(
        &mut self,
        lower: Vec<DetachedMount>,
        changes: Option<DetachedMount>,
        upper: &Upper,
        attributes: Attributes,
    ) -> Result<DetachedMount, Error> {
        let mut names = Vec::new();
        for layer in lower {
            names.push(self.attach_to_ground(layer)?);
        }
        let names = names.join(":");
        let mut parameters = vec![Parameter::Text("lowerdir", &names)];
        let changes = changes.map(|changes| self.attach_to_ground(changes)).transpose()?;
        let work = match upper {
            Upper::Kept(_) => KEPT_WORK,
            Upper::None | Upper::Discarded => "work",
        };
        let directories = changes.map(|name| (format!("{name}/upper"), format!("{name}/{work}")));
        if let Some((upper, work)) = &directories {
            parameters.push(Parameter::Text("upperdir", upper));
            parameters.push(Parameter::Text("workdir", work));
        }
        parameters.extend(self.overlay_mode());
        eyot_sys::enter_directory(&self.ground.mount)?;
        DetachedMount::filesystem("overlay", &parameters, attributes)
    }

    fn attach_to_ground(&mut self, mount: DetachedMount) -> Result<String, Error> {
        self.made += 1;
        let name = self.made.to_string();
        let at = CString::new(name.as_str()).unwrap_or_default();
        eyot_sys::make_directory(&self.ground.mount, &at, 0o700)?;
        mount.attach_below(&self.ground.mount, &at, Path::new(&name))?;
        Ok(name)
    }
}

/// Whether `error` is about giving a file system a parameter.
fn is_set(error: &Error) -> bool {
    matches!(&error.call, eyot_sys::Call::NewFilesystem { step, .. } if step.starts_with("set "))
}

/// The work directory beside changes that are kept, which are the user's own.
const KEPT_WORK: &str = ".eyot-work";

/// The two directories overlay writes to, on one mount as it demands.
fn overlay_directories(
    changes: &DetachedMount,
    upper: &Upper,
    owner: (u32, u32),
) -> Result<(OwnedFd, OwnedFd), Error> {
    let inside = InRoot(changes.as_fd());
    match upper {
        Upper::Kept(_) => {
            let work = inside.make_directory(Path::new(KEPT_WORK), 0o700)?;
            Ok((inside.make_directory(Path::new("upper"), 0o755)?, work))
        }
        Upper::None | Upper::Discarded => {
            eyot_sys::make_owned_directory(changes, c"upper", 0o755, owner)?;
            eyot_sys::make_owned_directory(changes, c"work", 0o700, owner)?;
            Ok((inside.find(Path::new("upper"))?, inside.find(Path::new("work"))?))
        }
    }
}

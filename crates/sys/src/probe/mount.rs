#![allow(unsafe_code, reason = "statmount(2), listmount(2) and open_tree_attr(2) have no wrapper")]

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

use rustix::io::Errno;
use rustix::mount::{MoveMountFlags, OpenTreeFlags, UnmountFlags, move_mount, open_tree, unmount};

use super::namespace::map_same;
use super::{Answer, before};
use crate::error::{Call, Error, last_errno};
use crate::lookup::{Handle, InRoot, LastLink};
use crate::mount::{AttachedMount, Attributes, DetachedMount, Parameter, Reach, mount_setattr};
use crate::namespace::{Fork, Namespaces, fork_into, open_namespace, open_own_proc};
use crate::process::{effective_ids, end, pipe, read_byte, write_all};

/// A file system of its own of this kind, as detached mount: `fsopen(2)` to `fsmount(2)`.
pub fn filesystem(kind: &str, parameters: &[Parameter<'_>]) -> Answer {
    DetachedMount::filesystem(kind, parameters, Attributes::DATA)?;
    Ok(())
}

/// The same, read-only: where the kernel's own file systems are locked read-only, they can be had anew only so.
pub fn read_only_filesystem(kind: &str) -> Answer {
    DetachedMount::filesystem(kind, &[], Attributes::DATA.read_only())?;
    Ok(())
}

/// Restricting a bind before it is attached: `open_tree(2)`, `mount_setattr(2)`.
pub fn restricted_bind() -> Answer {
    let root = Path::new("/");
    let tree = DetachedMount::clone_of(open(root)?, root, Reach::WholeTree)?;
    Ok(tree.restrict(root, Attributes::DATA.read_only(), Reach::WholeTree)?)
}

/// An overlay whose layers are given as text.
pub fn overlay() -> Answer {
    before(ground())?;
    // The ground lies over the root, so only a path that starts at its descriptor leads there.
    let layers = before(Layers::make())?;
    let path = |layer: &OwnedFd| format!("/proc/self/fd/{}", layer.as_raw_fd());
    let (lower, upper, work) = (path(&layers.lower), path(&layers.upper), path(&layers.work));
    let parameters = [
        Parameter::Text("lowerdir", &lower),
        Parameter::Text("upperdir", &upper),
        Parameter::Text("workdir", &work),
    ];
    filesystem("overlay", &parameters)
}

/// An overlay whose layers are given as descriptors.
pub fn overlay_by_descriptor() -> Answer {
    let layers = before(Layers::make())?;
    layers.overlay()
}

/// An overlay with a layer on a mount that is attached nowhere.
pub fn overlay_of_detached() -> Answer {
    let lower = before(memory())?;
    let layers = before(Layers::make())?;
    let parameters = [
        Parameter::Descriptor("lowerdir+", lower.as_fd()),
        Parameter::Descriptor("lowerdir+", layers.lower.as_fd()),
    ];
    filesystem("overlay", &parameters)
}

/// Showing other owners than the disk's, for the file system of `path`.
pub fn idmapped(path: &Path) -> Answer {
    let source = before(open(path))?;
    let clone = |reach| DetachedMount::clone_of(&source, path, reach);
    // Where mounts below it are locked to it, it can only be cloned with them.
    let tree = before(clone(Reach::OneMount).or_else(|_| clone(Reach::WholeTree)))?;
    map_ids(&tree, path)
}

/// The same for a memory file system made in this namespace.
pub fn idmapped_memory() -> Answer {
    map_ids(&before(memory())?, Path::new("a new tmpfs"))
}

/// Maps the topmost mount alone: below may be file systems of other kinds.
fn map_ids(tree: &DetachedMount, shown: &Path) -> Answer {
    let map = before(user_namespace())?;
    let set = libc::mount_attr {
        attr_set: libc::MOUNT_ATTR_IDMAP,
        attr_clr: 0,
        propagation: 0,
        userns_fd: map.as_raw_fd() as u64,
    };
    mount_setattr(tree, c"", Reach::OneMount, &set)
        .map_err(|errno| Call::MapIds { on: shown.to_owned() }.failed(errno))?;
    Ok(())
}

/// A user namespace with a map, held open by a process that ends when this function does.
///
/// It maps itself, which everybody may who may make one.
fn user_namespace() -> Result<OwnedFd, Error> {
    let (ids, own) = (effective_ids(), Call::other("map the ids of a new user namespace"));
    let (mapped, done) = pipe()?;
    let (held, release) = pipe()?;
    match fork_into(Namespaces::USER, None)? {
        Fork::Child => {
            drop((mapped, release));
            let ready = open_own_proc().and_then(|own| map_same(own, ids.0, ids.1));
            if ready.and_then(|()| write_all(&done, b"1")).is_ok() {
                read_byte(&held);
            }
            end(0)
        }
        Fork::Parent(holder) => {
            drop((done, held));
            let namespace = match read_byte(&mapped) {
                Some(_) => open_namespace(&format!("/proc/{}/ns/user", holder.pid)),
                None => Err(own.failed(Errno::PERM)),
            };
            drop(release);
            holder.wait()?;
            namespace
        }
    }
}

/// Putting a mount beneath another and taking the upper one away: a swap without a gap.
pub fn beneath() -> Answer {
    let ground = before(ground())?;
    let place = before(InRoot(ground.as_fd()).make_directory("place".as_ref(), 0o755))?;
    let upper = before(memory().and_then(|upper| upper.attach(&place, "place".as_ref())))?;
    let lower = before(memory())?;
    // MOVE_MOUNT_BENEATH, which rustix does not name.
    let flags = MoveMountFlags::from_bits_retain(0x200)
        | MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH
        | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(&lower, "", &upper, "", flags)
        .map_err(|errno| Call::other("move_mount(detached, beneath)").failed(errno))?;
    Ok(())
}

/// Attaching a mount inside a tree that is attached nowhere itself.
pub fn attach_inside_detached() -> Answer {
    let tree = before(memory())?;
    let place = before(InRoot(tree.as_fd()).make_directory("place".as_ref(), 0o755))?;
    before(memory())?.attach(&place, Path::new("place in a detached tree"))?;
    Ok(())
}

/// Binding a part of a tree that is attached nowhere.
pub fn clone_from_detached() -> Answer {
    let tree = before(memory())?;
    before(InRoot(tree.as_fd()).make_directory("part".as_ref(), 0o755))?;
    DetachedMount::clone_below(&tree, c"part", Reach::OneMount)?;
    Ok(())
}

/// Becoming the root of the namespace, as every view does.
pub fn pivot() -> Answer {
    let ground = before(ground())?;
    Ok(crate::mount::pivot_to(&ground, 0)?)
}

/// A mount that goes out of the tree while a process still holds it.
pub fn detach() -> Answer {
    let ground = before(ground())?;
    let place = before(InRoot(ground.as_fd()).make_directory("place".as_ref(), 0o755))?;
    let _top = before(memory().and_then(|top| top.attach(&place, "place".as_ref())))?;
    before(rustix::process::fchdir(&ground).map_err(|errno| Call::other("fchdir").failed(errno)))?;
    unmount("place", UnmountFlags::DETACH)
        .map_err(|errno| Call::Unmount { at: "place".into() }.failed(errno))?;
    Ok(())
}

// The same numbers on every architecture since the tables were joined in Linux 5.1, but alpha.
const STATMOUNT: libc::c_long = 457;
const LISTMOUNT: libc::c_long = 458;
const OPEN_TREE_ATTR: libc::c_long = 467;

/// struct mnt_id_req, as of its first version.
#[repr(C)]
struct MountRequest {
    size: u32,
    spare: u32,
    mount: u64,
    parameter: u64,
}

/// The numbers of all mounts below the root: `listmount(2)`.
pub fn list() -> Answer {
    const LSMT_ROOT: u64 = u64::MAX;
    let mut numbers = [0_u64; 8];
    let request = MountRequest { size: 24, spare: 0, mount: LSMT_ROOT, parameter: 0 };
    // SAFETY: `request` has the size it states, `numbers` room for as many as are asked for; both outlive the call.
    let answer = unsafe {
        let room = numbers.len();
        libc::syscall(LISTMOUNT, &raw const request, numbers.as_mut_ptr(), room, 0)
    };
    if answer < 0 { Err(Call::other("listmount(/)").failed(last_errno()).into()) } else { Ok(()) }
}

/// What the kernel says of one mount, without `/proc`: `statmount(2)`.
pub fn stat() -> Answer {
    const STATMOUNT_MNT_BASIC: u64 = 2;
    let mount = before(unique_number_of_root())?;
    let request = MountRequest { size: 24, spare: 0, mount, parameter: STATMOUNT_MNT_BASIC };
    let mut buffer = [0_u64; 128];
    // SAFETY: `request` has the size it states, `buffer` the one passed; both outlive the call.
    let answer = unsafe {
        let size = size_of_val(&buffer);
        libc::syscall(STATMOUNT, &raw const request, buffer.as_mut_ptr(), size, 0)
    };
    if answer != 0 { Err(Call::other("statmount(/)").failed(last_errno()).into()) } else { Ok(()) }
}

fn unique_number_of_root() -> Result<u64, Error> {
    const STATX_MNT_ID_UNIQUE: u32 = 0x4000;
    let call = || Call::other("statx(/, unique mount number)");
    // SAFETY: statx is plain data, for which zero is valid.
    let mut found: libc::statx = unsafe { std::mem::zeroed() };
    // SAFETY: the path is NUL-terminated and `found` outlives the call.
    let answer = unsafe {
        libc::statx(libc::AT_FDCWD, c"/".as_ptr(), 0, STATX_MNT_ID_UNIQUE, &raw mut found)
    };
    match answer {
        0 if found.stx_mask & STATX_MNT_ID_UNIQUE != 0 => Ok(found.stx_mnt_id),
        // A kernel that does not know the bit leaves it out.
        0 => Err(call().failed(Errno::NOSYS)),
        _ => Err(call().failed(last_errno())),
    }
}

/// Binding and restricting in one call: `open_tree_attr(2)`.
pub fn open_tree_attr() -> Answer {
    let root = before(open(Path::new("/")))?;
    let set = libc::mount_attr {
        attr_set: libc::MOUNT_ATTR_RDONLY,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let flags = libc::AT_EMPTY_PATH
        | libc::AT_RECURSIVE
        | libc::OPEN_TREE_CLONE as i32
        | libc::OPEN_TREE_CLOEXEC as i32;
    // SAFETY: the path is NUL-terminated, `set` outlives the call and the size passed is its own.
    let answer = unsafe {
        let (root, size) = (root.as_fd().as_raw_fd(), size_of_val(&set));
        libc::syscall(OPEN_TREE_ATTR, root, c"".as_ptr(), flags, &raw const set, size)
    };
    if answer < 0 {
        return Err(Call::other("open_tree_attr(/, clone)").failed(last_errno()).into());
    }
    // SAFETY: the kernel has just made this descriptor; nobody else knows it.
    drop(unsafe { OwnedFd::from_raw_fd(answer as i32) });
    Ok(())
}

/// A clone of a tree as a mount namespace of its own.
pub fn open_tree_namespace() -> Answer {
    let root = before(open(Path::new("/")))?;
    // OPEN_TREE_NAMESPACE, which rustix does not name.
    let flags = OpenTreeFlags::from_bits_retain(2)
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH
        | OpenTreeFlags::AT_RECURSIVE;
    open_tree(&root, c"", flags)
        .map_err(|errno| Call::other("open_tree(/, as namespace)").failed(errno))?;
    Ok(())
}

struct Layers {
    lower: OwnedFd,
    upper: OwnedFd,
    work: OwnedFd,
    _ground: AttachedMount,
}

impl Layers {
    fn make() -> Result<Self, Error> {
        let ground = ground()?;
        let layer = |name: &str| InRoot(ground.as_fd()).make_directory(name.as_ref(), 0o755);
        let (lower, upper, work) = (layer("lower")?, layer("upper")?, layer("work")?);
        Ok(Self { lower, upper, work, _ground: ground })
    }

    fn overlay(&self) -> Answer {
        let parameters = [
            Parameter::Descriptor("lowerdir+", self.lower.as_fd()),
            Parameter::Descriptor("upperdir", self.upper.as_fd()),
            Parameter::Descriptor("workdir", self.work.as_fd()),
        ];
        filesystem("overlay", &parameters)
    }
}

/// A memory file system over the root of this namespace: whatever is tried lies there.
fn ground() -> Result<AttachedMount, Error> {
    memory()?.attach(open(Path::new("/"))?, Path::new("/"))
}

fn memory() -> Result<DetachedMount, Error> {
    let parameters = [Parameter::Text("mode", "0755"), Parameter::Text("size", "64k")];
    DetachedMount::filesystem("tmpfs", &parameters, Attributes::DATA)
}

fn open(path: &Path) -> Result<Handle, Error> {
    Handle::open(path, LastLink::Follow)
}

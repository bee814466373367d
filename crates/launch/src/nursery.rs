//! The nursery: a mount namespace with one tiny file system, kept alive under `/run/eyot`.
//!
//! A new mount namespace starts as a copy of the caller's, so the price of a start grows with the host's mounts. Copied
//! from the nursery it is always the same.

use std::os::fd::OwnedFd;
use std::path::Path;

use eyot_sys::{
    Attributes, Call, DetachedMount, Errno, Error, Fork, InRoot, Namespaces, Parameter,
};

use crate::run_directory::RunDirectory;

/// A directory of the nursery to mount on: detaching the old root then takes what is mounted there along.
pub(crate) const GROUND: &str = "/ground";

/// Opens the nursery, made on first use and remade when it is gone.
pub(crate) fn open(run: &RunDirectory) -> Result<OwnedFd, Error> {
    match eyot_sys::open_mount_namespace(&run.path("nursery/mnt")) {
        Ok(nursery) => Ok(nursery),
        Err(_) => make(run),
    }
}

fn make(run: &RunDirectory) -> Result<OwnedFd, Error> {
    // One maker at a time; the others then find what it made.
    let lock = run.open_file("nursery.lock")?;
    eyot_sys::lock(&lock)?;
    let path = run.path("nursery/mnt");
    if let Ok(nursery) = eyot_sys::open_mount_namespace(&path) {
        return Ok(nursery);
    }
    let target = holder(run)?;
    let mut refused = None;
    let kept =
        eyot_sys::on_each_cpu(|| match make_namespace().and_then(|it| keep(&it, &target, &path)) {
            Ok(()) => Some(()),
            Err(error) => {
                refused = Some(error);
                None
            }
        });
    match (kept, refused) {
        (None, Some(error)) => Err(error),
        _ => eyot_sys::open_mount_namespace(&path),
    }
}

/// A mount namespace that holds an empty read-only directory and nothing else.
fn make_namespace() -> Result<OwnedFd, Error> {
    let (ready, done) = eyot_sys::pipe()?;
    let (wait, release) = eyot_sys::pipe()?;
    match eyot_sys::fork_into(Namespaces::MOUNT, None)? {
        Fork::Child => {
            drop((ready, release));
            let code = u8::from(empty_this_namespace().is_err());
            // An empty nursery is told by the pipe's end staying open, a failed one by its closing.
            if code == 0 {
                let _ = eyot_sys::write_all(&done, b"1");
                eyot_sys::read_to_end(&wait);
            }
            eyot_sys::end(code)
        }
        Fork::Parent(child) => {
            drop((done, wait));
            let made = eyot_sys::read_byte(&ready).is_some();
            let namespace = match made {
                true => eyot_sys::open_namespace(&format!("/proc/{}/ns/mnt", child.pid)),
                false => Err(Call::Other { call: "make the nursery".into() }.failed(Errno::IO)),
            };
            drop(release);
            child.wait()?;
            namespace
        }
    }
}

fn empty_this_namespace() -> Result<(), Error> {
    eyot_sys::make_all_private()?;
    let parameters = [Parameter::Text("mode", "0555"), Parameter::Text("size", "16k")];
    let attributes = Attributes::DATA.no_exec();
    let root = DetachedMount::filesystem("tmpfs", &parameters, attributes)?;
    eyot_sys::make_directory(&root, c"ground", 0o555)?;
    root.restrict("/".as_ref(), attributes.read_only(), eyot_sys::Reach::OneMount)?;
    let here = eyot_sys::Handle::open("/".as_ref(), eyot_sys::LastLink::Follow)?;
    let root = root.attach(&here, "/".as_ref())?;
    eyot_sys::pivot_to(&root, 0)
}

/// The file that the namespace is bound to, in a mount that no other namespace receives.
fn holder(run: &RunDirectory) -> Result<OwnedFd, Error> {
    let directory = run.path("nursery");
    match std::fs::create_dir(&directory) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        result => result.map_err(|error| crate::run_directory::io_error(&directory, &error))?,
    }
    let parameters = [Parameter::Text("mode", "0700"), Parameter::Text("size", "16k")];
    let attributes = Attributes::DATA.no_exec();
    let holder = DetachedMount::filesystem("tmpfs", &parameters, attributes)?;
    let at = eyot_sys::Handle::open(&directory, eyot_sys::LastLink::Follow)?;
    let holder = holder.attach(&at, &directory)?;
    // Peers of a shared /run have received this mount, and will receive nothing that is mounted in it.
    holder.make_unbindable()?;
    eyot_sys::make_file(&holder, c"mnt", b"", 0o400)?;
    InRoot(std::os::fd::AsFd::as_fd(&holder)).find("mnt".as_ref())
}

fn keep(namespace: &OwnedFd, target: &OwnedFd, path: &Path) -> Result<(), Error> {
    DetachedMount::clone_of(namespace, path, eyot_sys::Reach::OneMount)?.attach(target, path)?;
    Ok(())
}

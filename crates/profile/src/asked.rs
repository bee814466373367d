use eyot_plan::{
    Access, Bind, Caller, Content, Device, Entry, FileEntry, HostPath, Links, Origin, OverlayEntry,
    Owner, PlanError, Presence, Upper, View, ViewPath, What,
};

use crate::place::{host_path, view_path};
use crate::request::{Chosen, Request, refuse};

/// The entries that view files and flags ask for.
///
/// `owner` is that of binds. Where it is mapped even a read-only bind is: git refuses a checkout
/// whose owner is not its user. That the view's user can then read what only the owner may is what
/// showing it means.
pub(crate) fn asked_entries(
    request: Request<'_>,
    caller: &Caller,
    owner: Owner,
) -> Result<Vec<Entry>, PlanError> {
    let binds = |key, list: fn(&View) -> &Vec<Bind>, access, presence| {
        let named = request.all(key, list).into_iter();
        let entry = |bind: Chosen<&Bind>| bind_entry(bind.value, caller, owner, bind.by);
        named
            .map(|bind| Ok(entry(bind)?.access(access).presence(presence)))
            .collect::<Result<Vec<_>, PlanError>>()
    };
    let mut entries = Vec::new();
    use {Access::*, Presence::*};
    entries.extend(binds("ro", |view| &view.ro, ReadOnly, Required)?);
    entries.extend(binds("rw", |view| &view.rw, ReadWrite, Required)?);
    entries.extend(binds("ro-try", |view| &view.ro_try, ReadOnly, Optional)?);
    entries.extend(binds("rw-try", |view| &view.rw_try, ReadWrite, Optional)?);
    for tmpfs in request.all("tmpfs", |view| &view.tmpfs) {
        let what = What::Tmpfs { size: tmpfs.value.size, mode: tmpfs.value.mode };
        entries.push(entry(&tmpfs.value.at, what, tmpfs.by)?);
    }
    for overlay in request.all("overlay", |view| &view.overlay) {
        let what = overlay_of(overlay.value, caller, owner, &overlay.by)?;
        entries.push(entry(&overlay.value.at, what, overlay.by)?);
    }
    for file in request.all("file", |view| &view.file) {
        entries.push(entry(&file.value.at, file_of(file.value), file.by)?);
    }
    for dir in request.all("dir", |view| &view.dir) {
        entries.push(entry(dir.value, What::Scratch { mode: 0o755 }, dir.by)?);
    }
    for link in request.all("symlink", |view| &view.symlink) {
        entries.push(entry(&link.value.at, What::Symlink { to: link.value.to.clone() }, link.by)?);
    }
    for mask in request.all("mask", |view| &view.mask) {
        entries.push(entry(mask.value, What::Mask, mask.by)?);
    }
    for device in request.all("device", |view| &view.device) {
        entries.push(device_entry(device.value, caller, device.by)?);
    }
    Ok(entries)
}

fn entry(at: &str, what: What, by: Origin) -> Result<Entry, PlanError> {
    placed(view_path(at, &by)?, what, by)
}

fn placed(at: ViewPath, what: What, by: Origin) -> Result<Entry, PlanError> {
    match at.is_root() {
        true => Err(refuse("'/' itself is chosen by --root, not covered by an entry", &by)),
        false => Ok(Entry::placed(at, what, by)),
    }
}

fn bind_entry(bind: &Bind, caller: &Caller, owner: Owner, by: Origin) -> Result<Entry, PlanError> {
    let from = host_path(&bind.from, caller, &by)?;
    let at = place_of(&from, &bind.from, &bind.at, &by)?;
    placed(at, What::Bind { from, links: Links::Followed, owner }, by)
}

fn device_entry(device: &Device, caller: &Caller, by: Origin) -> Result<Entry, PlanError> {
    let from = host_path(&device.from, caller, &by)?;
    let at = place_of(&from, &device.from, &device.at, &by)?;
    placed(at, What::Device { from }, by)
}

/// A source without a place is shown at its own path, however it was written.
fn place_of(from: &HostPath, written: &str, at: &str, by: &Origin) -> Result<ViewPath, PlanError> {
    match at == written {
        true => ViewPath::new(from.as_path()),
        false => view_path(at, by),
    }
}

fn overlay_of(
    overlay: &OverlayEntry,
    caller: &Caller,
    owner: Owner,
    by: &Origin,
) -> Result<What, PlanError> {
    let lower = overlay.lower.iter().map(|path| host_path(path, caller, by));
    let upper = match overlay.upper.as_deref() {
        None => Upper::Discarded,
        Some("") => Upper::None,
        Some(path) => Upper::Kept(host_path(path, caller, by)?),
    };
    let mut lower = lower.collect::<Result<Vec<_>, _>>()?;
    match (&upper, lower.as_slice()) {
        // The kernel makes no overlay of one layer alone (overlayfs.rst, "Multiple lower layers"), and a bind shows the same.
        (Upper::None, [_]) => {
            Ok(What::Bind { from: lower.remove(0), links: Links::Followed, owner })
        }
        _ => Ok(What::Overlay { lower, upper }),
    }
}

fn file_of(file: &FileEntry) -> What {
    let content = match file.fd {
        Some(fd) => Content::Descriptor(fd),
        None => Content::Text(file.text.clone()),
    };
    What::File { content, mode: 0o644 }
}

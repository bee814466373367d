//! From an errno to the kernel rule behind it.
//!
//! Most mount calls answer `EPERM` or `EINVAL` to a dozen different mistakes. What tells them apart is the call, where
//! we run and what the machine says about itself, so the rules are a table over the three, tested as data.

mod circumstances;
mod rules;

pub use circumstances::{Barrier, Circumstances};
use eyot_sys::{Call, Errno, Error, Kinds, MadeName, Obstacle, Reach};
pub use rules::{Explanation, Rule};
use serde::{Deserialize, Serialize};

/// What we know about where the process was when it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// In the initial user namespace, with CAP_SYS_ADMIN.
    Host,
    /// In a user namespace of our own making.
    UserNamespace,
    /// Without CAP_SYS_ADMIN and in no namespace of our own.
    Unprivileged,
}

/// Finds the rule that refused `error`'s call, in the circumstances that hold now; `None` where several would fit.
pub fn diagnose(error: &Error, place: Place) -> Option<Rule> {
    diagnose_in(error, place, &Circumstances::now())
}

/// [`diagnose`], as a function of what it looks at.
pub fn diagnose_in(error: &Error, place: Place, around: &Circumstances) -> Option<Rule> {
    match (&error.call, error.errno) {
        (_, Errno::NOSYS) => Some(Rule::UnknownCall),
        (_, Errno::MFILE | Errno::NFILE) => Some(Rule::DescriptorLimit),
        (
            Call::Clone { .. }
            | Call::Unshare { .. }
            | Call::Join { .. }
            | Call::WriteProc { .. }
            | Call::SetIds { .. },
            _,
        ) => of_namespaces(error, place, around),
        (
            Call::CloneTree { .. }
            | Call::SetAttributes { .. }
            | Call::MapIds { .. }
            | Call::Attach { .. }
            | Call::NewFilesystem { .. },
            _,
        ) => of_mounts(error, place),
        (Call::Execute { .. }, _) => of_programs(error),
        (
            Call::Lookup { .. }
            | Call::ResolveInRoot { .. }
            | Call::Make { .. }
            | Call::ChangeDirectory { .. },
            _,
        ) => of_files(error, place, around),
        (Call::LimitResource { .. }, Errno::PERM) => Some(Rule::HardLimit),
        (Call::UseDescriptor { .. }, Errno::BADF) => Some(Rule::NoSuchDescriptor),
        (Call::Other { call }, Errno::PERM) if call == "setgroups(0)" => match place {
            Place::UserNamespace => Some(Rule::SetgroupsDenied),
            Place::Host | Place::Unprivileged => lacks(around, &[CAP_SETGID]),
        },
        (Call::Other { call }, Errno::PERM) if call.starts_with("fchownat(") => {
            lacks(around, &[CAP_CHOWN])
        }
        (Call::Other { call }, Errno::PERM) if call.starts_with("ioctl(lo,") => {
            lacks(around, &[CAP_NET_ADMIN])
        }
        (Call::Other { call }, Errno::PERM) if call.starts_with("use /run/eyot:") => {
            Some(Rule::OpenRunDirectory)
        }
        // Whoever comes so far has CAP_SYS_ADMIN over these namespaces: they are the view's.
        (Call::PivotRoot, Errno::PERM) => filtered(around),
        (Call::Other { call }, Errno::PERM) if call.starts_with("sethostname(") => filtered(around),
        (Call::PivotRoot | Call::Unmount { .. }, _)
        | (Call::LimitResource { .. } | Call::UseDescriptor { .. } | Call::Other { .. }, _) => None,
    }
}

// capabilities(7), by their numbers in linux/capability.h.
const CAP_CHOWN: u8 = 0;
const CAP_SETGID: u8 = 6;
const CAP_SETUID: u8 = 7;
const CAP_NET_ADMIN: u8 = 12;
const CAP_SYS_CHROOT: u8 = 18;
const CAP_SYS_ADMIN: u8 = 21;
const CAP_MKNOD: u8 = 27;

/// For a call that these capabilities would have opened: the rule, if one is lacking.
fn lacks(around: &Circumstances, needed: &[u8]) -> Option<Rule> {
    needed.iter().any(|it| around.lacking.contains(it)).then_some(Rule::MissingCapability)
}

fn of_namespaces(error: &Error, place: Place, around: &Circumstances) -> Option<Rule> {
    match (&error.call, error.errno) {
        (Call::Clone { namespaces } | Call::Unshare { namespaces }, Errno::NOSPC)
            if namespaces.contains("NEW") =>
        {
            Some(match around.switched_off {
                Some(_) => Rule::NamespacesSwitchedOff,
                None => Rule::UserNamespaceLimit,
            })
        }
        (Call::Clone { .. }, Errno::AGAIN) => Some(Rule::ProcessLimit),
        (Call::Clone { namespaces } | Call::Unshare { namespaces }, Errno::PERM) => {
            match namespaces.contains("NEWUSER") {
                true => Some(behind(around.barrier)),
                false if place == Place::Unprivileged => Some(Rule::NeedsPrivilege),
                false => lacks(around, &[CAP_SYS_ADMIN]),
            }
        }
        (Call::Join { .. }, Errno::PERM) => lacks(around, &[CAP_SYS_ADMIN, CAP_SYS_CHROOT]),
        // Whoever makes a user namespace has every capability in it, so these files open for writing; if not, something
        // has taken the capabilities away.
        (Call::WriteProc { file, .. }, Errno::ACCESS)
            if file.ends_with("_map") || file.ends_with("setgroups") =>
        {
            Some(match around.hidden_from_itself {
                true => Rule::UnreadableExecutable,
                false => without_rights(around.barrier),
            })
        }
        (Call::WriteProc { file, .. }, Errno::PERM) if file.ends_with("setgroups") => {
            Some(Rule::SetgroupsDenied)
        }
        (Call::WriteProc { file, text }, Errno::PERM)
            if file.ends_with("/uid_map") && maps_root(text) && place != Place::Host =>
        {
            Some(Rule::RootNeedsSetfcap)
        }
        (Call::WriteProc { file, .. }, Errno::PERM) if file.ends_with("_map") => match place {
            Place::Host => lacks(around, &[CAP_SETUID, CAP_SETGID]),
            Place::UserNamespace | Place::Unprivileged => Some(match around.barrier {
                Some(Barrier::AppArmor) => Rule::AppArmorRestriction,
                _ => Rule::UnmappedId,
            }),
        },
        (Call::SetIds { .. }, Errno::INVAL) => Some(Rule::IdOutsideBlock),
        _ => None,
    }
}

/// What refused a new user namespace.
fn behind(barrier: Option<Barrier>) -> Rule {
    match barrier {
        Some(Barrier::Unmapped) => Rule::UnmappedCaller,
        Some(Barrier::Chroot) => Rule::ChrootedCaller,
        Some(Barrier::Sysctl) => Rule::UserNamespaceForbidden,
        Some(Barrier::AppArmor) => Rule::AppArmorRestriction,
        Some(Barrier::View) => Rule::NestedView,
        Some(Barrier::Filter) => Rule::FilteredNamespaces,
        None => Rule::SecurityModule,
    }
}

/// For a call that the kernel itself has nothing against.
fn filtered(around: &Circumstances) -> Option<Rule> {
    let behind_filter = matches!(around.barrier, Some(Barrier::Filter | Barrier::View));
    behind_filter.then_some(Rule::FilteredCall)
}

/// Whether a line of an id map, `INSIDE OUTSIDE COUNT`, begins at the outer namespace's root.
fn maps_root(map: &str) -> bool {
    map.lines().any(|line| line.split(' ').nth(1) == Some("0"))
}

/// What left a new user namespace without capabilities.
fn without_rights(barrier: Option<Barrier>) -> Rule {
    match barrier {
        Some(Barrier::AppArmor) => Rule::AppArmorRestriction,
        _ => Rule::SecurityModule,
    }
}

fn of_mounts(error: &Error, place: Place) -> Option<Rule> {
    let in_user_namespace = place == Place::UserNamespace;
    match (&error.call, error.errno) {
        (Call::CloneTree { reach: Reach::OneMount, .. }, Errno::INVAL) if in_user_namespace => {
            Some(Rule::LockedTogether)
        }
        (Call::SetAttributes { .. }, Errno::PERM) if in_user_namespace => {
            Some(Rule::LockedAttributes)
        }
        (Call::NewFilesystem { kind, step }, Errno::PERM)
            if matches!(kind.as_str(), "proc" | "sysfs") && step == "fsmount" =>
        {
            Some(Rule::TooRevealing)
        }
        (Call::NewFilesystem { step, .. }, Errno::PERM)
            if step == "create" && place == Place::UserNamespace =>
        {
            Some(Rule::FilesystemForRoot)
        }
        (Call::NewFilesystem { step, .. }, Errno::NODEV) if step == "fsopen" => {
            Some(Rule::UnknownFilesystem)
        }
        (Call::NewFilesystem { step, .. }, Errno::INVAL | Errno::PERM)
            if step.starts_with("set ") && !error.kernel_log.is_empty() =>
        {
            Some(Rule::BadParameter)
        }
        (Call::NewFilesystem { kind, step }, Errno::INVAL)
            if kind == "overlay" && step == "create" =>
        {
            Some(Rule::OverlayLayer)
        }
        (Call::MapIds { .. }, Errno::INVAL) => Some(Rule::CannotMapIds),
        (Call::MapIds { .. }, Errno::PERM) if place != Place::Host => Some(Rule::CannotMapIds),
        (Call::Attach { kinds: Kinds::Different, .. }, Errno::INVAL | Errno::NOTDIR) => {
            Some(Rule::MountPointKind)
        }
        (Call::Attach { .. }, Errno::NOENT) => Some(Rule::MissingMountPoint),
        (Call::Attach { .. }, Errno::LOOP) => Some(Rule::NamespaceLoop),
        (Call::CloneTree { .. } | Call::Attach { .. }, Errno::NOSPC) => Some(Rule::MountLimit),
        (Call::CloneTree { .. } | Call::NewFilesystem { .. }, Errno::PERM)
            if place == Place::Unprivileged =>
        {
            Some(Rule::NeedsPrivilege)
        }
        _ => None,
    }
}

fn of_programs(error: &Error) -> Option<Rule> {
    let Call::Execute { obstacle, .. } = &error.call else { return None };
    match (error.errno, obstacle) {
        (Errno::NOENT, Obstacle::Interpreter(_)) => Some(Rule::MissingInterpreter),
        (Errno::NOENT | Errno::NOTDIR, _) => Some(Rule::MissingProgram),
        (Errno::ACCESS, Obstacle::Directory) => Some(Rule::ProgramIsDirectory),
        (Errno::ACCESS, Obstacle::NoExecMount) => Some(Rule::NoExecMount),
        (Errno::ACCESS, Obstacle::Mode) => Some(Rule::NotExecutable),
        (Errno::NOEXEC, _) => Some(Rule::UnknownFormat),
        (Errno::TXTBSY, _) => Some(Rule::ProgramBeingWritten),
        (Errno::TOOBIG, _) => Some(Rule::ArgumentsTooLong),
        _ => None,
    }
}

fn of_files(error: &Error, place: Place, around: &Circumstances) -> Option<Rule> {
    match (&error.call, error.errno) {
        (Call::ResolveInRoot { .. }, Errno::NOENT) => Some(Rule::MissingMountPoint),
        (Call::Lookup { .. } | Call::ChangeDirectory { .. }, Errno::ACCESS) => {
            Some(Rule::UnsearchableDirectory)
        }
        (Call::Lookup { .. } | Call::ResolveInRoot { .. }, Errno::LOOP) => Some(Rule::LinkLoop),
        (Call::ChangeDirectory { .. }, Errno::NOENT | Errno::NOTDIR) => {
            Some(Rule::MissingDirectory)
        }
        (Call::Make { .. }, Errno::ROFS | Errno::ACCESS) => Some(Rule::ReadOnlyPlace),
        (Call::Make { .. }, Errno::NOSPC) => Some(Rule::MemoryFull),
        (Call::Make { what: MadeName::Device, .. }, Errno::PERM) => match place {
            Place::Host => lacks(around, &[CAP_MKNOD]),
            Place::UserNamespace | Place::Unprivileged => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests;

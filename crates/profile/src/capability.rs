use eyot_plan::{Capability, PlanError, SeccompChoice};

use crate::nearest::unknown;
use crate::request::{Request, refuse};

/// linux/capability.h; the place in the list is the number.
const NAMES: &[&str] = &[
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// A capability with which root undoes its view where no user namespace lies between the two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undoing {
    number: u8,
    stopped_by: StoppedBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoppedBy {
    Nothing,
    DefaultFilter,
}

const UNDOING: &[Undoing] = &[
    // Mounts.
    Undoing { number: 21, stopped_by: StoppedBy::Nothing },
    // Takes init over, which no filter binds and whose memory holds the caller's environment.
    Undoing { number: 19, stopped_by: StoppedBy::Nothing },
    // Opens every file of a file system by its number (open_by_handle_at(2)).
    Undoing { number: 2, stopped_by: StoppedBy::DefaultFilter },
    // Loads code into the kernel (init_module(2)), replaces it (kexec_load(2)), reaches the hardware's ports (iopl(2)).
    Undoing { number: 16, stopped_by: StoppedBy::DefaultFilter },
    Undoing { number: 22, stopped_by: StoppedBy::DefaultFilter },
    Undoing { number: 17, stopped_by: StoppedBy::DefaultFilter },
];

/// Why root may not keep all of `capabilities` without a user namespace, if so.
pub(crate) fn undoes_view(
    capabilities: &[Capability],
    choice: Option<&SeccompChoice>,
) -> Option<String> {
    let default_filter = matches!(choice, None | Some(SeccompChoice::Default));
    let undoing = |number: u8| {
        let mut rows = UNDOING.iter().filter(move |row| row.number == number);
        rows.find(|row| row.stopped_by == StoppedBy::Nothing || !default_filter)
    };
    let (kept, row) = capabilities.iter().find_map(|kept| Some((kept, undoing(kept.number)?)))?;
    let lacking = match row.stopped_by {
        StoppedBy::Nothing => "a user namespace",
        StoppedBy::DefaultFilter => "a user namespace and the default system-call filter",
    };
    Some(format!("CAP_{} without {lacking} can undo the whole view", kept.name))
}

pub(crate) const SETFCAP: Capability = Capability { number: 31, name: "SETFCAP" };

/// The capability of this name, with or without `CAP_`, in any case.
fn capability(name: &str) -> Result<Capability, String> {
    let upper = name.to_ascii_uppercase();
    let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
    let found = NAMES.iter().zip(0..).find(|(known, _)| **known == bare);
    match found {
        Some((name, number)) => Ok(Capability { number, name }),
        None => Err(unknown("capability", bare, NAMES)),
    }
}

pub(crate) fn capabilities(request: Request<'_>) -> Result<Vec<Capability>, PlanError> {
    let named = request.all("cap", |view| &view.cap);
    let mut kept = named
        .into_iter()
        .map(|name| capability(name.value).map_err(|error| refuse(error, &name.by)))
        .collect::<Result<Vec<_>, _>>()?;
    kept.sort();
    kept.dedup();
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_undoes_a_view_is_called_by_its_name() {
        let named = |row: &Undoing| NAMES[usize::from(row.number)];
        assert_eq!(
            UNDOING.iter().map(named).collect::<Vec<_>>(),
            ["SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH", "SYS_MODULE", "SYS_BOOT", "SYS_RAWIO"]
        );
    }

    #[test]
    fn names_are_read_in_every_usual_form() {
        for name in ["CAP_SYS_ADMIN", "cap_sys_admin", "sys_admin"] {
            assert_eq!(capability(name), Ok(Capability { number: 21, name: "SYS_ADMIN" }));
        }
        // The kernel's numbers of the first, of two in the middle and of the last.
        for (name, number) in
            [("chown", 0), ("mknod", 27), ("setfcap", 31), ("checkpoint_restore", 40)]
        {
            assert_eq!(capability(name).map(|found| found.number), Ok(number));
        }
        assert_eq!(
            capability("CAP_SYS_ADMN").unwrap_err(),
            "'SYS_ADMN' is no capability; 'SYS_ADMIN' is"
        );
    }
}

use eyot_plan::{Capability, PlanError};

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

pub(crate) const SYS_ADMIN: u8 = 21;
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
    fn names_are_read_in_every_usual_form() {
        for name in ["CAP_SYS_ADMIN", "cap_sys_admin", "sys_admin"] {
            assert_eq!(capability(name), Ok(Capability { number: SYS_ADMIN, name: "SYS_ADMIN" }));
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

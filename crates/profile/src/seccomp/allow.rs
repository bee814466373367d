use std::fmt;
use std::str::FromStr;

/// What a user may open again by name, one reason each to want it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Allow {
    Nesting,
    SetId,
    IoUring,
    Perf,
    Bpf,
    Keyctl,
    Userfaultfd,
    AfAlg,
    RareSockets,
}

impl Allow {
    pub const ALL: [Allow; 9] = [
        Allow::Nesting,
        Allow::SetId,
        Allow::IoUring,
        Allow::Perf,
        Allow::Bpf,
        Allow::Keyctl,
        Allow::Userfaultfd,
        Allow::AfAlg,
        Allow::RareSockets,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Allow::Nesting => "nesting",
            Allow::SetId => "set-id",
            Allow::IoUring => "io-uring",
            Allow::Perf => "perf",
            Allow::Bpf => "bpf",
            Allow::Keyctl => "keyctl",
            Allow::Userfaultfd => "userfaultfd",
            Allow::AfAlg => "af-alg",
            Allow::RareSockets => "rare-sockets",
        }
    }

    /// One line for help texts.
    pub const fn description(self) -> &'static str {
        match self {
            Allow::Nesting => {
                "make namespaces and mount inside: sandboxes within the sandbox, such as a browser's own"
            }
            Allow::SetId => "give files the set-user-id and set-group-id bits",
            Allow::IoUring => "io_uring, whose operations no filter sees",
            Allow::Perf => "measure with performance counters (perf_event_open)",
            Allow::Bpf => "load programs into the kernel (bpf)",
            Allow::Keyctl => "the kernel's key rings, which no namespace separates",
            Allow::Userfaultfd => "handle page faults in the program (userfaultfd)",
            Allow::AfAlg => "the kernel's ciphers through AF_ALG sockets",
            Allow::RareSockets => "sockets of rare families: Bluetooth, CAN, vsock and others",
        }
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{name}' cannot be allowed: what can is {}", Allow::ALL.map(Allow::name).join(", "))]
pub struct UnknownAllow {
    pub name: String,
}

impl FromStr for Allow {
    type Err = UnknownAllow;

    fn from_str(name: &str) -> Result<Self, UnknownAllow> {
        let found = Allow::ALL.into_iter().find(|allow| allow.name() == name);
        found.ok_or_else(|| UnknownAllow { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn every_name_reads_back_and_an_unknown_one_lists_them() {
        for allow in Allow::ALL {
            assert_eq!(allow.to_string().parse(), Ok(allow));
        }
        expect![[
            "'mount' cannot be allowed: what can is nesting, set-id, io-uring, perf, bpf, keyctl, userfaultfd, af-alg, rare-sockets"
        ]]
        .assert_eq(&"mount".parse::<Allow>().unwrap_err().to_string());
    }
}

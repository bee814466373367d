use std::ffi::OsStr;

use super::{printable, size_words, wrapped};
use crate::{Init, Landlock, LimitedBy, Network, Plan, RootOwned, Seccomp, Sharing, UserNamespace};

impl Plan {
    pub(super) fn process_lines(&self) -> Vec<String> {
        let facts = self.identity_facts().into_iter().chain(self.confinement_facts());
        facts.flat_map(|(name, value)| wrapped(&format!("  {name:<13} "), &value)).collect()
    }

    fn identity_facts(&self) -> Vec<(&'static str, String)> {
        let process = &self.process;
        let command: Vec<String> = process.command.iter().map(|word| quoted(word)).collect();
        let user =
            format!("uid {} gid {}, {}", self.identity.uid, self.identity.gid, self.user_line());
        let groups: Vec<String> = self.identity.kept_groups.iter().map(u32::to_string).collect();
        let descriptors: Vec<String> = process.keep_fds.iter().map(i32::to_string).collect();
        let environment = process
            .environment
            .iter()
            .map(|(name, _)| printable(&name.to_string_lossy()))
            .collect();
        let mut facts = vec![
            ("command", command.join(" ")),
            ("directory", process.workdir.to_string()),
            ("user", user),
            ("groups kept", commas(groups)),
            ("host name", process.hostname.as_deref().map_or("the host's".into(), printable)),
            ("own", self.namespaces(Sharing::Own)),
            ("shared", self.namespaces(Sharing::Host)),
            ("network", self.network_line().to_owned()),
            ("environment", commas(environment)),
            ("descriptors", commas([vec!["0 to 2".to_owned()], descriptors].concat())),
            ("PID 1", self.init_line().to_owned()),
        ];
        // Groups are worth a line only where some could not be dropped.
        facts.retain(|(name, _)| *name != "groups kept" || !self.identity.kept_groups.is_empty());
        facts
    }

    fn confinement_facts(&self) -> Vec<(&'static str, String)> {
        let confinement = &self.confinement;
        let capabilities = confinement.capabilities.iter().map(|c| c.name.to_owned()).collect();
        let landlock = match confinement.landlock {
            Landlock::Scoped => "signals and abstract sockets stay inside",
            Landlock::Off => "off",
        };
        let root_owned = match confinement.root_owned {
            RootOwned::Refused => "never writable as the view's own",
            RootOwned::Mapped => "writable as the view's own where bound",
        };
        vec![
            ("capabilities", commas(capabilities)),
            ("seccomp", self.seccomp_line()),
            ("landlock", landlock.to_owned()),
            ("root's files", root_owned.to_owned()),
            ("core dumps", if confinement.core_dumps { "written" } else { "none" }.to_owned()),
            ("limits", commas(self.limit_words())),
        ]
    }

    fn namespaces(&self, wanted: Sharing) -> String {
        let all = [
            ("pid", self.isolation.pid),
            ("ipc", self.isolation.ipc),
            ("uts", self.isolation.uts),
            ("cgroup", self.isolation.cgroup),
        ];
        let named = all.into_iter().filter(|(_, sharing)| *sharing == wanted);
        commas(named.map(|(name, _)| name.to_owned()).collect())
    }

    fn user_line(&self) -> &'static str {
        match self.isolation.user {
            UserNamespace::Block => "own user namespace on a block of unprivileged host ids",
            UserNamespace::CallersId => "own user namespace that knows the caller's id only",
            UserNamespace::Host => "the host's user namespace",
        }
    }

    fn network_line(&self) -> &'static str {
        match self.isolation.network {
            Network::None => "none",
            Network::Loopback => "loopback only",
            Network::Host => "the host's",
        }
    }

    fn init_line(&self) -> &'static str {
        match (self.isolation.pid, self.process.init) {
            (Sharing::Host, _) => "the host's",
            (Sharing::Own, Init::Eyot) => "eyot: reaps orphans and forwards signals",
            (Sharing::Own, Init::Command) => "the command itself",
        }
    }

    fn seccomp_line(&self) -> String {
        match &self.confinement.seccomp {
            Seccomp::Off => "off".into(),
            Seccomp::Filter { name, allowed, skipped, .. } => {
                let mut line = printable(name);
                if !allowed.is_empty() {
                    line.push_str(&format!(", open: {}", allowed.join(", ")));
                }
                if !skipped.is_empty() {
                    let names = printable(&skipped.join(", "));
                    line.push_str(&format!(", unknown names skipped: {names}"));
                }
                line
            }
        }
    }

    fn limit_words(&self) -> Vec<String> {
        let limits = &self.limits;
        // A limit of each process alone is weaker than the same number for the view.
        let by = |by, rlimit| match by {
            LimitedBy::ControlGroup => "",
            LimitedBy::Rlimit => rlimit,
        };
        let (memory_by, processes_by) =
            (by(limits.memory_by, " a process (rlimit)"), by(limits.processes_by, " (rlimit)"));
        [
            limits.memory.map(|bytes| format!("memory {}{memory_by}", size_words(bytes))),
            limits.processes.map(|count| format!("processes {count}{processes_by}")),
            limits.milli_cpus.map(|milli| format!("cpus {}", milli as f64 / 1000.0)),
            limits.open_files.map(|count| format!("open files {count}")),
            limits.wall_time.map(|time| format!("wall time {} s", time.as_secs_f64())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn commas(names: Vec<String>) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// A word of a command as a shell would take it, if it can be shown at all.
fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.into_owned(),
        false => format!("'{}'", printable(&text.replace('\'', "'\\''"))),
    }
}

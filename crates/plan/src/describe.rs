use std::fmt::Write as _;

use crate::{
    Access, Entry, Landlock, LimitedBy, Network, Plan, ProtectionState, Root, Seccomp, Sharing,
    UserNamespace,
};

impl Plan {
    /// The plan as a person reads it: the tree of places, then everything else.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        self.describe_into(&mut text);
        text
    }

    // Writing to a String cannot fail, so the results below are dropped.
    fn describe_into(&self, text: &mut String) {
        let _ = writeln!(text, "/  {}", self.root_line());
        for entry in &self.entries {
            let _ = writeln!(text, "{}", self.entry_line(entry));
        }
        let _ = writeln!(text, "\nprocess");
        for (name, value) in self.facts() {
            let _ = writeln!(text, "  {name:<13} {value}");
        }
        let _ = writeln!(text, "\nprotections");
        for protection in &self.protections {
            let state = match &protection.state {
                ProtectionState::Held => "held".to_owned(),
                ProtectionState::Waived { by } => format!("waived by {by}"),
                ProtectionState::Absent { why } => format!("ABSENT: {why}"),
            };
            let _ = writeln!(text, "  {:<18} {state}", protection.name);
        }
        self.describe_rest(text);
    }

    fn describe_rest(&self, text: &mut String) {
        let lists =
            [("overridden", &self.overridden), ("left out, not on this host", &self.left_out)];
        for (title, list) in lists {
            if !list.is_empty() {
                let _ = writeln!(text, "\n{title}");
            }
            for entry in list {
                let _ = writeln!(text, "  {entry} ({})", entry.origin);
            }
        }
        if !self.notes.is_empty() {
            let _ = writeln!(text, "\nnotes");
        }
        for note in &self.notes {
            let _ = writeln!(text, "  {note}");
        }
    }

    fn root_line(&self) -> String {
        match &self.root {
            Root::Empty { size: None } => "empty, in memory, ro".into(),
            Root::Empty { size: Some(size) } => {
                format!("empty, in memory, ro, at most {size} bytes")
            }
            Root::Tree { from, access, .. } => format!("bind {access} from {from}"),
        }
    }

    /// One place, indented below the nearest place above it.
    fn entry_line(&self, entry: &Entry) -> String {
        let depth = self
            .entries
            .iter()
            .filter(|above| above.at != entry.at && above.at.contains(&entry.at))
            .count();
        let shown = entry.to_string();
        format!(
            "{:indent$}{shown:<width$}  {}",
            "",
            entry.origin,
            indent = 2 * depth + 2,
            width = 58 - 2 * depth.min(20)
        )
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let commas = |names: Vec<String>| match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(", "),
        };
        let shared = [
            ("pid", self.isolation.pid),
            ("ipc", self.isolation.ipc),
            ("uts", self.isolation.uts),
            ("cgroup", self.isolation.cgroup),
        ];
        let names = |wanted: Sharing| {
            let named = shared.iter().filter(|(_, sharing)| *sharing == wanted);
            commas(named.map(|(name, _)| (*name).to_owned()).collect())
        };
        let quoted = |text: &std::ffi::OsString| text.to_string_lossy().escape_debug().to_string();
        vec![
            ("command", self.process.command.iter().map(quoted).collect::<Vec<_>>().join(" ")),
            ("directory", self.process.workdir.to_string()),
            (
                "user",
                format!(
                    "uid {} gid {}, {}",
                    self.identity.uid,
                    self.identity.gid,
                    self.user_line()
                ),
            ),
            ("own", names(Sharing::Own)),
            ("shared", names(Sharing::Host)),
            ("network", self.network_line().to_owned()),
            (
                "capabilities",
                commas(self.confinement.capabilities.iter().map(|c| c.name.to_owned()).collect()),
            ),
            ("seccomp", self.seccomp_line()),
            (
                "landlock",
                match self.confinement.landlock {
                    Landlock::Scoped => "signals and abstract sockets stay inside".to_owned(),
                    Landlock::Off => "off".to_owned(),
                },
            ),
            ("limits", commas(self.limit_words())),
            (
                "environment",
                commas(self.process.environment.iter().map(|(name, _)| quoted(name)).collect()),
            ),
        ]
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

    fn seccomp_line(&self) -> String {
        match &self.confinement.seccomp {
            Seccomp::Off => "off".into(),
            Seccomp::Filter { name, allowed, skipped, .. } => {
                let mut line = name.clone();
                if !allowed.is_empty() {
                    let _ = write!(line, ", open: {}", allowed.join(", "));
                }
                if !skipped.is_empty() {
                    let _ = write!(line, ", unknown names skipped: {}", skipped.join(", "));
                }
                line
            }
        }
    }

    fn limit_words(&self) -> Vec<String> {
        let limits = &self.limits;
        let number = |name: &str, value: Option<u64>, unit: &str| {
            value.map(|value| format!("{name} {value}{unit}"))
        };
        let by = |by, group, rlimit| match by {
            LimitedBy::ControlGroup => group,
            LimitedBy::Rlimit => rlimit,
        };
        [
            number(
                "memory",
                limits.memory,
                by(limits.memory_by, " bytes", " bytes a process (rlimit)"),
            ),
            number("processes", limits.processes, by(limits.processes_by, "", " (rlimit)")),
            limits.milli_cpus.map(|milli| format!("cpus {}.{:03}", milli / 1000, milli % 1000)),
            number("open files", limits.open_files, ""),
            limits.wall_time.map(|time| format!("wall time {} s", time.as_secs_f64())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Root {
    /// How freely the view's own root may be written.
    pub fn access(&self) -> Access {
        match self {
            Root::Empty { .. } => Access::ReadOnly,
            Root::Tree { access, .. } => *access,
        }
    }
}

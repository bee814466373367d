use std::fmt::Write as _;

use super::{printable, size_words};
use crate::{Content, Entry, Owner, Plan, Root, Upper, What};

/// One place of the tree; a second source (the layers of an overlay) makes a line of its own.
struct Row {
    /// The lines of the tree before the place, and those before what follows the row.
    branch: String,
    below: String,
    place: String,
    kind: &'static str,
    access: String,
    sources: Vec<String>,
    origin: String,
}

struct Widths {
    place: usize,
    kind: usize,
    source: usize,
}

// Longer names push their own row to the right and leave the others where they are.
const MOST: Widths = Widths { place: 40, kind: 8, source: 26 };

impl Plan {
    /// The places, each below the nearest place above it.
    pub(super) fn tree(&self) -> String {
        let rows: Vec<Row> = [self.root_row()].into_iter().chain(self.rows()).collect();
        let widest = |width: fn(&Row) -> usize, most: usize| {
            rows.iter().map(width).filter(|width| *width <= most).max().unwrap_or(0)
        };
        let widths = Widths {
            place: widest(|row| length(&row.branch) + length(&row.place), MOST.place),
            kind: widest(|row| length(row.kind), MOST.kind),
            source: widest(
                |row| row.sources.iter().map(|s| length(s)).max().unwrap_or(0),
                MOST.source,
            ),
        };
        rows.iter().map(|row| row.text(&widths)).collect()
    }

    fn root_row(&self) -> Row {
        let (kind, source) = match &self.root {
            Root::Empty { size: None } => ("empty", "in memory".to_owned()),
            Root::Empty { size: Some(size) } => {
                ("empty", format!("in memory, {}", size_words(*size)))
            }
            Root::Tree { from, .. } => ("bind", from.to_string()),
        };
        Row {
            branch: String::new(),
            below: if self.entries.is_empty() { "" } else { "│" }.to_owned(),
            place: "/".to_owned(),
            kind,
            access: self.root.access().to_string(),
            sources: vec![source],
            origin: String::new(),
        }
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        let entries = &self.entries;
        // What lies above each entry: settled plans have parents before children.
        let above: Vec<Vec<usize>> = (0..entries.len())
            .map(|index| {
                let at = &entries[index].at;
                (0..index)
                    .filter(|i| entries[*i].at != *at && entries[*i].at.contains(at))
                    .collect()
            })
            .collect();
        (0..entries.len()).map(move |index| {
            let mut branch = String::new();
            for ancestor in &above[index] {
                branch.push_str(if has_sibling_after(entries, &above, *ancestor) {
                    "│  "
                } else {
                    "   "
                });
            }
            let more = has_sibling_after(entries, &above, index);
            let parent = above.get(index + 1).is_some_and(|above| above.contains(&index));
            let below = format!(
                "{branch}{}{}",
                if more { "│  " } else { "   " },
                if parent { "│" } else { "" }
            );
            branch.push_str(if more { "├─ " } else { "└─ " });
            Row::new(&entries[index], branch, below)
        })
    }
}

/// Whether a later entry hangs on the same place above, so that the line goes on.
fn has_sibling_after(entries: &[Entry], above: &[Vec<usize>], index: usize) -> bool {
    (index + 1..entries.len()).any(|later| above[later].last() == above[index].last())
}

impl Row {
    fn new(entry: &Entry, branch: String, below: String) -> Self {
        Self {
            branch,
            below,
            place: entry.at.to_string(),
            kind: entry.what.word(),
            access: entry.access.to_string(),
            sources: sources(&entry.what),
            origin: printable(&entry.origin.to_string()),
        }
    }

    fn text(&self, widths: &Widths) -> String {
        let Row { branch, below, place, kind, access, origin, .. } = self;
        let column = widths.place.saturating_sub(length(branch));
        let first = self.sources.first().map_or("", String::as_str);
        let (kinds, sources) = (widths.kind, widths.source);
        let line = format!(
            "{branch}{place:<column$} {kind:<kinds$} {access:<2} {first:<sources$}  {origin}"
        );
        let mut text = format!("{}\n", line.trim_end());
        for source in self.sources.iter().skip(1) {
            let column = widths.place + widths.kind + 5;
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{below:<column$}{source}");
        }
        text
    }
}

fn sources(what: &What) -> Vec<String> {
    match what {
        What::Bind { from, owner: Owner::AsOnDisk, .. } | What::Device { from } => {
            vec![from.to_string()]
        }
        What::Bind { from, owner: Owner::Mapped, .. } => {
            vec![from.to_string(), "its owner is the view's user".to_owned()]
        }
        What::Tmpfs { size, mode } => {
            let size = size.map(|size| format!("{}, ", size_words(size))).unwrap_or_default();
            vec![format!("{size}mode {mode:o}")]
        }
        What::Scratch { mode } | What::Directory { mode } => vec![format!("mode {mode:o}")],
        What::Overlay { lower, upper } => {
            let changes = match upper {
                Upper::None => "no changes".to_owned(),
                Upper::Discarded => "changes discarded".to_owned(),
                Upper::Kept(upper) => format!("changes in {upper}"),
            };
            lower.iter().map(ToString::to_string).chain([changes]).collect()
        }
        What::File { content: Content::Text(text), .. } => vec![match text.len() {
            0 => "empty".to_owned(),
            length => format!("{length} bytes of text"),
        }],
        What::File { content: Content::Descriptor(fd), .. } => vec![format!("descriptor {fd}")],
        What::File { content: Content::CopyOf(from), .. } => vec![format!("copy of {from}")],
        What::Symlink { to } => vec![format!("to {}", printable(to))],
        What::Reserved { .. } => vec!["no name can be made here".to_owned()],
        What::Mask | What::SelfBind | What::Kernel { .. } => Vec::new(),
    }
}

/// Columns of the terminal, as far as a character is one.
fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::{
        Access, Confinement, Entry, HostPath, Identity, Init, Isolation, Landlock, Layer, LimitSet,
        Links, Network, Origin, Owner, Plan, Process, Protection, ProtectionState, Root, RootOwned,
        Seccomp, Sharing, Upper, UserNamespace, ViewPath, What,
    };

    fn origin(layer: Layer, name: &str) -> Origin {
        Origin::new(layer, name)
    }

    fn plan(entries: Vec<Entry>) -> Plan {
        let own = Sharing::Own;
        Plan {
            profile: "run".into(),
            root: Root::Empty { size: Some(64 << 20) },
            entries,
            isolation: Isolation {
                user: UserNamespace::CallersId,
                network: Network::None,
                pid: own,
                ipc: own,
                uts: Sharing::Host,
                cgroup: own,
            },
            identity: Identity { uid: 1000, gid: 1000, kept_groups: vec![4, 27] },
            confinement: Confinement {
                capabilities: Vec::new(),
                seccomp: Seccomp::Off,
                landlock: Landlock::Scoped,
                no_new_privileges: true,
                core_dumps: false,
                root_owned: RootOwned::Refused,
            },
            limits: LimitSet { memory: Some(512 << 20), ..Default::default() },
            process: Process {
                command: vec!["sh".into(), "-c".into(), "echo \u{1b}[2J; id".into()],
                workdir: ViewPath::new("/srv").unwrap(),
                environment: vec![("PATH".into(), "/usr/bin".into())],
                hostname: None,
                init: Init::Eyot,
                keep_fds: Vec::new(),
                terminal: false,
            },
            protections: Vec::new(),
            overridden: Vec::new(),
            left_out: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn check(plan: &Plan, expected: Expect) {
        expected.assert_eq(&plan.describe());
    }

    #[test]
    fn each_place_hangs_below_the_nearest_above_it() {
        let profile = || origin(Layer::Profile, "run");
        let flag = || origin(Layer::Flag, "--rw");
        let mapped = What::Bind {
            from: HostPath::new("/home/me/project").unwrap(),
            links: Links::Followed,
            owner: Owner::Mapped,
        };
        let stack = What::Overlay {
            lower: vec![HostPath::new("/opt/a").unwrap(), HostPath::new("/opt/b").unwrap()],
            upper: Upper::Discarded,
        };
        let entries = vec![
            Entry::new("/bin", What::Symlink { to: "usr/bin".into() }, profile()).unwrap(),
            Entry::scratch("/dev", 0o755, profile()).unwrap(),
            Entry::bind("/dev/null", "/dev/null", profile()).unwrap(),
            Entry::scratch("/dev/shm", 0o1777, profile()).unwrap(),
            Entry::new("/opt", stack, origin(Layer::File, "a\u{7}b.toml")).unwrap(),
            Entry::new("/opt/secret", What::Mask, flag()).unwrap(),
            Entry::new("/srv", mapped, flag()).unwrap().access(Access::ReadWrite),
            Entry::bind("/usr/share/a-rather-long-name/that-does-not-fit", "/srv/x/y", flag())
                .unwrap(),
        ];
        let mut plan = plan(entries);
        plan.protections = vec![
            Protection { name: "no-new-privileges", state: ProtectionState::Held },
            Protection {
                name: "seccomp",
                state: ProtectionState::Waived { by: "--seccomp".into() },
            },
            Protection {
                name: "landlock",
                state: ProtectionState::Absent { why: "the kernel has no Landlock".into() },
            },
        ];
        plan.left_out = vec![Entry::bind("/snap", "/snap", profile()).unwrap().optional()];
        plan.notes = vec!["two groups of the caller remain".into()];
        check(
            &plan,
            expect![[r#"
                /                 empty   ro in memory, 64 MiB
                ├─ /bin           link    ro to usr/bin         profile run
                ├─ /dev           scratch rw mode 755           profile run
                │  ├─ /dev/null   bind    ro /dev/null          profile run
                │  └─ /dev/shm    scratch rw mode 1777          profile run
                ├─ /opt           overlay rw /opt/a             file a\u{7}b.toml
                │  │                         /opt/b
                │  │                         changes discarded
                │  └─ /opt/secret mask    ro                    flag --rw
                └─ /srv           bind    rw /home/me/project   flag --rw
                   │                         its owner is the view's user
                   └─ /srv/x/y    bind    ro /usr/share/a-rather-long-name/that-does-not-fit  flag --rw

                process
                  command       sh -c 'echo \u{1b}[2J; id'
                  directory     /srv
                  user          uid 1000 gid 1000, own user namespace that knows the caller's id only
                  groups kept   4, 27
                  host name     the host's
                  own           pid, ipc, cgroup
                  shared        uts
                  network       none
                  environment   PATH
                  descriptors   0 to 2
                  PID 1         eyot: reaps orphans and forwards signals
                  capabilities  none
                  seccomp       off
                  landlock      signals and abstract sockets stay inside
                  root's files  never writable as the view's own
                  core dumps    none
                  limits        memory 512 MiB

                protections
                  ✓ no-new-privileges  held
                  ○ seccomp            waived by --seccomp
                  ✗ landlock           ABSENT: the kernel has no Landlock

                left out, the host has no source
                  bind /snap ro from /snap (if present) (profile run)

                notes
                  two groups of the caller remain
            "#]],
        );
    }
}

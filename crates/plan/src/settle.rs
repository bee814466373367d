use crate::{Access, Entry, HostPath, KernelFilesystem, Links, PlanError, Presence, What};

/// What the host has at a path, found out once, by the descriptor that is used later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceFact {
    Missing,
    Unreachable {
        reason: String,
    },
    Directory,
    File,
    Symlink {
        to: String,
    },
    CharacterDevice,
    /// A disk: never shown, whoever asks.
    BlockDevice,
    Other,
}

/// Entries that can be carried out from the first to the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    pub entries: Vec<Entry>,
    /// What was asked for by a lower layer and is covered by a higher one.
    pub overridden: Vec<Entry>,
    /// Optional entries that the host has no source for.
    pub left_out: Vec<Entry>,
}

/// Puts `asked` in order, parents before children, and refuses what contradicts itself.
///
/// A later [`Layer`](crate::Layer) overrides an earlier one at the same place and below it.
pub fn settle(
    asked: Vec<Entry>,
    mut fact_of: impl FnMut(&HostPath, Links) -> SourceFact,
) -> Result<Settled, PlanError> {
    let mut settled = Settled::default();
    let mut entries = override_lower_layers(asked, &mut settled.overridden);
    // Stable: of two requests for one place, the one named first comes first in the error.
    entries.sort_by(|a, b| a.at.cmp(&b.at));
    refuse_twins(&entries)?;

    for entry in entries {
        if is_closed_already(&entry, &settled.entries, &mut fact_of) {
            settled.left_out.push(entry);
            continue;
        }
        match check_sources(entry, &mut fact_of)? {
            Found::Entry(entry) => settled.entries.push(entry),
            Found::Nothing(entry) => settled.left_out.push(entry),
        }
    }
    refuse_covered(&settled.entries, &mut fact_of)?;
    open_names_in_memory(&mut settled.entries);
    Ok(settled)
}

enum Found {
    Entry(Entry),
    Nothing(Entry),
}

fn override_lower_layers(asked: Vec<Entry>, overridden: &mut Vec<Entry>) -> Vec<Entry> {
    let covers = |upper: &Entry, lower: &Entry| {
        upper.origin.layer > lower.origin.layer && upper.at.contains(&lower.at)
    };
    let covered: Vec<bool> =
        asked.iter().map(|entry| asked.iter().any(|other| covers(other, entry))).collect();
    let mut kept = Vec::with_capacity(asked.len());
    for (entry, covered) in asked.into_iter().zip(covered) {
        if covered { overridden.push(entry) } else { kept.push(entry) }
    }
    kept
}

fn refuse_twins(entries: &[Entry]) -> Result<(), PlanError> {
    match entries.windows(2).find(|pair| pair[0].at == pair[1].at) {
        Some(pair) => Err(PlanError::NamedTwice {
            at: pair[0].at.clone(),
            first: Box::new(pair[0].clone()),
            second: Box::new(pair[1].clone()),
        }),
        None => Ok(()),
    }
}

/// Whether `entry` reserves a name where nothing can be created anyway: beneath a reserved place
/// or beneath a file.
fn is_closed_already(
    entry: &Entry,
    settled: &[Entry],
    fact_of: &mut impl FnMut(&HostPath, Links) -> SourceFact,
) -> bool {
    let above = settled.iter().rev().find(|above| above.at.contains(&entry.at));
    match (&entry.what, above.map(|above| &above.what)) {
        (What::Reserved { .. }, Some(What::Reserved { .. })) => true,
        (What::Reserved { .. }, Some(What::Bind { from, links, .. })) => {
            fact_of(from, *links) == SourceFact::File
        }
        _ => false,
    }
}

/// What becomes of a reserved place.
fn reserve(mut entry: Entry, fact: SourceFact) -> Result<Entry, PlanError> {
    let What::Reserved { from, owner, .. } = entry.what.clone() else { return Ok(entry) };
    let found = match fact {
        SourceFact::Missing => {
            // What takes the name can be read and no more.
            entry.access = Access::ReadOnly;
            return Ok(entry);
        }
        SourceFact::Directory | SourceFact::File => {
            // Only a directory can be open to change and yet keep parts of itself closed. A file in
            // its place (`.git` of a linked worktree) is what the place says, so it is not writable.
            if fact == SourceFact::File {
                entry.access = Access::ReadOnly;
            }
            entry.what = What::Bind { from, links: Links::Followed, owner };
            return Ok(entry);
        }
        SourceFact::Unreachable { reason } => {
            let (from, entry) = (from.to_string(), Box::new(entry));
            return Err(PlanError::Unreachable { from, entry, reason });
        }
        // What it points to could be protected, but the link itself could still be exchanged.
        SourceFact::Symlink { .. } => "a symbolic link",
        SourceFact::BlockDevice | SourceFact::CharacterDevice => "a device",
        SourceFact::Other => "a socket or pipe",
    };
    let (from, entry) = (from.to_string(), Box::new(entry));
    Err(PlanError::WrongKind { from, found, wanted: "a file, a directory or nothing", entry })
}

fn check_sources(
    mut entry: Entry,
    fact_of: &mut impl FnMut(&HostPath, Links) -> SourceFact,
) -> Result<Found, PlanError> {
    let links = match &entry.what {
        What::Bind { links, .. } => *links,
        What::Reserved { from, .. } => {
            let fact = fact_of(from, Links::Copied);
            return reserve(entry, fact).map(Found::Entry);
        }
        _ => Links::Followed,
    };
    let sources: Vec<HostPath> = entry.sources().into_iter().cloned().collect();
    for from in sources {
        let fact = fact_of(&from, links);
        let wrong = |found, wanted| {
            let entry = Box::new(entry.clone());
            Err(PlanError::WrongKind { from: from.to_string(), found, wanted, entry })
        };
        match (&entry.what, fact) {
            (_, SourceFact::Missing) => match entry.presence {
                Presence::Optional => return Ok(Found::Nothing(entry)),
                Presence::Required => {
                    let from = from.to_string();
                    return Err(PlanError::Missing { from, entry: Box::new(entry) });
                }
            },
            (_, SourceFact::Unreachable { reason }) => match entry.presence {
                Presence::Optional => return Ok(Found::Nothing(entry)),
                Presence::Required => {
                    let (from, entry) = (from.to_string(), Box::new(entry));
                    return Err(PlanError::Unreachable { from, entry, reason });
                }
            },
            (_, SourceFact::BlockDevice) => return wrong("a block device", "anything but a disk"),
            (What::Device { .. }, SourceFact::CharacterDevice) => {}
            (What::File { .. }, SourceFact::File) => {}
            (What::File { .. }, _) => return wrong("no file", "a file"),
            (What::Device { .. }, _) => return wrong("no device", "a character device"),
            (What::Overlay { .. }, SourceFact::Directory) => {}
            (What::Overlay { .. }, _) => return wrong("no directory", "a directory"),
            (What::Bind { .. }, SourceFact::Symlink { to }) => {
                // The kernel keeps no mode on a link, and the view resolves it in its own root.
                entry.what = What::Symlink { to };
                break;
            }
            (What::Bind { .. }, SourceFact::Directory | SourceFact::File | SourceFact::Other) => {}
            (What::Bind { .. }, SourceFact::CharacterDevice) => {
                return wrong("a device", "a file or directory (devices enter by --device)");
            }
            (What::Tmpfs { .. } | What::Scratch { .. }, _)
            | (What::Directory { .. } | What::Symlink { .. } | What::Mask | What::SelfBind, _)
            | (What::Reserved { .. } | What::Kernel { .. }, _) => {}
        }
    }
    if !entry.sources().is_empty() || matches!(entry.what, What::Symlink { .. }) {
        entry.presence = Presence::Required;
    }
    Ok(Found::Entry(entry))
}

/// Refuses an entry whose nearest entry above cannot hold it.
fn refuse_covered(
    entries: &[Entry],
    fact_of: &mut impl FnMut(&HostPath, Links) -> SourceFact,
) -> Result<(), PlanError> {
    for (index, inner) in entries.iter().enumerate() {
        let above = entries[..index].iter().rev().find(|outer| outer.at.contains(&inner.at));
        let Some(outer) = above else { continue };
        let both = || (Box::new(inner.clone()), Box::new(outer.clone()));
        let holds_names = match &outer.what {
            What::Bind { from, links, .. } => fact_of(from, *links) == SourceFact::Directory,
            What::Tmpfs { .. } | What::Scratch { .. } | What::Overlay { .. } => true,
            What::Directory { .. } | What::SelfBind => true,
            What::Kernel { filesystem } => match filesystem {
                KernelFilesystem::Proc | KernelFilesystem::Sysfs | KernelFilesystem::Cgroup => true,
                KernelFilesystem::Devpts | KernelFilesystem::Mqueue => false,
            },
            What::Mask | What::Reserved { .. } => {
                let (inner, outer) = both();
                return Err(PlanError::Hidden { inner, outer });
            }
            What::File { .. } | What::Symlink { .. } | What::Device { .. } => false,
        };
        if !holds_names {
            let (inner, outer) = both();
            return Err(PlanError::BeneathFile { inner, outer });
        }
    }
    Ok(())
}

/// A file, directory or link in memory that the view may write to is as free as what it lies in: it can be exchanged.
fn open_names_in_memory(entries: &mut [Entry]) {
    for index in 0..entries.len() {
        let (above, rest) = entries.split_at_mut(index);
        let Some(entry) = rest.first_mut().filter(|entry| !entry.is_mount()) else { continue };
        let holder = above.iter().rev().find(|holder| holder.at.contains(&entry.at));
        if holder.is_some_and(|holder| holder.what.is_own_memory()) {
            entry.access = Access::ReadWrite;
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::{Content, Layer, Origin, Owner};

    fn flag(name: &str) -> Origin {
        Origin::new(Layer::Flag, name)
    }

    fn profile() -> Origin {
        Origin::new(Layer::Profile, "run")
    }

    // The one place that calls the API: the cases below only say input and outcome.
    fn check(entries: Vec<Result<Entry, PlanError>>, expected: Expect) {
        let host = |from: &HostPath, links| match from.to_string().as_str() {
            "/bin" if links == Links::Copied => SourceFact::Symlink { to: "usr/bin".into() },
            path if path.starts_with("/no/such") => SourceFact::Missing,
            "/linked" => SourceFact::Symlink { to: "elsewhere".into() },
            "/root/x" => SourceFact::Unreachable { reason: "Permission denied".into() },
            "/dev/sda" => SourceFact::BlockDevice,
            "/dev/null" => SourceFact::CharacterDevice,
            path if path.contains("file") => SourceFact::File,
            _ => SourceFact::Directory,
        };
        let settled = entries.into_iter().collect::<Result<Vec<_>, _>>();
        let text = match settled.and_then(|entries| settle(entries, host)) {
            Ok(settled) => {
                let line = |mark: &str, list: &[Entry]| {
                    list.iter().map(|entry| format!("{mark}{entry}\n")).collect::<String>()
                };
                line("", &settled.entries)
                    + &line("overridden: ", &settled.overridden)
                    + &line("left out: ", &settled.left_out)
            }
            Err(error) => format!("error: {error}\n"),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn parents_come_before_children() {
        check(
            vec![
                Entry::scratch("/run/user/0", 0o700, profile()),
                Entry::bind("/srv", "/run", profile()),
                Entry::new("/proc/kcore", What::Mask, profile()),
            ],
            expect![[r#"
                mask /proc/kcore ro
                bind /run ro from /srv
                scratch /run/user/0 rw
            "#]],
        );
    }

    #[test]
    fn the_same_place_twice_names_both_requests() {
        check(
            vec![
                Entry::bind("/data", "/data", flag("--ro")),
                Entry::scratch("/data", 0o755, flag("--tmpfs")),
            ],
            expect![[r#"
                error: '/data' is asked for twice: 'bind /data ro from /data' (flag --ro) and 'scratch /data rw' (flag --tmpfs)
            "#]],
        );
    }

    #[test]
    fn a_flag_overrides_the_profile_at_its_place_and_below() {
        check(
            vec![
                Entry::bind("/etc/ssl", "/etc/ssl", profile()),
                Entry::scratch("/tmp", 0o1777, profile()),
                Entry::bind("/srv/etc", "/etc", flag("--ro")),
            ],
            expect![[r#"
                bind /etc ro from /srv/etc
                scratch /tmp rw
                overridden: bind /etc/ssl ro from /etc/ssl
            "#]],
        );
    }

    #[test]
    fn nothing_lies_beneath_a_file() {
        check(
            vec![
                Entry::bind("/etc/file", "/data", flag("--ro")),
                Entry::bind("/srv", "/data/srv", flag("--rw")).map(|e| e.access(Access::ReadWrite)),
            ],
            expect![[r#"
                error: 'bind /data/srv rw from /srv' (flag --rw) lies beneath 'bind /data ro from /etc/file' (flag --ro), which is not a directory
            "#]],
        );
        let text = What::File { content: Content::Text(String::new()), mode: 0o644 };
        check(
            vec![
                Entry::new("/a", text, flag("--file")),
                Entry::scratch("/a/b", 0o755, flag("--dir")),
            ],
            expect![[r#"
                error: 'scratch /a/b rw' (flag --dir) lies beneath 'file /a ro' (flag --file), which is not a directory
            "#]],
        );
    }

    #[test]
    fn a_mask_that_hides_a_later_entry_is_refused() {
        check(
            vec![
                Entry::new("/data", What::Mask, flag("--mask")),
                Entry::bind("/srv", "/data/x", flag("--ro")),
            ],
            expect![[r#"
                error: 'bind /data/x ro from /srv' (flag --ro) would be hidden by 'mask /data ro' (flag --mask)
            "#]],
        );
    }

    #[test]
    fn only_an_optional_source_may_be_missing() {
        let bind = || Entry::bind("/no/such", "/data", flag("--ro"));
        check(
            vec![bind().map(Entry::optional)],
            expect![[r#"
            left out: bind /data ro from /no/such (if present)
        "#]],
        );
        check(
            vec![bind()],
            expect![[r#"
            error: the host has nothing at '/no/such', which 'bind /data ro from /no/such' (flag --ro) needs
        "#]],
        );
        check(
            vec![Entry::bind("/root/x", "/x", flag("--ro"))],
            expect![[r#"
            error: '/root/x' cannot be looked up, which 'bind /x ro from /root/x' (flag --ro) needs: Permission denied
        "#]],
        );
    }

    #[test]
    fn a_link_of_the_host_is_shown_as_a_link() {
        let from = HostPath::new("/bin").unwrap();
        let what = What::Bind { from, links: Links::Copied, owner: crate::Owner::AsOnDisk };
        check(
            vec![Entry::new("/bin", what, profile())],
            expect![[r#"
            link /bin ro to usr/bin
        "#]],
        );
    }

    #[test]
    fn a_disk_never_enters() {
        check(
            vec![Entry::bind("/dev/sda", "/dev/sda", flag("--ro"))],
            expect![[r#"
            error: '/dev/sda' is a block device, but 'bind /dev/sda ro from /dev/sda' (flag --ro) needs anything but a disk
        "#]],
        );
        let what = What::Device { from: HostPath::new("/dev/sda").unwrap() };
        check(
            vec![Entry::new("/dev/null", what, flag("--device"))],
            expect![[r#"
            error: '/dev/sda' is a block device, but 'device /dev/null rw from /dev/sda' (flag --device) needs anything but a disk
        "#]],
        );
    }

    fn reserved(from: &str, at: &str) -> Result<Entry, PlanError> {
        let from = HostPath::new(from)?;
        Entry::new(
            at,
            What::Reserved { from, owner: Owner::Mapped, placeholder: String::new() },
            profile(),
        )
    }

    #[test]
    fn a_reserved_place_is_a_mount_or_stays_empty() {
        check(
            vec![
                Entry::bind("/srv", "/p", profile()).map(|e| e.access(Access::ReadWrite)),
                reserved("/srv/.git", "/p/.git").map(|e| e.access(Access::ReadWrite)),
                reserved("/srv/.git/hooks", "/p/.git/hooks"),
                reserved("/no/such/.envrc", "/p/.envrc"),
            ],
            expect![[r#"
                bind /p rw from /srv
                reserve /p/.envrc ro
                bind /p/.git rw from /srv/.git
                bind /p/.git/hooks ro from /srv/.git/hooks
            "#]],
        );
    }

    #[test]
    fn nothing_is_reserved_beneath_a_file_or_a_reserved_place() {
        check(
            vec![
                reserved("/srv/file", "/p/.git").map(|e| e.access(Access::ReadWrite)),
                reserved("/srv/file/hooks", "/p/.git/hooks"),
                reserved("/no/such", "/q/.git"),
                reserved("/no/such/hooks", "/q/.git/hooks"),
            ],
            expect![[r#"
                bind /p/.git ro from /srv/file
                reserve /q/.git ro
                left out: reserve /p/.git/hooks ro
                left out: reserve /q/.git/hooks ro
            "#]],
        );
    }

    #[test]
    fn a_link_cannot_be_reserved() {
        check(
            vec![reserved("/linked", "/p/.git")],
            expect![[r#"
                error: '/linked' is a symbolic link, but 'reserve /p/.git ro' (profile run) needs a file, a directory or nothing
            "#]],
        );
    }

    #[test]
    fn a_place_in_a_kernel_file_system_stays_optional() {
        check(
            vec![Entry::new("/proc/sys", What::SelfBind, profile()).map(Entry::optional)],
            expect![[r#"
                cover /proc/sys ro (if present)
            "#]],
        );
    }
}

//! What is checked: for each thing what eyot uses it for, what follows without it, and what can be done.

mod around;
mod confine;
mod mount;
mod namespace;
mod program;

use super::{Check, Group};

/// Every check, in the order in which it is made and shown.
pub(super) const ALL: &[(Group, &[Check])] = &[
    (Group::Surroundings, around::SURROUNDINGS),
    (Group::Namespaces, namespace::AS_CALLER),
    (Group::UserNamespace, namespace::IN_USER_NAMESPACE),
    (Group::Filesystems, mount::FILESYSTEMS),
    (Group::Mounts, mount::MOUNTS),
    (Group::IdmappedMounts, mount::IDMAPPED),
    (Group::Processes, confine::PROCESSES),
    (Group::Confinement, confine::CONFINEMENT),
    (Group::ControlGroups, around::CONTROL_GROUPS),
    (Group::Limits, around::LIMITS),
    (Group::Bpf, program::BPF),
];

const NEWER_KERNEL: &str = "use a newer kernel";
const NOTHING: &str = "nothing changes for eyot";
const RUN_REFUSED: &str = "eyot run is refused";
const ROOT_REFUSED: &str = "eyot run as root is refused";
const USER_REFUSED: &str = "eyot run as an ordinary user is refused";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn rows() -> impl Iterator<Item = (Group, &'static Check)> {
        ALL.iter().flat_map(|(group, checks)| checks.iter().map(|check| (*group, check)))
    }

    #[test]
    fn every_check_has_a_name_of_its_own_and_all_its_words() {
        let mut names = HashSet::new();
        for (_, check) in rows() {
            let Check { name, since, used_for, without, cause, cure, .. } = check;
            assert!(names.insert(name), "{name} twice");
            for text in [name, since, used_for, without, cause, cure] {
                assert!(!text.is_empty(), "{check:?}");
                assert!(!text.ends_with('.'), "{name}: '{text}' ends in a full stop");
                assert!(!text.contains("  "), "{name}: '{text}'");
            }
        }
    }

    #[test]
    fn every_group_is_shown_once_and_has_checks() {
        let titles: HashSet<_> = ALL.iter().map(|(group, _)| group.title()).collect();
        assert_eq!(titles.len(), ALL.len());
        assert!(ALL.iter().all(|(_, checks)| !checks.is_empty()));
    }

    /// The page is written for people; this keeps it complete. A row that is missing is printed as it should be.
    #[test]
    fn the_documentation_has_every_check() {
        let page = include_str!("../../../../../docs/kernel-features.md");
        let missing: String = rows()
            .map(|(_, check)| {
                let Check { name, since, used_for, without, .. } = check;
                format!("| {name} | {since} | {used_for} | {without} |\n")
            })
            .filter(|row| !page.contains(row.as_str()))
            .collect();
        assert!(missing.is_empty(), "docs/kernel-features.md lacks:\n{missing}");
    }
}

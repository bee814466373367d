use eyot_plan::{
    CgroupLayout, Content, Entry, Facts, HostPath, Isolation, KernelFilesystem, Layer, LimitSet,
    Links, Network, Origin, Owner, PlanError, Root, Sharing, UserNamespace, ViewPath, What,
};

use crate::identity::{Who, callers_home, is_host_root};
use crate::request::Request;
use crate::row::{Place, Row, Show, Text, When};
use crate::tables::{DEV, FIRMWARE, KERNEL_TUNABLES, Kernel, PROC, Profile, SYS};

/// What rows are read against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) root: &'a Root,
    pub(crate) isolation: &'a Isolation,
    pub(crate) who: &'a Who,
    pub(crate) facts: &'a Facts,
    pub(crate) hostname: &'a str,
    pub(crate) limits: &'a LimitSet,
}

/// The profile's entries, and those of the kernel's file systems that were asked for beside it.
pub(crate) fn profile_entries(
    setting: Setting<'_>,
    request: Request<'_>,
) -> Result<Vec<Entry>, PlanError> {
    let Setting { profile, root, .. } = setting;
    let tables = match root {
        Root::Empty { .. } => profile.tables,
        Root::Tree { from, .. } if is_host_root(from) => profile.over_host(),
        Root::Tree { .. } => profile.over_directory(),
    };
    let own = Origin::new(Layer::Profile, profile.name);
    let mut entries = Vec::new();
    for table in tables {
        setting.add(table, &own, &mut entries)?;
    }
    for kernel in [Kernel::Proc, Kernel::Sys, Kernel::Dev] {
        if let Some(origin) = setting.asked_kernel(kernel, request) {
            for table in setting.kernel_tables(kernel) {
                setting.add(table, &origin, &mut entries)?;
            }
        }
    }
    Ok(entries)
}

impl Setting<'_> {
    /// A root file system in a directory has no place for a directory of the host's tree.
    pub(crate) fn shows_project(&self) -> bool {
        match self.root {
            Root::Empty { .. } => true,
            Root::Tree { from, .. } => is_host_root(from),
        }
    }

    fn asked_kernel(&self, kernel: Kernel, request: Request<'_>) -> Option<Origin> {
        let asked = match kernel {
            Kernel::Proc => request.last("proc", |view| view.proc),
            Kernel::Sys => request.last("sys", |view| view.sys),
            Kernel::Dev => request.last("dev", |view| view.dev),
        };
        let own = self.profile.kernel.contains(&kernel);
        let name = match asked {
            Some(asked) if !asked.value => return None,
            // Still in the profile's layer, so that what a file or flag puts below it stays.
            Some(asked) if !own => format!("{} with {}", self.profile.name, asked.by.name),
            Some(_) | None if own => self.profile.name.to_owned(),
            Some(_) | None => return None,
        };
        Some(Origin::new(Layer::Profile, name))
    }

    fn kernel_tables(&self, kernel: Kernel) -> Vec<&'static [Row]> {
        let (table, unguarded) = match kernel {
            Kernel::Proc => (PROC, KERNEL_TUNABLES),
            Kernel::Sys => (SYS, FIRMWARE),
            Kernel::Dev => (DEV, &[] as &[Row]),
        };
        match self.isolation.user {
            UserNamespace::Host => vec![table, unguarded],
            UserNamespace::Block | UserNamespace::CallersId => vec![table],
        }
    }

    fn add(
        &self,
        table: &[Row],
        origin: &Origin,
        entries: &mut Vec<Entry>,
    ) -> Result<(), PlanError> {
        for row in table.iter().filter(|row| self.counts(row.when)) {
            if let Some(entry) = self.entry(row, origin)? {
                // Two rows meet where a place depends on the caller: root's home is /root.
                if !entries.iter().any(|known: &Entry| known.at == entry.at) {
                    entries.push(entry);
                }
            }
        }
        Ok(())
    }

    fn counts(&self, when: When) -> bool {
        let host_network = self.isolation.network == Network::Host;
        match when {
            When::Always => true,
            When::HostNetwork => host_network,
            When::OwnNetwork => !host_network,
            When::ControlGroups => self.shows_control_groups(),
            When::Terminal => self.facts.caller.on_terminal,
        }
    }

    /// Of version 1 only the hierarchies that limit the view are shown: in the others it has no group of its own.
    fn shows_control_groups(&self) -> bool {
        let binds_hosts = self.isolation.cgroup == Sharing::Host
            && self.isolation.user == UserNamespace::CallersId;
        match self.facts.machine.cgroups {
            CgroupLayout::Unified => true,
            CgroupLayout::Hybrid | CgroupLayout::Legacy => {
                self.limits.needs_cgroup() || binds_hosts
            }
            CgroupLayout::None => false,
        }
    }

    /// Why a view with `/sys` shows no control groups, where it does not.
    pub(crate) fn groups_note(&self, asked: &[Entry]) -> Option<String> {
        let sysfs = What::Kernel { filesystem: KernelFilesystem::Sysfs };
        let shows_sys = asked.iter().any(|entry| entry.what == sysfs);
        let has_groups = self.facts.machine.cgroups != CgroupLayout::None;
        (shows_sys && has_groups && !self.shows_control_groups()).then(|| {
            "/sys/fs/cgroup is empty: of control groups of version 1 a view has its own only with limits"
                .to_owned()
        })
    }

    fn entry(&self, row: &Row, origin: &Origin) -> Result<Option<Entry>, PlanError> {
        let Some((from, at)) = self.places(row.at)? else { return Ok(None) };
        let bind = |from, links| What::Bind { from, links, owner: Owner::AsOnDisk };
        // In a tree of the host a name can only be covered by a mount, and only where it exists.
        let in_tree = matches!(self.root, Root::Tree { .. });
        let (what, optional) = match row.show {
            Show::Host => (bind(from, Links::Followed), false),
            Show::HostIfPresent => (bind(from, Links::Followed), true),
            Show::CopyIfPresent => {
                (What::File { content: Content::CopyOf(from), mode: 0o644 }, true)
            }
            Show::HostOrItsLink => (bind(from, Links::Copied), true),
            Show::Scratch(mode) => (What::Scratch { mode }, false),
            Show::ScratchIfPresent(mode) => (What::Scratch { mode }, true),
            Show::Directory if in_tree => (What::Scratch { mode: 0o755 }, true),
            Show::Directory => (What::Directory { mode: 0o755 }, false),
            Show::Text(text) => (self.file(text), false),
            Show::Link(to) => (What::Symlink { to: to.to_owned() }, false),
            Show::Device => (What::Device { from }, false),
            Show::Kernel(filesystem) => return Ok(Some(self.kernel(filesystem, from, at, origin))),
            Show::Hidden => (What::Mask, true),
            Show::Covered => (What::SelfBind, true),
        };
        let entry = Entry::placed(at, what, origin.clone());
        Ok(Some(if optional { entry.optional() } else { entry }))
    }

    /// Where on the host and where in the view; `None` where the caller has no such place.
    fn places(&self, place: Place) -> Result<Option<(HostPath, ViewPath)>, PlanError> {
        let same = |path: &std::path::Path| -> Result<_, PlanError> {
            Ok(Some((HostPath::new(path)?, ViewPath::new(path)?)))
        };
        let home = callers_home(&self.facts.caller);
        match place {
            Place::At(path) => same(path.as_ref()),
            Place::Home => self.who.home.as_ref().map_or(Ok(None), |home| same(home.as_path())),
            Place::RuntimeDir => {
                self.who.runtime_dir.as_ref().map_or(Ok(None), |dir| same(dir.as_path()))
            }
            Place::CallersHome => home.map_or(Ok(None), |home| same(home.as_path())),
            Place::InHome(name) => match (home, &self.who.home) {
                (Some(from), Some(at)) => {
                    Ok(Some((HostPath::new(from.as_path().join(name))?, at.join(name)?)))
                }
                (None, _) | (_, None) => Ok(None),
            },
        }
    }

    fn kernel(
        &self,
        filesystem: KernelFilesystem,
        from: HostPath,
        at: ViewPath,
        origin: &Origin,
    ) -> Entry {
        let shared = match filesystem {
            KernelFilesystem::Proc => self.isolation.pid == Sharing::Host,
            KernelFilesystem::Sysfs => self.isolation.network == Network::Host,
            KernelFilesystem::Mqueue => self.isolation.ipc == Sharing::Host,
            KernelFilesystem::Cgroup => self.isolation.cgroup == Sharing::Host,
            KernelFilesystem::Devpts => false,
        };
        let made = Entry::placed(at, What::Kernel { filesystem }, origin.clone());
        if shared && self.isolation.user == UserNamespace::CallersId {
            // user_namespaces(7): these can be mounted only by who owns the namespace they show. The
            // host's own mount shows the same.
            let what = What::Bind { from, links: Links::Followed, owner: Owner::AsOnDisk };
            return Entry { what, ..made }.optional();
        }
        let in_tree = matches!(self.root, Root::Tree { .. });
        if in_tree { made.optional() } else { made }
    }

    fn file(&self, text: Text) -> What {
        let content = match text {
            Text::Passwd => self.who.passwd(),
            Text::Group => self.who.group(),
            Text::Hostname => format!("{}\n", self.hostname),
            Text::Hosts => format!(
                "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 {}\n",
                self.hostname
            ),
            Text::Fixed(text) => text.to_owned(),
        };
        What::File { content: Content::Text(content), mode: 0o644 }
    }
}

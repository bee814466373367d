use eyot_plan::KernelFilesystem;

/// One line of a profile: a place, what is there, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub at: Place,
    pub show: Show,
    pub when: When,
}

/// Where, as far as it depends on who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    At(&'static str),
    /// The view's home directory.
    Home,
    /// This name in the view's home, shown from the same name in the caller's.
    InHome(&'static str),
    /// The caller's home directory on the host.
    CallersHome,
    /// `XDG_RUNTIME_DIR`: `/run/user/UID`.
    RuntimeDir,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// What the host has at the same path, read-only.
    Host,
    /// The same, where the host has it.
    HostIfPresent,
    /// A copy of the host's small file, made at the start: it costs no mount. Left out where the host has none.
    CopyIfPresent,
    /// The same as on the host; where the host has a symbolic link, that link (`/bin` of a merged `/usr`).
    HostOrItsLink,
    /// A private directory in memory.
    Scratch(u32),
    /// The same, left out where the tree beneath lacks the place.
    ScratchIfPresent(u32),
    /// A directory of the view's own root that holds only what other rows put there.
    Directory,
    Text(Text),
    Link(&'static str),
    /// The host's device node of the same path.
    Device,
    Kernel(KernelFilesystem),
    /// Nothing, where there is something to hide.
    Hidden,
    /// The place itself, read-only, where it exists.
    Covered,
}

/// A file that is written anew for each view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    Passwd,
    Group,
    Hosts,
    Hostname,
    /// Fixed text.
    Fixed(&'static str),
}

/// What the view must be like for a row to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Always,
    HostNetwork,
    OwnNetwork,
    /// The machine has control groups at all.
    ControlGroups,
    /// Somebody sits at a terminal.
    Terminal,
}

impl Row {
    pub(crate) const fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }
}

pub(crate) const fn row(at: &'static str, show: Show) -> Row {
    row_at(Place::At(at), show)
}

pub(crate) const fn row_at(at: Place, show: Show) -> Row {
    Row { at, show, when: When::Always }
}

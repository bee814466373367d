use std::error::Error;
use std::path::Path;

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// A test and what the machine must offer for it.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) need: Need,
    /// What it runs and not every machine has.
    pub(crate) program: Option<&'static str>,
    pub(crate) run: fn() -> Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// An ordinary user, who owns the test's namespaces.
    UserNamespace,
    /// Root of the machine.
    Root,
    /// The same, in control groups of version 1 that it may write to.
    ControlGroups,
}

impl Need {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Need::UserNamespace => "userns",
            Need::Root => "root",
            Need::ControlGroups => "cgroups",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let all = [Need::UserNamespace, Need::Root, Need::ControlGroups];
        all.into_iter().find(|need| need.name() == name)
    }
}

/// How mounts of the test's view pass on to copies of it: `/` is private on some machines and shared on those that
/// systemd has booted, so what root does is tried with both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagation {
    Private,
    Shared,
}

impl Propagation {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Propagation::Private => "private",
            Propagation::Shared => "shared",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        [Propagation::Private, Propagation::Shared].into_iter().find(|it| it.name() == name)
    }
}

impl Case {
    /// The program that it cannot do without and the machine lacks.
    pub(crate) fn missing_program(&self) -> Option<&'static str> {
        const PATH: [&str; 5] = ["/usr/local/bin", "/usr/bin", "/usr/sbin", "/bin", "/sbin"];
        let is_there = |name: &str| PATH.iter().any(|place| Path::new(place).join(name).exists());
        self.program.filter(|name| !is_there(name))
    }
}

/// `cases! { userns: first, second; (root with "git"): third; }` makes the table `CASES` of a file from its functions.
macro_rules! cases {
    ($($need:tt: $($name:ident),+ $(,)?;)+) => {
        pub(crate) const CASES: &[$crate::case::Case] = &[$($(
            $crate::case::Case {
                name: stringify!($name),
                need: $crate::case::cases!(@need $need),
                program: $crate::case::cases!(@program $need),
                run: $name,
            },
        )+)+];
    };
    (@need userns) => { $crate::case::Need::UserNamespace };
    (@need root) => { $crate::case::Need::Root };
    (@need cgroups) => { $crate::case::Need::ControlGroups };
    (@need ($need:ident with $program:literal)) => { $crate::case::cases!(@need $need) };
    (@program ($need:ident with $program:literal)) => { Some($program) };
    (@program $need:ident) => { None };
}

pub(crate) use cases;

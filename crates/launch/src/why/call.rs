//! Which call does what to which path, as a table.

use eyot_sys::{LastLink, SystemCall, read_memory};

/// What a call would do at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    /// It has to be there.
    Look,
    /// It has to be there and be writable.
    Change,
    /// The name must be free and what holds it writable.
    Make,
    /// Made where missing, and otherwise looked at.
    MakeOrLook,
    /// Made where missing, and otherwise changed.
    MakeOrChange,
    /// The name is taken away, or given to something else.
    Remove,
}

/// One path of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Where a relative path starts; the working directory if `None`.
    pub(super) directory: Option<i32>,
    /// Where the path stands in the caller's memory.
    pub(super) path: u64,
    pub(super) intent: Intent,
    pub(super) last: LastLink,
}

/// What a call is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum About {
    Paths(Vec<Request>),
    /// The address of a socket in the caller's memory, and its length.
    Peer {
        address: u64,
        length: u64,
    },
    Nothing,
}

struct Row {
    name: &'static str,
    paths: &'static [Argument],
}

/// Where in the arguments a path stands, and how to tell what is done to it.
#[derive(Clone, Copy)]
struct Argument {
    directory: Option<u8>,
    path: u8,
    does: Does,
    last: Last,
}

#[derive(Clone, Copy)]
enum Does {
    Always(Intent),
    /// By the flags of `open(2)` in this argument.
    Open(u8),
    /// By the flags in the `struct open_how` that this argument points to.
    OpenHow(u8),
    /// By the mode of `access(2)` in this argument.
    Access(u8),
}

#[derive(Clone, Copy)]
enum Last {
    Followed,
    Kept,
    /// Kept if the argument has this flag.
    KeptBy(u8, u64),
    /// Followed if the argument has this flag.
    FollowedBy(u8, u64),
}

const fn row(name: &'static str, paths: &'static [Argument]) -> Row {
    Row { name, paths }
}

const fn at(path: u8, intent: Intent) -> Argument {
    Argument { directory: None, path, does: Does::Always(intent), last: Last::Followed }
}

impl Argument {
    const fn below(self, directory: u8) -> Self {
        Self { directory: Some(directory), ..self }
    }

    const fn last(self, last: Last) -> Self {
        Self { last, ..self }
    }

    const fn does(self, does: Does) -> Self {
        Self { does, ..self }
    }
}

const AT_FDCWD: i32 = -100;
const AT_SYMLINK_NOFOLLOW: u64 = 0x100;
const AT_SYMLINK_FOLLOW: u64 = 0x400;

const O_ACCMODE: u64 = 0o3;
const O_CREAT: u64 = 0o100;
const O_EXCL: u64 = 0o200;
const O_TRUNC: u64 = 0o1000;
const O_NOFOLLOW: u64 = if cfg!(target_arch = "aarch64") { 0o100000 } else { 0o400000 };
const O_PATH: u64 = 0o10000000;
/// `O_TMPFILE` without the `O_DIRECTORY` that comes with it.
const TMPFILE: u64 = 0o20000000;

const W_OK: u64 = 2;

const fn by_flag(argument: u8) -> Last {
    Last::KeptBy(argument, AT_SYMLINK_NOFOLLOW)
}

use Intent::{Change, Look, Make, Remove};

/// The old calls are missing on aarch64 and rare elsewhere; a name that a machine lacks is no error.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("open", &[at(0, Look).does(Does::Open(1))]),
    row("openat", &[at(1, Look).below(0).does(Does::Open(2))]),
    row("openat2", &[at(1, Look).below(0).does(Does::OpenHow(2))]),
    row("creat", &[at(0, Intent::MakeOrChange)]),
    row("stat", &[at(0, Look)]),
    row("lstat", &[at(0, Look).last(Last::Kept)]),
    row("newfstatat", &[at(1, Look).below(0).last(by_flag(3))]),
    row("statx", &[at(1, Look).below(0).last(by_flag(2))]),
    row("statfs", &[at(0, Look)]),
    row("access", &[at(0, Look).does(Does::Access(1))]),
    row("faccessat", &[at(1, Look).below(0).does(Does::Access(2))]),
    row("faccessat2", &[at(1, Look).below(0).does(Does::Access(2)).last(by_flag(3))]),
    row("readlink", &[at(0, Look).last(Last::Kept)]),
    row("readlinkat", &[at(1, Look).below(0).last(Last::Kept)]),
    row("execve", &[at(0, Look)]),
    row("execveat", &[at(1, Look).below(0).last(by_flag(4))]),
    row("chdir", &[at(0, Look)]),
    row("mkdir", &[at(0, Make)]),
    row("mkdirat", &[at(1, Make).below(0)]),
    row("mknod", &[at(0, Make)]),
    row("mknodat", &[at(1, Make).below(0)]),
    // What a link is to say is no path that the call looks up.
    row("symlink", &[at(1, Make)]),
    row("symlinkat", &[at(2, Make).below(1)]),
    row("link", &[at(0, Look).last(Last::Kept), at(1, Make)]),
    row("linkat", &[
        at(1, Look).below(0).last(Last::FollowedBy(4, AT_SYMLINK_FOLLOW)),
        at(3, Make).below(2),
    ]),
    row("unlink", &[at(0, Remove)]),
    row("unlinkat", &[at(1, Remove).below(0)]),
    row("rmdir", &[at(0, Remove)]),
    row("rename", &[at(0, Remove), at(1, Make)]),
    row("renameat", &[at(1, Remove).below(0), at(3, Make).below(2)]),
    row("renameat2", &[at(1, Remove).below(0), at(3, Make).below(2)]),
    row("chmod", &[at(0, Change)]),
    row("fchmodat", &[at(1, Change).below(0)]),
    row("fchmodat2", &[at(1, Change).below(0).last(by_flag(3))]),
    row("chown", &[at(0, Change)]),
    row("lchown", &[at(0, Change).last(Last::Kept)]),
    row("fchownat", &[at(1, Change).below(0).last(by_flag(4))]),
    row("truncate", &[at(0, Change)]),
    row("utime", &[at(0, Change)]),
    row("utimes", &[at(0, Change)]),
    row("futimesat", &[at(1, Change).below(0)]),
    row("utimensat", &[at(1, Change).below(0).last(by_flag(3))]),
    row("setxattr", &[at(0, Change)]),
    row("lsetxattr", &[at(0, Change).last(Last::Kept)]),
    row("removexattr", &[at(0, Change)]),
    row("lremovexattr", &[at(0, Change).last(Last::Kept)]),
];

const CONNECT: &str = "connect";

/// The calls that a filter has to notify of, by name.
///
/// Deliberately absent: calls on descriptors, which were withheld when they were opened if at all, and whatever the
/// command still does between its filter and its first instruction.
pub const WATCHED: &[&str] = &{
    let mut names = [CONNECT; ROWS.len() + 1];
    let mut index = 0;
    while index < ROWS.len() {
        names[index] = ROWS[index].name;
        index += 1;
    }
    names
};

/// What the call called `name` is about.
pub(super) fn about(name: &str, call: &SystemCall, thread: u32) -> About {
    if name == CONNECT {
        return About::Peer { address: call.args[1], length: call.args[2] };
    }
    match ROWS.iter().find(|row| row.name == name) {
        Some(row) => {
            About::Paths(row.paths.iter().map(|path| path.request(call, thread)).collect())
        }
        None => About::Nothing,
    }
}

impl Argument {
    fn request(&self, call: &SystemCall, thread: u32) -> Request {
        let argument = |number: u8| call.args[usize::from(number)];
        let opened = |flags: u64| (intent_of(flags), last_of(flags));
        let (intent, last) = match self.does {
            Does::Always(intent) => (intent, LastLink::Follow),
            Does::Open(flags) => opened(argument(flags)),
            Does::OpenHow(how) => {
                let mut flags = [0; 8];
                read_memory(thread, argument(how), &mut flags);
                opened(u64::from_ne_bytes(flags))
            }
            Does::Access(mode) if argument(mode) & W_OK != 0 => (Change, LastLink::Follow),
            Does::Access(_) => (Look, LastLink::Follow),
        };
        let last = match (self.last, intent) {
            // A name that is made or taken away is the link itself.
            (_, Make | Remove) | (Last::Kept, _) => LastLink::Keep,
            (Last::KeptBy(flags, bit), _) if argument(flags) & bit != 0 => LastLink::Keep,
            (Last::FollowedBy(flags, bit), _) if argument(flags) & bit == 0 => LastLink::Keep,
            (Last::Followed | Last::KeptBy(..) | Last::FollowedBy(..), _) => last,
        };
        // The kernel takes descriptors as 32 bits.
        let directory = self.directory.map(|number| argument(number) as i32);
        let directory = directory.filter(|descriptor| *descriptor != AT_FDCWD);
        Request { directory, path: argument(self.path), intent, last }
    }
}

fn intent_of(flags: u64) -> Intent {
    let writes = flags & O_ACCMODE != 0 || flags & O_TRUNC != 0;
    let has = |flag| flags & flag != 0;
    match () {
        () if has(O_PATH) => Look,
        // The path is that of the directory which the nameless file is made in.
        () if has(TMPFILE) => Change,
        () if has(O_CREAT) && has(O_EXCL) => Make,
        () if has(O_CREAT) && writes => Intent::MakeOrChange,
        () if has(O_CREAT) => Intent::MakeOrLook,
        () if writes => Change,
        () => Look,
    }
}

fn last_of(flags: u64) -> LastLink {
    if flags & O_NOFOLLOW != 0 { LastLink::Keep } else { LastLink::Follow }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, args: [u64; 6]) -> Request {
        let call = SystemCall { audit_arch: 0, number: 0, args };
        match about(name, &call, 0) {
            About::Paths(paths) if paths.len() == 1 => paths[0],
            other => panic!("{other:?}"),
        }
    }

    const CWD: u64 = 0xffff_ff9c;

    #[test]
    fn flags_of_open_say_what_is_wanted() {
        let intent = |flags| one("openat", [CWD, 7, flags, 0, 0, 0]).intent;
        assert_eq!(intent(0), Look);
        assert_eq!(intent(0o2), Change);
        assert_eq!(intent(0o1000), Change);
        assert_eq!(intent(0o101), Intent::MakeOrChange);
        assert_eq!(intent(0o100), Intent::MakeOrLook);
        assert_eq!(intent(0o301), Make);
        assert_eq!(intent(0o20200002), Change);
        assert_eq!(intent(0o10000002), Look);
    }

    #[test]
    fn a_relative_path_starts_at_the_directory_given_or_at_the_working_directory() {
        let below = |directory| one("mkdirat", [directory, 7, 0, 0, 0, 0]).directory;
        assert_eq!(below(CWD), None);
        // The upper half of a register is whatever the caller left there.
        assert_eq!(below(0xdead_0000_ffff_ff9c), None);
        assert_eq!(below(5), Some(5));
    }

    #[test]
    fn links_at_the_end_are_followed_as_the_call_follows_them() {
        let last = |name, flags| one(name, [CWD, 7, 0, flags, 0, 0]).last;
        assert_eq!(last("newfstatat", 0), LastLink::Follow);
        assert_eq!(last("newfstatat", 0x100), LastLink::Keep);
        assert_eq!(last("readlinkat", 0), LastLink::Keep);
        assert_eq!(last("unlinkat", 0), LastLink::Keep);
        let link = |flags| {
            let call = SystemCall { audit_arch: 0, number: 0, args: [CWD, 7, CWD, 8, flags, 0] };
            match about("linkat", &call, 0) {
                About::Paths(paths) => paths.iter().map(|path| (path.path, path.last)).collect(),
                other => panic!("{other:?}"),
            }
        };
        let (kept, followed): (Vec<_>, Vec<_>) = (link(0), link(0x400));
        assert_eq!(kept, [(7, LastLink::Keep), (8, LastLink::Keep)]);
        assert_eq!(followed, [(7, LastLink::Follow), (8, LastLink::Keep)]);
    }

    #[test]
    fn every_row_stands_once_and_is_watched() {
        let mut names = WATCHED.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ROWS.len() + 1);
        // The supervisor does not have the listener yet when the command sends it and closes its copy.
        assert!(!names.iter().any(|name| ["sendmsg", "close", "write"].contains(name)));
    }
}

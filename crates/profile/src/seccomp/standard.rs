//! The filter every view has. All calls of our table are allowed except these rows.

use super::policy::errno::{EAFNOSUPPORT, ENOSYS, EPERM};
use super::{Action, Allow, Condition, Policy, Rule, Test};

/// A line of the standard policy: what is refused, how, why, and by which words it is opened.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub names: &'static [&'static str],
    pub when: When,
    pub errno: u16,
    pub opened_by: &'static [Allow],
    pub why: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub enum When {
    Always,
    /// All of these hold.
    All(&'static [Condition]),
    /// The 32-bit argument is none of these.
    IntOtherThan(u8, &'static [u32]),
}

/// A call that one expects among the refused, and why it is not.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    pub names: &'static [&'static str],
    pub why: &'static str,
}

// clone(2): NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. NEWTIME is not among them: its bit lies in
// the exit signal that clone masks off.
const NEW_NAMESPACES: u64 = 0x7e02_0000;
// unshare(2): VM, FS, FILES, SIGHAND, THREAD, SYSVSEM.
const UNSHARE_OF_ONES_OWN: u64 = 0x0005_0f00;
const SET_ID: u64 = 0o6000;
const CREATES: Condition = Condition::any_set(1, 0o100 | 0o20000000); // O_CREAT, __O_TMPFILE
const CREATES_AT: Condition = Condition::any_set(2, 0o100 | 0o20000000);
const FILE_TYPE: u64 = 0o170000;

const fn node(argument: u8, file_type: u64) -> Condition {
    Condition { argument, test: Test::MaskedEq { mask: FILE_TYPE, value: file_type } }
}

const CHARACTER: u64 = 0o020000;
const BLOCK: u64 = 0o060000;
// The kernel takes dev as an unsigned int.
const ANY_DEVICE: u64 = 0xffff_ffff;

const AF_UNIX: u32 = 1;
const AF_INET: u32 = 2;
const AF_INET6: u32 = 10;
const AF_NETLINK: u32 = 16;
const AF_PACKET: u32 = 17;
const AF_ALG: u32 = 38;

const PER_LINUX32: u32 = 0x0008;
const UNAME26: u32 = 0x0002_0000;
const ASK: u32 = 0xffff_ffff;

/// First row that fits decides, so the narrower one stands first.
pub const ROWS: &[Row] = &[
    // Doors into the kernel that sandboxes were broken through.
    Row {
        names: &["bpf"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[Allow::Bpf],
        why: "programs in the kernel are a wide way into it",
    },
    Row {
        names: &["perf_event_open"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[Allow::Perf],
        why: "a wide way into the kernel, and counters observe other programs",
    },
    Row {
        names: &["userfaultfd"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[Allow::Userfaultfd],
        why: "stops the kernel in the middle of a copy, which makes its races easy to win",
    },
    Row {
        // ENOSYS, so that programs take their other way.
        names: &["io_uring_setup", "io_uring_enter", "io_uring_register"],
        when: When::Always,
        errno: ENOSYS,
        opened_by: &[Allow::IoUring],
        why: "its operations pass by this filter",
    },
    Row {
        names: &["keyctl", "add_key", "request_key"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[Allow::Keyctl],
        why: "key rings belong to a user id, and no namespace separates them",
    },
    Row {
        names: &["fanotify_init"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[],
        why: "watches more than the view; inotify serves for the view's own files",
    },
    // Sockets. EAFNOSUPPORT is what a kernel built without the family says.
    Row {
        // socketpair, too: AF_ALG has no pairs, but asking loads the module.
        names: &["socket", "socketpair"],
        when: When::All(&[Condition::int_is(0, AF_ALG)]),
        errno: EAFNOSUPPORT,
        opened_by: &[Allow::AfAlg],
        why: "the kernel's ciphers are rarely needed and were a way into it",
    },
    Row {
        // AF_PACKET needs CAP_NET_RAW over the network namespace: the kernel refuses it well enough.
        names: &["socket", "socketpair"],
        when: When::IntOtherThan(0, &[AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET]),
        errno: EAFNOSUPPORT,
        opened_by: &[Allow::RareSockets],
        why: "asking for a rare family loads its module into the host's kernel, and several, vsock first, know no namespaces",
    },
    // Namespaces and mounts.
    Row {
        names: &["clone"],
        when: When::All(&[Condition::any_set(0, NEW_NAMESPACES)]),
        errno: EPERM,
        opened_by: &[Allow::Nesting],
        why: NEW_NAMESPACE,
    },
    Row {
        // Everything but what is the process's own: a flag for a namespace of a future kernel is closed as well.
        names: &["unshare"],
        when: When::All(&[Condition::any_set(0, !UNSHARE_OF_ONES_OWN)]),
        errno: EPERM,
        opened_by: &[Allow::Nesting],
        why: NEW_NAMESPACE,
    },
    Row {
        // ENOSYS: libraries then call clone, whose flags are an argument.
        names: &["clone3"],
        when: When::Always,
        errno: ENOSYS,
        opened_by: &[Allow::Nesting],
        why: "its flags lie in memory, where no filter can read them",
    },
    Row {
        names: &["setns"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[Allow::Nesting],
        why: "a view has no business in another namespace",
    },
    Row {
        names: &[
            "mount",
            "umount2",
            "pivot_root",
            "chroot",
            "open_tree",
            "open_tree_attr",
            "move_mount",
            "fsopen",
            "fsconfig",
            "fsmount",
            "fspick",
            "mount_setattr",
        ],
        when: When::Always,
        errno: EPERM,
        opened_by: &[Allow::Nesting],
        why: "what a view shows is decided outside it",
    },
    Row {
        names: &["open_by_handle_at"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[],
        why: "reaches files of a file system that the view does not show",
    },
    // Set-id modes: on a writable bind such a file would outlive the view and serve whoever runs it on the host.
    // mkdir is not here: the kernel itself drops these bits there.
    Row {
        // 0:0 is overlayfs' mark for a removed file, which everybody may make.
        names: &["mknod"],
        when: When::All(&[node(1, CHARACTER), Condition::any_set(2, ANY_DEVICE)]),
        errno: EPERM,
        opened_by: &[],
        why: DEVICE_NODE,
    },
    Row {
        names: &["mknod"],
        when: When::All(&[node(1, BLOCK)]),
        errno: EPERM,
        opened_by: &[],
        why: DEVICE_NODE,
    },
    Row {
        names: &["mknodat"],
        when: When::All(&[node(2, CHARACTER), Condition::any_set(3, ANY_DEVICE)]),
        errno: EPERM,
        opened_by: &[],
        why: DEVICE_NODE,
    },
    Row {
        names: &["mknodat"],
        when: When::All(&[node(2, BLOCK)]),
        errno: EPERM,
        opened_by: &[],
        why: DEVICE_NODE,
    },
    Row {
        names: &["chmod", "fchmod", "creat", "mknod"],
        when: When::All(&[Condition::any_set(1, SET_ID)]),
        errno: EPERM,
        opened_by: &[Allow::SetId],
        why: SET_ID_ON_THE_HOST,
    },
    Row {
        names: &["fchmodat", "fchmodat2", "mknodat"],
        when: When::All(&[Condition::any_set(2, SET_ID)]),
        errno: EPERM,
        opened_by: &[Allow::SetId],
        why: SET_ID_ON_THE_HOST,
    },
    Row {
        // Without O_CREAT or O_TMPFILE the mode is whatever the register held.
        names: &["open"],
        when: When::All(&[CREATES, Condition::any_set(2, SET_ID)]),
        errno: EPERM,
        opened_by: &[Allow::SetId],
        why: SET_ID_ON_THE_HOST,
    },
    Row {
        names: &["openat"],
        when: When::All(&[CREATES_AT, Condition::any_set(3, SET_ID)]),
        errno: EPERM,
        opened_by: &[Allow::SetId],
        why: SET_ID_ON_THE_HOST,
    },
    Row {
        // ENOSYS: Linux 5.5 had no openat2, so its users open step by step then, and C libraries do without it.
        names: &["openat2"],
        when: When::Always,
        errno: ENOSYS,
        opened_by: &[Allow::SetId, Allow::Nesting],
        why: "the mode it gives a new file lies in memory, where no filter can read it",
    },
    // Terminals. The kernel takes the command as 32 bits: 0x1_0000_5412 would be TIOCSTI as well.
    Row {
        names: &["ioctl"],
        when: When::All(&[Condition::int_is(1, 0x5412)]),
        errno: EPERM,
        opened_by: &[],
        why: "TIOCSTI types into the terminal, so into the shell that started the view",
    },
    Row {
        names: &["ioctl"],
        when: When::All(&[Condition::int_is(1, 0x541c)]),
        errno: EPERM,
        opened_by: &[],
        why: "TIOCLINUX pastes into the console, so into the shell that started the view",
    },
    Row {
        names: &["vhangup"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[],
        why: "hangs up the terminal of everybody who uses it",
    },
    Row {
        // The kernel takes an unsigned int.
        names: &["personality"],
        when: When::IntOtherThan(0, &[0, PER_LINUX32, UNAME26, UNAME26 | PER_LINUX32, ASK]),
        errno: EPERM,
        opened_by: &[],
        why: "other personalities switch off protections of memory or reach code that nobody uses",
    },
    // The machine as a whole: capabilities over the first user namespace, which no view has. A second lock.
    Row {
        names: &["kexec_load", "kexec_file_load", "reboot"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[],
        why: "stops or replaces the kernel",
    },
    Row {
        names: &["init_module", "finit_module", "delete_module"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[],
        why: "changes the kernel",
    },
    Row {
        names: &["swapon", "swapoff", "acct", "quotactl", "quotactl_fd"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[],
        why: "administers the whole machine",
    },
    Row {
        names: &["settimeofday", "clock_settime"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[],
        why: "sets the whole machine's clock",
    },
    Row {
        names: &["syslog"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[],
        why: "the kernel's log tells of the whole machine",
    },
    Row {
        names: &["iopl", "ioperm"],
        when: When::Always,
        errno: EPERM,
        opened_by: &[],
        why: "reaches the hardware's ports",
    },
    Row {
        // What current kernels say to them; older ones still had some.
        names: &[
            "lookup_dcookie",
            "nfsservctl",
            "create_module",
            "get_kernel_syms",
            "query_module",
            "uselib",
            "_sysctl",
        ],
        when: When::Always,
        errno: ENOSYS,
        opened_by: &[],
        why: "the kernel has removed it",
    },
];

const NEW_NAMESPACE: &str = "new namespaces give capabilities in them, and with these most of the kernel's faults are reached";
const DEVICE_NODE: &str = "a device node is a way around the view; bind the host's instead";
const SET_ID_ON_THE_HOST: &str =
    "a set-id file outlives the view and lends its owner's rights to whoever runs it";

pub const KEPT: &[Kept] = &[
    Kept {
        names: &["ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"],
        why: "debuggers need it; it reaches only the view's own processes (pid and user namespace), and since Linux 4.8 \
              a tracer's changes pass this filter too",
    },
    Kept {
        names: &["name_to_handle_at"],
        why: "only names what the caller can see already; open_by_handle_at, which trusts such a name, is refused",
    },
    Kept {
        names: &["adjtimex", "clock_adjtime"],
        why: "reading needs it, what it sets lies in memory, and setting needs CAP_SYS_TIME over the first user namespace",
    },
    Kept {
        names: &["mkdir", "mkdirat"],
        why: "the kernel drops the set-id bits of their mode itself",
    },
    Kept {
        names: &["sethostname", "setdomainname"],
        why: "the name is the view's own, in its UTS namespace",
    },
    Kept { names: &["seccomp"], why: "a program may refuse itself more, never less" },
    Kept {
        names: &["statmount", "listmount", "listns"],
        why: "tells of the caller's own namespaces what /proc tells as well",
    },
    Kept { names: &["modify_ldt"], why: "programs for Windows need it and it reaches no one else" },
];

impl Policy {
    /// What every view gets, less what `allowed` opens.
    pub fn standard(allowed: &[Allow]) -> Policy {
        let rules = ROWS.iter().flat_map(|row| row.rules(allowed)).collect();
        // ENOSYS for what is newer than our table: nobody has looked yet what it does, and programs fall back.
        Policy { rules, default: Action::Allow, unknown: Action::Errno(ENOSYS) }
    }
}

impl Row {
    fn rules(&self, allowed: &[Allow]) -> Vec<Rule> {
        // An opened row still answers, so that the broader one behind it does not.
        let open = self.opened_by.iter().any(|allow| allowed.contains(allow));
        let action = if open { Action::Allow } else { Action::Errno(self.errno) };
        match self.when {
            When::Always => vec![self.rule(vec![], action)],
            When::All(conditions) => vec![self.rule(conditions.to_vec(), action)],
            When::IntOtherThan(argument, values) => {
                let except = values.iter().map(|value| {
                    self.rule(vec![Condition::int_is(argument, *value)], Action::Allow)
                });
                except.chain([self.rule(vec![], action)]).collect()
            }
        }
    }

    fn rule(&self, when: Vec<Condition>, action: Action) -> Rule {
        let names = self.names.iter().map(|name| (*name).into()).collect();
        Rule { names, when, action, why: self.why.into(), opened_by: self.opened_by }
    }
}

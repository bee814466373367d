//! What the compiled standard policy answers.

use std::fmt::Write as _;

use expect_test::expect;

use super::{ABSENT, REFUSED, check, program};
use crate::seccomp::interpreter::run;
use crate::seccomp::policy::errno::EAFNOSUPPORT;
use crate::seccomp::*;

/// The answer of the compiled standard policy to a call by name.
fn standard(allowed: &[Allow], name: &str, args: [u64; 6]) -> Action {
    let arch = Arch::X86_64;
    let number = table::number_of(arch, name).unwrap();
    run(&program(&Policy::standard(allowed), arch), &Call::new(arch, number, args)).0
}

/// Every number from 0 to 600 that is refused with all arguments 0, neighbours without a name as one line.
fn refused(arch: Arch) -> String {
    let filter = program(&Policy::standard(&[]), arch);
    let mut text = String::new();
    let mut unnamed_from = None;
    for number in 0..=600 {
        let name = table::name_of(arch, number);
        let last = table::name_of(arch, number + 1).is_some() || number == 600;
        match (run(&filter, &Call::new(arch, number, [0; 6])).0, name) {
            (Action::Allow, Some(_)) => {}
            (Action::Errno(errno), Some(name)) => {
                writeln!(text, "{number} {name}: {errno}").unwrap()
            }
            (ABSENT, None) if last => {
                writeln!(text, "{}-{number} unknown: 38", unnamed_from.take().unwrap_or(number))
                    .unwrap();
            }
            (ABSENT, None) => unnamed_from = unnamed_from.or(Some(number)),
            other => panic!("{number}: {other:?}"),
        }
    }
    text
}

#[test]
fn what_the_standard_policy_refuses_on_x86_64() {
    check(
        refused(Arch::X86_64),
        expect![[r#"
            41 socket: 97
            53 socketpair: 97
            103 syslog: 1
            134 uselib: 38
            153 vhangup: 1
            155 pivot_root: 1
            156 _sysctl: 38
            161 chroot: 1
            163 acct: 1
            164 settimeofday: 1
            165 mount: 1
            166 umount2: 1
            167 swapon: 1
            168 swapoff: 1
            169 reboot: 1
            172 iopl: 1
            173 ioperm: 1
            174 create_module: 38
            175 init_module: 1
            176 delete_module: 1
            177 get_kernel_syms: 38
            178 query_module: 38
            179 quotactl: 1
            180 nfsservctl: 38
            212 lookup_dcookie: 38
            227 clock_settime: 1
            246 kexec_load: 1
            248 add_key: 1
            249 request_key: 1
            250 keyctl: 1
            298 perf_event_open: 1
            300 fanotify_init: 1
            304 open_by_handle_at: 1
            308 setns: 1
            313 finit_module: 1
            320 kexec_file_load: 1
            321 bpf: 1
            323 userfaultfd: 1
            337-423 unknown: 38
            425 io_uring_setup: 38
            426 io_uring_enter: 38
            427 io_uring_register: 38
            428 open_tree: 1
            429 move_mount: 1
            430 fsopen: 1
            431 fsconfig: 1
            432 fsmount: 1
            433 fspick: 1
            435 clone3: 38
            437 openat2: 38
            442 mount_setattr: 1
            443 quotactl_fd: 1
            467 open_tree_attr: 1
            471-600 unknown: 38
        "#]],
    );
}

#[test]
fn what_the_standard_policy_refuses_on_aarch64() {
    check(
        refused(Arch::Aarch64),
        expect![[r#"
            18 lookup_dcookie: 38
            39 umount2: 1
            40 mount: 1
            41 pivot_root: 1
            42 nfsservctl: 38
            51 chroot: 1
            58 vhangup: 1
            60 quotactl: 1
            89 acct: 1
            104 kexec_load: 1
            105 init_module: 1
            106 delete_module: 1
            112 clock_settime: 1
            116 syslog: 1
            142 reboot: 1
            170 settimeofday: 1
            198 socket: 97
            199 socketpair: 97
            217 add_key: 1
            218 request_key: 1
            219 keyctl: 1
            224 swapon: 1
            225 swapoff: 1
            241 perf_event_open: 1
            244-259 unknown: 38
            262 fanotify_init: 1
            265 open_by_handle_at: 1
            268 setns: 1
            273 finit_module: 1
            280 bpf: 1
            282 userfaultfd: 1
            294 kexec_file_load: 1
            295-423 unknown: 38
            425 io_uring_setup: 38
            426 io_uring_enter: 38
            427 io_uring_register: 38
            428 open_tree: 1
            429 move_mount: 1
            430 fsopen: 1
            431 fsconfig: 1
            432 fsmount: 1
            433 fspick: 1
            435 clone3: 38
            437 openat2: 38
            442 mount_setattr: 1
            443 quotactl_fd: 1
            467 open_tree_attr: 1
            471-600 unknown: 38
        "#]],
    );
}

#[test]
fn every_row_refuses_something_and_every_word_opens_something() {
    for row in ROWS {
        for name in row.names {
            let known = Arch::ALL.into_iter().any(|arch| table::number_of(arch, name).is_some());
            assert!(known, "{name} is no call");
        }
    }
    for allow in Allow::ALL {
        assert!(ROWS.iter().any(|row| row.opened_by.contains(&allow)), "{allow} opens nothing");
    }
}

#[test]
fn what_is_kept_is_allowed_whatever_its_arguments() {
    let policy = Policy::standard(&[]);
    for name in KEPT.iter().flat_map(|kept| kept.names) {
        for arch in Arch::ALL {
            let Some(number) = table::number_of(arch, name) else { continue };
            for args in [[0; 6], [u64::MAX; 6]] {
                assert_eq!(
                    policy.answer(arch, &Call::new(arch, number, args)),
                    Action::Allow,
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn new_namespaces_are_refused_by_every_call_that_makes_them() {
    // pthread_create's flags; fork's; and each namespace.
    assert_eq!(standard(&[], "clone", [0x3d0f00, 0, 0, 0, 0, 0]), Action::Allow);
    assert_eq!(standard(&[], "clone", [0x0120_0011, 0, 0, 0, 0, 0]), Action::Allow);
    for flag in
        [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000]
    {
        assert_eq!(standard(&[], "clone", [flag | 17, 0, 0, 0, 0, 0]), REFUSED, "clone {flag:#x}");
        assert_eq!(standard(&[], "unshare", [flag, 0, 0, 0, 0, 0]), REFUSED, "unshare {flag:#x}");
        assert_eq!(standard(&[Allow::Nesting], "clone", [flag | 17, 0, 0, 0, 0, 0]), Action::Allow);
        assert_eq!(standard(&[Allow::Nesting], "unshare", [flag, 0, 0, 0, 0, 0]), Action::Allow);
    }
    // CLONE_NEWTIME is unshare's alone; in clone the bit belongs to the exit signal.
    assert_eq!(standard(&[], "unshare", [0x80, 0, 0, 0, 0, 0]), REFUSED);
    assert_eq!(standard(&[], "clone", [0x80, 0, 0, 0, 0, 0]), Action::Allow);
    assert_eq!(standard(&[], "unshare", [0x600, 0, 0, 0, 0, 0]), Action::Allow);
    assert_eq!(standard(&[], "unshare", [1 << 40, 0, 0, 0, 0, 0]), REFUSED);
    assert_eq!(standard(&[], "clone3", [0; 6]), ABSENT);
    assert_eq!(standard(&[Allow::Nesting], "clone3", [0; 6]), Action::Allow);
}

#[test]
fn nesting_opens_mounts_but_not_the_kernels_other_doors() {
    for name in
        ["mount", "umount2", "pivot_root", "chroot", "fsopen", "open_tree_attr", "setns", "openat2"]
    {
        assert!(standard(&[], name, [0; 6]).refuses(), "{name}");
        assert_eq!(standard(&[Allow::Nesting], name, [0; 6]), Action::Allow, "{name}");
    }
    for name in ["bpf", "io_uring_setup", "keyctl", "perf_event_open", "userfaultfd"] {
        assert!(standard(&[Allow::Nesting], name, [0; 6]).refuses(), "{name}");
    }
}

#[test]
fn set_id_modes_are_refused_where_the_call_makes_use_of_them() {
    let bits = [0o4755, 0o2755, 0o6000, 0o104755];
    for mode in bits {
        for (name, args) in [
            ("chmod", [0, mode, 0, 0, 0, 0]),
            ("fchmod", [0, mode, 0, 0, 0, 0]),
            ("creat", [0, mode, 0, 0, 0, 0]),
            ("mknod", [0, mode, 0, 0, 0, 0]),
            ("fchmodat", [0, 0, mode, 0, 0, 0]),
            ("fchmodat2", [0, 0, mode, 0, 0, 0]),
            ("mknodat", [0, 0, mode, 0, 0, 0]),
            ("open", [0, 0o101, mode, 0, 0, 0]),
            ("openat", [0, 0, 0o101, mode, 0, 0]),
            ("openat", [0, 0, 0o20200001, mode, 0, 0]),
        ] {
            assert_eq!(standard(&[], name, args), REFUSED, "{name} {mode:o}");
            assert_eq!(standard(&[Allow::SetId], name, args), Action::Allow, "{name} {mode:o}");
        }
        // No file is made: the register holds what it held.
        assert_eq!(standard(&[], "open", [0, 0, mode, 0, 0, 0]), Action::Allow);
        assert_eq!(standard(&[], "openat", [0, 0, 0, mode, 0, 0]), Action::Allow);
    }
    assert_eq!(standard(&[], "chmod", [0, 0o1777, 0, 0, 0, 0]), Action::Allow);
    assert_eq!(standard(&[], "openat", [0, 0, 0o101, 0o644, 0, 0]), Action::Allow);
    assert_eq!(standard(&[], "openat2", [0; 6]), ABSENT);
}

#[test]
fn device_nodes_stay_refused_but_overlayfs_can_mark_what_is_removed() {
    for (name, at) in [("mknod", 1), ("mknodat", 2)] {
        let node = |mode, device| {
            let mut args = [0; 6];
            (args[at], args[at + 1]) = (mode, device);
            standard(&[Allow::SetId], name, args)
        };
        assert_eq!(node(0o060600, 0), REFUSED);
        assert_eq!(node(0o020600, 0x103), REFUSED);
        assert_eq!(node(0o020600, 0), Action::Allow);
        // The kernel sees device 0 here as well.
        assert_eq!(node(0o020600, 1 << 32), Action::Allow);
        assert_eq!(node(0o010600, 0x103), Action::Allow);
        assert_eq!(node(0o100600, 0), Action::Allow);
    }
}

#[test]
fn an_int_argument_is_compared_without_its_upper_half() {
    let dirty = 0xdead_beef_0000_0000;
    assert_eq!(standard(&[], "ioctl", [0, dirty | 0x5412, 0, 0, 0, 0]), REFUSED);
    assert_eq!(standard(&[], "ioctl", [0, dirty | 0x541c, 0, 0, 0, 0]), REFUSED);
    assert_eq!(standard(&[], "ioctl", [0, dirty | 0x5413, 0, 0, 0, 0]), Action::Allow);
    for call in ["socket", "socketpair"] {
        for family in [1, 2, 10, 16, 17] {
            assert_eq!(standard(&[], call, [dirty | family, 1, 0, 0, 0, 0]), Action::Allow);
        }
        for family in [0, 15, 31, 38, 40, 44] {
            let unsupported = Action::Errno(EAFNOSUPPORT);
            assert_eq!(standard(&[], call, [dirty | family, 1, 0, 0, 0, 0]), unsupported);
        }
        assert_eq!(standard(&[Allow::AfAlg], call, [38, 5, 0, 0, 0, 0]), Action::Allow);
        assert!(standard(&[Allow::AfAlg], call, [40, 1, 0, 0, 0, 0]).refuses());
        assert_eq!(standard(&[Allow::RareSockets], call, [40, 1, 0, 0, 0, 0]), Action::Allow);
        assert!(standard(&[Allow::RareSockets], call, [38, 5, 0, 0, 0, 0]).refuses());
    }
    for persona in [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff, u64::MAX] {
        assert_eq!(standard(&[], "personality", [persona, 0, 0, 0, 0, 0]), Action::Allow);
    }
    // ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC
    for persona in [0x4_0000, 0x40_0000, 0x40_0008] {
        assert_eq!(standard(&[], "personality", [persona, 0, 0, 0, 0, 0]), REFUSED);
    }
}

#[test]
fn other_entries_to_the_kernel_are_closed() {
    let filter = program(&Policy::standard(&Allow::ALL), Arch::X86_64);
    let answer = |audit_arch, number| run(&filter, &Call { audit_arch, number, args: [0; 6] }).0;
    let native = Arch::X86_64.audit();
    assert_eq!(answer(native, 0), Action::Allow);
    // i386's exit, x32's read and its own range, aarch64's number for openat.
    assert_eq!(answer(0x4000_0003, 1), ABSENT);
    assert_eq!(answer(native, 0x4000_0000), ABSENT);
    assert_eq!(answer(native, 0x4000_0000 + 520), ABSENT);
    assert_eq!(answer(Arch::Aarch64.audit(), 56), ABSENT);
    assert_eq!(answer(native, 471), ABSENT);
    assert_eq!(answer(native, 0x7fff_ffff), ABSENT);
    // A call that a tracer skips.
    assert_eq!(answer(native, u32::MAX), Action::Allow);

    let filter = program(&Policy::standard(&[]), Arch::Aarch64);
    let answer = |audit_arch, number| run(&filter, &Call { audit_arch, number, args: [0; 6] }).0;
    assert_eq!(answer(Arch::Aarch64.audit(), 56), Action::Allow);
    // arm's exit
    assert_eq!(answer(0x4000_0028, 1), ABSENT);
}

#[test]
fn a_refusal_names_its_row_and_what_opens_it() {
    let policy = Policy::standard(&[]);
    let arch = Arch::X86_64;
    let mut text = String::new();
    for (number, args) in [
        (41, [38, 0, 0, 0, 0, 0]),
        (41, [1, 0, 0, 0, 0, 0]),
        (41, [40, 0, 0, 0, 0, 0]),
        (437, [0; 6]),
        (471, [0; 6]),
    ] {
        match policy.refusal(arch, &Call::new(arch, number, args)) {
            None => writeln!(text, "{number}: not refused").unwrap(),
            Some(refusal) => {
                let name = refusal.name.unwrap_or("?");
                writeln!(
                    text,
                    "{name}: {:?}: {} {:?}",
                    refusal.action, refusal.why, refusal.opened_by
                )
                .unwrap();
            }
        }
    }
    let foreign = Call { audit_arch: 0x4000_0003, number: 1, args: [0; 6] };
    writeln!(text, "i386: {}", policy.refusal(arch, &foreign).unwrap().why).unwrap();
    check(
        text,
        expect![[r#"
        socket: Errno(97): the kernel's ciphers are rarely needed and were a way into it [AfAlg]
        41: not refused
        socket: Errno(97): asking for a rare family loads its module into the host's kernel, and several, vsock first, know no namespaces [RareSockets]
        openat2: Errno(38): the mode it gives a new file lies in memory, where no filter can read it [SetId, Nesting]
        ?: Errno(38): newer than every call eyot knows; programs fall back []
        i386: the entry for 32-bit programs is closed
    "#]],
    );
}

use eyot_plan::KernelFilesystem;

use crate::row::{Row, Show, When, row};

pub(crate) const PROC: &[Row] = &[row("/proc", Show::Kernel(KernelFilesystem::Proc))];

pub(crate) const SYS: &[Row] = &[
    row("/sys", Show::Kernel(KernelFilesystem::Sysfs)),
    // Runtimes size themselves by it (Java, Go).
    row("/sys/fs/cgroup", Show::Kernel(KernelFilesystem::Cgroup)).when(When::ControlGroups),
];

/// Deliberately absent: console, kmsg, disks, and the host's terminals.
pub(crate) const DEV: &[Row] = &[
    row("/dev", Show::Directory),
    row("/dev/null", Show::Device),
    row("/dev/zero", Show::Device),
    row("/dev/full", Show::Device),
    row("/dev/random", Show::Device),
    row("/dev/urandom", Show::Device),
    // Opens the terminal of whoever opens it: the view's own.
    row("/dev/tty", Show::Device),
    row("/dev/fd", Show::Link("/proc/self/fd")),
    row("/dev/stdin", Show::Link("/proc/self/fd/0")),
    row("/dev/stdout", Show::Link("/proc/self/fd/1")),
    row("/dev/stderr", Show::Link("/proc/self/fd/2")),
    // The multiplexer of the view's own devpts: the host's would make terminals of the host.
    row("/dev/ptmx", Show::Link("pts/ptmx")),
    row("/dev/pts", Show::Kernel(KernelFilesystem::Devpts)),
    row("/dev/mqueue", Show::Kernel(KernelFilesystem::Mqueue)),
    row("/dev/shm", Show::Scratch(0o1777)),
];

/// What the owner of the host's user namespace could change or read below the view's own /proc and
/// /sys. A user namespace of the view's own makes these rows needless: the kernel asks for
/// capabilities in the initial one.
pub(crate) const KERNEL_TUNABLES: &[Row] = &[
    row("/proc/sys", Show::Covered),
    row("/proc/sysrq-trigger", Show::Covered),
    row("/proc/irq", Show::Covered),
    row("/proc/bus", Show::Covered),
    row("/proc/fs", Show::Covered),
    row("/proc/acpi", Show::Hidden),
    row("/proc/kcore", Show::Hidden), // the kernel's memory
    row("/proc/keys", Show::Hidden),
    row("/proc/timer_list", Show::Hidden),
    row("/proc/sched_debug", Show::Hidden),
    row("/proc/scsi", Show::Hidden),
];

/// The same for /sys: firmware variables and tables.
pub(crate) const FIRMWARE: &[Row] = &[row("/sys/firmware", Show::Hidden)];

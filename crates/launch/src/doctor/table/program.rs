use eyot_sys::probe::{Answer, program};

use super::super::child::Setting;
use super::super::{Check, Hangs, Probe, Weight};

pub(super) const BPF: &[Check] = &[
    bpf(
        "BPF raw tracepoint",
        "Linux 4.17",
        program::raw_tracepoint,
        "eyot watch: calls of the whole machine",
        "eyot watch sees less (eyot watch status shows what)",
    ),
    bpf(
        "BPF typed tracepoint",
        "Linux 5.5",
        program::typed_tracepoint,
        "eyot watch: new processes with their namespaces",
        "eyot watch sees less (eyot watch status shows what)",
    ),
    bpf(
        "BPF function entry",
        "Linux 5.5",
        program::function_entry,
        "eyot watch: results of namespace and mount calls",
        "eyot watch uses tracepoints, where the user agrees to their cost",
    ),
    bpf(
        "BPF security hook",
        "Linux 5.7",
        program::security_hook,
        "eyot watch: seeing and denying before the kernel acts",
        "eyot watch can tell, but not deny",
    ),
    bpf(
        "BPF kernel probe",
        "Linux 4.1",
        program::kernel_probe,
        "nothing: function entries are stabler",
        "nothing changes for eyot",
    ),
    bpf(
        "BPF device filter",
        "Linux 4.15",
        program::device_filter,
        "device rules of containers on control groups version 2",
        "containers that ask for device rules there are refused",
    ),
];

const fn bpf(
    name: &'static str,
    since: &'static str,
    attempt: fn() -> Answer,
    used_for: &'static str,
    without: &'static str,
) -> Check {
    Check {
        name,
        since,
        probe: Probe::Thrown(Setting::Caller, attempt),
        used_for,
        hangs: Hangs::Everybody(Weight::Informative),
        without,
        cause: "a kernel that is locked down or built without them forbids such programs; to callers without CAP_BPF \
                and CAP_PERFMON over the machine they are forbidden anywhere",
        cure: "run as root on a kernel with BPF_EVENTS and DEBUG_INFO_BTF; for security hooks boot with lsm=…,bpf",
    }
}

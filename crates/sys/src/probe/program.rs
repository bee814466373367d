//! BPF programs: loaded, never attached, and gone with their descriptor (`bpf(2)`).
#![allow(unsafe_code, reason = "bpf(2) and lsm_list_modules(2) have no wrapper")]

use std::os::fd::{FromRawFd, OwnedFd};
use std::path::Path;

use rustix::io::Errno;

use super::btf::{self, Kind};
use super::{Answer, Refusal};
use crate::error::{Call, Error, last_errno};

const PROG_LOAD: libc::c_int = 5;
// enum bpf_prog_type
const KPROBE: u32 = 2;
const CGROUP_DEVICE: u32 = 15;
const RAW_TRACEPOINT: u32 = 17;
const TRACING: u32 = 26;
const LSM: u32 = 29;
// enum bpf_attach_type
const TRACE_RAW_TP: u32 = 23;
const TRACE_FENTRY: u32 = 24;
const LSM_MAC: u32 = 27;

/// The first fields of the structure that `BPF_PROG_LOAD` takes, up to the one that names what is traced.
#[repr(C)]
#[derive(Default)]
struct Load {
    kind: u32,
    instructions: u32,
    program: u64,
    licence: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
    name: [u8; 16],
    interface: u32,
    attach_type: u32,
    types: u32,
    function_size: u32,
    functions: u64,
    function_count: u32,
    line_size: u32,
    lines: u64,
    line_count: u32,
    traced: u32,
}

pub fn raw_tracepoint() -> Answer {
    load("raw tracepoint", RAW_TRACEPOINT, 0, 0)
}

/// A tracepoint with typed arguments (`tp_btf`): new processes.
pub fn typed_tracepoint() -> Answer {
    let traced = type_number(Kind::Typedef, "btf_trace_task_newtask")?;
    load("tp_btf", TRACING, TRACE_RAW_TP, traced)
}

/// A program at the entry of a kernel function (`fentry`): the one behind `unshare(2)`.
pub fn function_entry() -> Answer {
    let traced = type_number(Kind::Function, "unshare_nsproxy_namespaces")?;
    load("fentry", TRACING, TRACE_FENTRY, traced)
}

/// A program that the kernel asks before a mount. It can be loaded where it would never be asked, so that is looked at.
pub fn security_hook() -> Answer {
    let traced = type_number(Kind::Function, "bpf_lsm_sb_mount")?;
    load("lsm", LSM, LSM_MAC, traced)?;
    match bpf_security_module() {
        Some(false) => Err(Refusal::NoEffect {
            why: "such programs load, but 'bpf' is not among the active security modules".into(),
        }),
        Some(true) | None => Ok(()),
    }
}

/// A program at any instruction of the kernel: it loads everywhere, so the perf source that fires it is looked for.
pub fn kernel_probe() -> Answer {
    load("kprobe", KPROBE, 0, 0)?;
    match Path::new("/sys/bus/event_source/devices/kprobe/type").exists() {
        true => Ok(()),
        false => Err(Refusal::NoEffect {
            why: "such programs load, but the kernel has no kprobes".into(),
        }),
    }
}

/// A program that decides about the devices of a control group.
pub fn device_filter() -> Answer {
    load("cgroup device", CGROUP_DEVICE, 0, 0)
}

fn load(shown: &str, kind: u32, attach_type: u32, traced: u32) -> Answer {
    // r0 = 0; exit
    let program = [0xb7_u64, 0x95];
    let request = Load {
        kind,
        instructions: program.len() as u32,
        program: program.as_ptr() as u64,
        licence: c"GPL".as_ptr() as u64,
        attach_type,
        traced,
        ..Load::default()
    };
    // SAFETY: program and licence outlive the call, which copies both; the size passed is the structure's own.
    let fd = unsafe {
        libc::syscall(libc::SYS_bpf, PROG_LOAD, &raw const request, size_of_val(&request))
    };
    if fd < 0 {
        return Err(load_call(shown).failed(last_errno()).into());
    }
    // SAFETY: the kernel has just made this descriptor; nobody else knows it.
    drop(unsafe { OwnedFd::from_raw_fd(fd as i32) });
    Ok(())
}

fn load_call(shown: &str) -> Call {
    Call::other(format!("bpf(PROG_LOAD, {shown})"))
}

fn type_number(kind: Kind, name: &str) -> Result<u32, Error> {
    const TYPES: &str = "/sys/kernel/btf/vmlinux";
    let bytes = std::fs::read(TYPES).map_err(|error| {
        let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
        Call::Lookup { path: TYPES.into() }.failed(errno)
    })?;
    let missing = || Call::other(format!("find '{name}' in {TYPES}")).failed(Errno::NOENT);
    btf::number_of(&bytes, kind, name).ok_or_else(missing)
}

/// Whether the module that runs these programs is active; `None` where the kernel does not tell (before Linux 6.8).
fn bpf_security_module() -> Option<bool> {
    const LSM_LIST_MODULES: libc::c_long = 461;
    const LSM_ID_BPF: u64 = 110;
    let mut modules = [0_u64; 32];
    let mut size = size_of_val(&modules) as u32;
    // SAFETY: the kernel writes at most `size` bytes of numbers and the size it used; both outlive the call.
    let count = unsafe { libc::syscall(LSM_LIST_MODULES, modules.as_mut_ptr(), &raw mut size, 0) };
    let count = usize::try_from(count).ok()?;
    Some(modules.iter().take(count).any(|module| *module == LSM_ID_BPF))
}

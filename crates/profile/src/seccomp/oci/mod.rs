//! Reads the filter of a container: `linux.seccomp` of the OCI runtime specification, or the profile format of
//! Docker and Podman, which adds conditions on the machine.
//!
//! - The first rule in the profile's order that fits a call decides. runc and crun hand the rules to libseccomp,
//!   which agrees wherever at most one action fits; where a profile contradicts itself, libseccomp lets a rule
//!   without arguments win wherever it stands, and drops rules that repeat the default.
//! - Conditions on the same argument within one rule are alternatives, as for runc; on different arguments all must
//!   hold.
//! - Comparisons see all 64 bits of an argument, as for libseccomp.
//! - Calls newer than every call the profile names get ENOSYS where its default refuses, as for runc: a profile
//!   cannot have meant a call that did not exist, and programs then fall back.
//! - Only the native entry is opened, whatever `architectures` lists.
//! - Docker's conditions are judged for a container without capabilities.

mod json;
mod rule;

use std::collections::BTreeSet;

use serde_json::Value;

pub use json::OciError;
use json::{Node, Object};

use super::policy::errno::{self, ENOSYS, EPERM};
use super::{Action, Arch, Policy, Rule, table};

/// What a profile is read for.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    pub arch: Arch,
    /// Major and minor, for Docker's `minKernel`.
    pub kernel: (u32, u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub policy: Policy,
    /// Calls that this machine lacks or eyot does not know; their rules are left out. Worth a line in the log.
    pub unknown_names: Vec<String>,
    /// Listed in the profile, and closed all the same: eyot opens the native entry only.
    pub closed_architectures: Vec<String>,
    /// `SECCOMP_FILTER_FLAG_*`, as the profile says them.
    pub flags: Vec<Flag>,
    pub listener_path: Option<String>,
    pub listener_metadata: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    ThreadSync,
    Log,
    SpeculationAllowed,
    WaitKillable,
}

const FIELDS: &[&str] = &[
    "defaultAction",
    "defaultErrnoRet",
    "defaultErrno",
    "architectures",
    "archMap",
    "flags",
    "listenerPath",
    "listenerMetadata",
    "syscalls",
];

/// Reads a profile from JSON text.
pub fn read_text(text: &str, machine: Machine) -> Result<Profile, OciError> {
    let value = serde_json::from_str(text)
        .map_err(|error| OciError { at: String::new(), problem: error.to_string() })?;
    read(&value, machine)
}

/// Reads a profile that is part of a greater document.
pub fn read(profile: &Value, machine: Machine) -> Result<Profile, OciError> {
    let top = Node::top(profile).object(FIELDS)?;
    let default = action(&top, "defaultAction", "defaultErrnoRet", "defaultErrno")?;
    let mut unknown_names = BTreeSet::new();
    let mut rules = Vec::new();
    for node in top.list("syscalls")? {
        let read = rule::read(node, machine)?;
        unknown_names.extend(read.unknown_names);
        rules.extend(read.rules);
    }
    let unknown = if default.refuses() { Action::Errno(ENOSYS) } else { default };
    rules.extend(newer_calls(&rules, default, machine.arch));
    Ok(Profile {
        policy: Policy { rules, default, unknown },
        unknown_names: unknown_names.into_iter().collect(),
        closed_architectures: closed_architectures(&top, machine.arch)?,
        flags: top.list("flags")?.iter().map(flag).collect::<Result<_, _>>()?,
        listener_path: top.text("listenerPath")?.map(str::to_owned),
        listener_metadata: top.text("listenerMetadata")?.map(str::to_owned),
    })
}

/// The calls that came to Linux after everything the profile names.
fn newer_calls(rules: &[Rule], default: Action, arch: Arch) -> Option<Rule> {
    let named =
        rules.iter().flat_map(|rule| &rule.names).filter_map(|name| table::number_of(arch, name));
    let newest = named.max()?;
    let newer = table::calls(arch).iter().filter(|(_, number)| *number > newest);
    let names: Vec<_> = newer.map(|(name, _)| (*name).into()).collect();
    let why = "newer than every call the profile names".into();
    let rule = Rule { names, when: vec![], action: Action::Errno(ENOSYS), why, opened_by: &[] };
    (default.refuses() && !rule.names.is_empty()).then_some(rule)
}

/// An action and the number it answers with, by number or, in Podman's profiles, by name.
fn action(object: &Object, key: &str, number: &str, name: &str) -> Result<Action, OciError> {
    let node = object.required(key)?;
    let given = match (object.get(number), object.get(name)) {
        (_, Some(name)) if !name.text()?.is_empty() => Some((errno_of(&name)?, name)),
        (Some(node), _) => Some((node.number(errno::MAX.into())? as u16, node)),
        (None, _) => None,
    };
    let data = given.as_ref().map_or(EPERM, |(data, _)| *data);
    let action = match node.text()? {
        "SCMP_ACT_ERRNO" => return Ok(Action::Errno(data)),
        "SCMP_ACT_TRACE" => return Ok(Action::Trace(data)),
        "SCMP_ACT_ALLOW" => Action::Allow,
        "SCMP_ACT_LOG" => Action::Log,
        "SCMP_ACT_NOTIFY" => Action::Notify,
        "SCMP_ACT_TRAP" => Action::Trap,
        "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" => Action::KillThread,
        "SCMP_ACT_KILL_PROCESS" => Action::KillProcess,
        other => return Err(node.error(format_args!("unknown action '{other}'"))),
    };
    match given {
        // The specification wants this refused: the writer meant another action.
        Some((_, at)) => {
            Err(at.error("only SCMP_ACT_ERRNO and SCMP_ACT_TRACE answer with a number"))
        }
        None => Ok(action),
    }
}

fn errno_of(node: &Node) -> Result<u16, OciError> {
    match node.text()? {
        "EPERM" => Ok(errno::EPERM),
        "EACCES" => Ok(errno::EACCES),
        "EINVAL" => Ok(errno::EINVAL),
        "ENOSYS" => Ok(errno::ENOSYS),
        "EOPNOTSUPP" | "ENOTSUP" => Ok(errno::EOPNOTSUPP),
        "EAFNOSUPPORT" => Ok(errno::EAFNOSUPPORT),
        other => {
            Err(node
                .error(format_args!("unknown error name '{other}'; give its number as errnoRet")))
        }
    }
}

/// Names as libseccomp's, in both formats.
const ARCHITECTURES: &[&str] = &[
    "SCMP_ARCH_X86",
    "SCMP_ARCH_X86_64",
    "SCMP_ARCH_X32",
    "SCMP_ARCH_ARM",
    "SCMP_ARCH_AARCH64",
    "SCMP_ARCH_MIPS",
    "SCMP_ARCH_MIPS64",
    "SCMP_ARCH_MIPS64N32",
    "SCMP_ARCH_MIPSEL",
    "SCMP_ARCH_MIPSEL64",
    "SCMP_ARCH_MIPSEL64N32",
    "SCMP_ARCH_PPC",
    "SCMP_ARCH_PPC64",
    "SCMP_ARCH_PPC64LE",
    "SCMP_ARCH_S390",
    "SCMP_ARCH_S390X",
    "SCMP_ARCH_PARISC",
    "SCMP_ARCH_PARISC64",
    "SCMP_ARCH_RISCV64",
    "SCMP_ARCH_LOONGARCH64",
    "SCMP_ARCH_M68K",
    "SCMP_ARCH_SH",
    "SCMP_ARCH_SHEB",
];

fn closed_architectures(top: &Object, arch: Arch) -> Result<Vec<String>, OciError> {
    let native = match arch {
        Arch::X86_64 => "SCMP_ARCH_X86_64",
        Arch::Aarch64 => "SCMP_ARCH_AARCH64",
    };
    let mut listed = top.list("architectures")?;
    for node in top.list("archMap")? {
        let entry = node.object(&["architecture", "subArchitectures"])?;
        let main = entry.required("architecture")?;
        let partners = entry.list("subArchitectures")?;
        // What other machines' entries list says nothing about this one, but must still be well written.
        partners.iter().try_for_each(|partner| architecture(partner).map(drop))?;
        if architecture(&main)? == native {
            listed.extend(partners);
        }
    }
    let names = listed.iter().map(architecture).collect::<Result<Vec<_>, _>>()?;
    Ok(names.into_iter().filter(|name| *name != native).map(str::to_owned).collect())
}

fn architecture<'a>(node: &Node<'a>) -> Result<&'a str, OciError> {
    let name = node.text()?;
    let known = ARCHITECTURES.contains(&name);
    if known { Ok(name) } else { Err(node.error(format_args!("unknown architecture '{name}'"))) }
}

fn flag(node: &Node) -> Result<Flag, OciError> {
    match node.text()? {
        "SECCOMP_FILTER_FLAG_TSYNC" => Ok(Flag::ThreadSync),
        "SECCOMP_FILTER_FLAG_LOG" => Ok(Flag::Log),
        "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => Ok(Flag::SpeculationAllowed),
        "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" => Ok(Flag::WaitKillable),
        other => Err(node.error(format_args!("unknown flag '{other}'"))),
    }
}

#[cfg(test)]
mod tests;

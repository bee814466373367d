//! The filter on system calls: a table of what is refused and why, and the program the kernel runs for it.
//!
//! A [`Policy`] is an ordered list of [`Rule`]s over calls by name; the first that fits a call answers it.
//! [`Policy::standard`] is what every view gets, relaxed by [`Allow`]s; [`oci::read`] makes one of a
//! container's profile.
//! [`compile`] turns either into the instructions a plan carries; [`Policy::refusal`] tells which rule refused a call.
//!
//! ```
//! use eyot_profile::seccomp::{Allow, Arch, Call, Options, Policy, compile};
//!
//! let policy = Policy::standard(&[]);
//! let filter = compile(&policy, Arch::X86_64, &Options::default())?;
//! assert!(filter.instructions.len() < 400);
//!
//! let refusal = policy.refusal(Arch::X86_64, &Call::new(Arch::X86_64, 321, [0; 6])).expect("bpf(2) is refused");
//! assert_eq!(refusal.opened_by, [Allow::Bpf]);
//! # Ok::<(), eyot_profile::seccomp::CompileError>(())
//! ```

mod allow;
mod answer;
mod compile;
mod emit;
#[cfg(test)]
mod interpreter;
pub mod oci;
mod policy;
mod precompiled;
mod precompiled_x86_64;
mod standard;
pub mod table;
#[cfg(test)]
mod tests;

pub use allow::{Allow, UnknownAllow};
pub use answer::{Call, Refusal};
pub use compile::{CompileError, Options, Refusals, compile};
pub use policy::{Action, Condition, Policy, Rule, Test, errno};
pub(crate) use precompiled::precompiled;
pub use standard::{KEPT, Kept, ROWS, Row, When};

/// A kind of machine whose calls the filter knows. Only the native one is open: what enters the kernel by another
/// entry (i386 or x32 on x86_64, arm on aarch64) is answered with ENOSYS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arch {
    X86_64,
    Aarch64,
}

impl Arch {
    pub const ALL: [Arch; 2] = [Arch::X86_64, Arch::Aarch64];

    /// The machine this was built for; `None` where eyot has no table of calls.
    pub const NATIVE: Option<Arch> = if cfg!(target_arch = "x86_64") {
        Some(Arch::X86_64)
    } else if cfg!(target_arch = "aarch64") {
        Some(Arch::Aarch64)
    } else {
        None
    };

    /// `AUDIT_ARCH_*` of linux/audit.h, which the kernel shows the filter with every call.
    pub const fn audit(self) -> u32 {
        match self {
            Arch::X86_64 => 0xc000_003e,
            Arch::Aarch64 => 0xc000_00b7,
        }
    }
}

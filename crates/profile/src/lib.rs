//! Ready-made parts of plans: tables and readers, no I/O.

pub mod seccomp;

//! Programs that share no code with eyot, and the tree that cases show them.

pub(crate) mod fixture;
pub(crate) mod seen;

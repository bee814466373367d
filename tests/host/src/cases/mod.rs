//! One file a subject.

mod refusals;
mod sandbox;

use crate::case::Case;

pub(crate) const SUBJECTS: &[(&str, &[Case])] = &[
    ("sandbox", sandbox::CASES),
    ("refusals::files", refusals::files::CASES),
    ("refusals::kernel", refusals::kernel::CASES),
    ("refusals::mounts", refusals::mounts::CASES),
    ("refusals::namespaces", refusals::namespaces::CASES),
    ("refusals::programs", refusals::programs::CASES),
    ("refusals::resources", refusals::resources::CASES),
];

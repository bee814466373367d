//! One file a subject.

mod agent;
mod attacks;
mod everyday;
mod kill;
mod living;
mod nesting;
mod programs;
mod programs_as_root;
mod refusals;
mod restrictions;
mod sandbox;
mod terminal;
mod truth;

use crate::case::Case;

pub(crate) const SUBJECTS: &[(&str, &[Case])] = &[
    ("agent", agent::CASES),
    ("everyday", everyday::CASES),
    ("kill", kill::CASES),
    ("living", living::CASES),
    ("nesting", nesting::CASES),
    ("programs", programs::CASES),
    ("programs_as_root", programs_as_root::CASES),
    ("attacks", attacks::CASES),
    ("sandbox", sandbox::CASES),
    ("terminal", terminal::CASES),
    ("restrictions", restrictions::CASES),
    ("truth", truth::CASES),
    ("refusals::files", refusals::files::CASES),
    ("refusals::kernel", refusals::kernel::CASES),
    ("refusals::mounts", refusals::mounts::CASES),
    ("refusals::namespaces", refusals::namespaces::CASES),
    ("refusals::programs", refusals::programs::CASES),
    ("refusals::resources", refusals::resources::CASES),
];

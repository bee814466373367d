//! One file a subject.

mod agent;
mod attacks;
mod everyday;
mod kill;
mod lent_terminal;
mod limits;
mod living;
mod nesting;
mod overlay;
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
    ("lent_terminal", lent_terminal::CASES),
    ("limits", limits::CASES),
    ("living", living::CASES),
    ("nesting", nesting::CASES),
    ("overlay", overlay::CASES),
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

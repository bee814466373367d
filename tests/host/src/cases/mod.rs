//! One file a subject.

mod sandbox;

use crate::case::Case;

pub(crate) const SUBJECTS: &[(&str, &[Case])] = &[("sandbox", sandbox::CASES)];

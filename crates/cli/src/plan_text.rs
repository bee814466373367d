//! `eyot plan run`: the plan as a tree, or as JSON for programs.

use eyot_plan::Plan;
use serde::Serialize;

/// The plan as programs read it. `format` grows when a reader could misunderstand the rest.
#[derive(Serialize)]
pub(crate) struct Printed<'a> {
    format: u32,
    #[serde(flatten)]
    plan: &'a Plan,
}

pub(crate) fn json(plan: &Plan) -> Printed<'_> {
    Printed { format: 1, plan }
}

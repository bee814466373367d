//! The JSON Schema of view files: for editors, and for the errors of [`crate::view_file`].

use eyot_plan::View;
use serde_json::Value;

pub(crate) fn view() -> Value {
    schemars::schema_for!(View).to_value()
}

use eyot_plan::Facts;

use super::scope::Scope;
use super::{Controller, hierarchy, home};

/// Finds out which limits this machine can hold for a view as a whole.
///
/// Not part of [`survey`](crate::survey), because it reads the mount table: ask when a view asks for limits.
pub fn survey_limits(facts: &mut Facts) {
    let hierarchies = hierarchy::all();
    let answer = |controller| match home::place_for(controller, &hierarchies) {
        Ok(_) => Ok(()),
        Err(why) => Scope::find(&[controller]).map(drop).map_err(|not| format!("{why}; {not}")),
    };
    let machine = &mut facts.machine;
    machine.memory_controller = answer(Controller::Memory);
    machine.pids_controller = answer(Controller::Processes);
    machine.cpu_controller = answer(Controller::Cpus);
}

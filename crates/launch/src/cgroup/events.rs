//! What the kernel counted in a view's groups.

use std::ffi::CStr;
use std::os::fd::OwnedFd;

use super::Controller;

/// What became of the limit that `by` holds, if `group` has it and the view ran into it.
pub(crate) fn hit(group: &OwnedFd, by: Controller) -> Option<String> {
    let read = |file: &CStr| eyot_sys::read_below(group, file).unwrap_or_default();
    match by {
        // memory.events is version 2, memory.oom_control version 1; both have this line.
        Controller::Memory => {
            let killed = count(&read(c"memory.events"), "oom_kill")
                .or_else(|| count(&read(c"memory.oom_control"), "oom_kill"))?;
            said("memory", killed, "process killed", "processes killed")
        }
        Controller::Processes => {
            let refused = count(&read(c"pids.events"), "max")?;
            said("processes", refused, "refused", "refused")
        }
        Controller::Cpus => {
            let held = count(&read(c"cpu.stat"), "nr_throttled")?;
            said("cpus", held, "period held back", "periods held back")
        }
    }
}

fn said(limit: &str, number: u64, one: &str, many: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("{limit}: 1 {one}")),
        number => Some(format!("{limit}: {number} {many}")),
    }
}

/// The number in the line `name NUMBER`.
fn count(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_found_by_their_whole_name() {
        let text = "low 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n";
        assert_eq!(count(text, "oom_kill"), Some(2));
        assert_eq!(count(text, "oom"), Some(3));
        assert_eq!(count("oom_kill_disable 0\nunder_oom 0\n", "oom_kill"), None);
        assert_eq!(said("memory", 1, "one", "many").as_deref(), Some("memory: 1 one"));
        assert_eq!(said("memory", 0, "one", "many"), None);
    }
}

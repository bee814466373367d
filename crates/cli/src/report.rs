//! What `eyot run --json-fd` writes when a view has ended.

use std::time::{SystemTime, UNIX_EPOCH};

use eyot_launch::{Ending, LaunchError, Outcome};
use eyot_plan::{Plan, ProtectionState};
use serde_json::{Value, json};

use crate::render::{self, Colour};

/// One JSON object and a newline. Times are seconds, since 1970 where they are points in time.
pub(crate) fn json(
    plan: &Plan,
    started: SystemTime,
    ended: &Result<Outcome, LaunchError>,
) -> String {
    let command: Vec<_> = plan.process.command.iter().map(|word| word.to_string_lossy()).collect();
    let mut report = json!({
        "format": 1,
        "command": command,
        "profile": plan.profile,
        "started": started.duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64()),
        "uid": plan.identity.uid,
        "gid": plan.identity.gid,
        "protections-absent": absent(plan),
        "plan-notes": plan.notes,
    });
    let rest = match ended {
        Ok(outcome) => of_outcome(outcome),
        Err(error) => json!({
            "exit": error.exit_code(),
            "error": render::launch_error(error).text(Colour::Plain).trim_end(),
        }),
    };
    if let (Value::Object(report), Value::Object(rest)) = (&mut report, rest) {
        report.extend(rest);
    }
    format!("{report}\n")
}

fn of_outcome(outcome: &Outcome) -> Value {
    let signal = match outcome.ending {
        Ending::Exited(_) => None,
        Ending::Killed(number) => Some(number),
    };
    json!({
        "exit": outcome.ending.code(),
        "init-killed-by": signal,
        "timed-out": outcome.timed_out,
        "lived": outcome.lived.as_secs_f64(),
        "limits-hit": outcome.limits_hit,
        "init-pid": outcome.init_pid,
        "host-uid": outcome.host_ids.0,
        "host-gid": outcome.host_ids.1,
        "notes": outcome.notes,
    })
}

/// Every protection that does not hold, and why.
fn absent(plan: &Plan) -> Vec<Value> {
    let row = |name: &str, state: &ProtectionState| match state {
        ProtectionState::Held => None,
        ProtectionState::Waived { by } => Some(json!({ "name": name, "waived-by": by })),
        ProtectionState::Absent { why } => Some(json!({ "name": name, "why": why })),
    };
    plan.protections.iter().filter_map(|it| row(it.name, &it.state)).collect()
}

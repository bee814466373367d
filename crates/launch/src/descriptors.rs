//! What the command gets from the caller by descriptor.

use std::collections::HashMap;

use eyot_plan::{Content, Plan, What};
use eyot_sys::{Errno, Kind};

use crate::diagnose::Place;
use crate::error::{Attempt, Cause, LaunchError};

/// Refuses descriptors that lead out of the view: from a directory of the host, `..` goes anywhere on the host.
pub(crate) fn refuse_ways_out(plan: &Plan) -> Result<(), LaunchError> {
    for number in (0..=2).chain(plan.process.keep_fds.iter().copied()) {
        let step = |cause: Cause| {
            LaunchError::step(
                format!("give descriptor {number} to the command"),
                Place::Unprivileged,
                cause,
            )
        };
        if number > 2 {
            eyot_sys::check_inherited(number).map_err(|error| step(error.into()))?;
        }
        match eyot_sys::kind_of_descriptor(number) {
            Ok(Kind::Directory) => {
                return Err(step(Cause::Policy {
                    why: "it is a directory of the host, and from there the whole host can be reached".into(),
                    remedy: "close or redirect it (</dev/null), and show the directory with --ro or --rw".into(),
                }));
            }
            Ok(_) => {}
            // A program may be started without standard descriptors; one that was named must be there.
            Err(error) if error.errno == Errno::BADF && number <= 2 => {}
            Err(error) => return Err(step(error.into())),
        }
    }
    Ok(())
}

/// Whether the caller has a descriptor of this number.
pub fn check_descriptor(number: i32) -> Result<(), LaunchError> {
    let step = |error: eyot_sys::Error| {
        LaunchError::step(format!("use descriptor {number}"), Place::Unprivileged, error)
    };
    eyot_sys::check_inherited(number).map_err(step)
}

/// Writes `text` to a descriptor of the caller.
pub fn write_descriptor(number: i32, text: &[u8]) -> Result<(), LaunchError> {
    eyot_sys::write_descriptor(number, text).map_err(|error| {
        LaunchError::step(format!("write to descriptor {number}"), Place::Unprivileged, error)
    })
}

/// Reads, once, what the caller gave by descriptor.
pub(crate) fn read_texts(plan: &Plan) -> Result<HashMap<i32, Vec<u8>>, LaunchError> {
    const LIMIT: u64 = 16 << 20;
    let mut texts = HashMap::new();
    for entry in &plan.entries {
        let What::File { content: Content::Descriptor(number), .. } = &entry.what else { continue };
        // Two files may be made of one descriptor, which has nothing left to say the second time.
        if texts.contains_key(number) {
            continue;
        }
        let bytes = eyot_sys::check_inherited(*number)
            .and_then(|()| eyot_sys::read_descriptor(*number, LIMIT));
        let bytes = bytes.map_err(|error| LaunchError {
            attempt: Attempt::Step { what: format!("read descriptor {number} for '{entry}'") },
            cause: Box::new(match error.errno {
                Errno::FBIG => Cause::Policy {
                    why: format!("more than {LIMIT} bytes"),
                    remedy: "bind a file instead".into(),
                },
                _ => error.into(),
            }),
            place: Place::Unprivileged,
        })?;
        texts.insert(*number, bytes);
    }
    Ok(texts)
}

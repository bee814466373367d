use eyot_sys::{Call, Errno};
use serde::{Deserialize, Serialize};

use crate::diagnose::{Place, Rule, diagnose};

/// A view that could not be made as asked. Nothing of the command has run and nothing is left behind.
///
/// It can be sent from the process that makes the view to the one that tells the user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("cannot {attempt}")]
pub struct LaunchError {
    pub attempt: Attempt,
    #[source]
    pub cause: Box<Cause>,
    /// Where the process was when it was refused: the same answer has other reasons elsewhere.
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attempt {
    /// Carrying out one line of the plan.
    Entry { entry: String, number: usize, total: usize },
    /// Anything else, as the end of a sentence that begins with "cannot".
    Step { what: String },
    /// Running the command in the finished view.
    Command { program: String },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Cause {
    #[error(transparent)]
    Kernel(#[from] eyot_sys::Error),
    /// Refused by eyot itself.
    #[error("{why}")]
    Policy { why: String, remedy: String },
}

impl LaunchError {
    pub fn step(what: impl Into<String>, place: Place, cause: impl Into<Cause>) -> Self {
        Self { attempt: Attempt::Step { what: what.into() }, cause: Box::new(cause.into()), place }
    }

    /// What the kernel logged about the refusal, if it logged anything.
    pub fn kernel_log(&self) -> &[String] {
        match &*self.cause {
            Cause::Kernel(error) => &error.kernel_log,
            Cause::Policy { .. } => &[],
        }
    }

    /// The kernel rule behind the refusal, where one and only one fits.
    pub fn rule(&self) -> Option<Rule> {
        match &*self.cause {
            Cause::Kernel(error) => diagnose(error, self.place),
            Cause::Policy { .. } => None,
        }
    }

    /// The exit status for this failure, as `env(1)` and `timeout(1)` have it.
    pub fn exit_code(&self) -> u8 {
        match (&self.attempt, &*self.cause) {
            (Attempt::Command { .. }, Cause::Kernel(error)) => match (&error.call, error.errno) {
                (Call::Execute { .. }, Errno::NOENT | Errno::NOTDIR) => 127,
                (Call::Execute { .. }, _) => 126,
                _ => 125,
            },
            _ => 125,
        }
    }
}

impl std::fmt::Display for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Attempt::Entry { entry, number, total } => {
                write!(f, "mount '{entry}' (entry {number} of {total})")
            }
            Attempt::Step { what } => f.write_str(what),
            Attempt::Command { program } => write!(f, "run '{program}'"),
        }
    }
}

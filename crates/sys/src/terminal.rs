use std::os::fd::AsFd;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::error::{Call, Error};

/// How a terminal treats what is typed and shown (`termios(3)`).
#[derive(Clone, Debug)]
pub struct TerminalSettings(Termios);

impl TerminalSettings {
    /// The settings that `terminal` has now.
    pub fn of(terminal: impl AsFd) -> Result<Self, Error> {
        tcgetattr(terminal).map(Self).map_err(|errno| Call::other("tcgetattr").failed(errno))
    }

    /// Gives them to `terminal`, after what was written to it has been shown.
    pub fn apply(&self, terminal: impl AsFd) -> Result<(), Error> {
        tcsetattr(terminal, OptionalActions::Drain, &self.0)
            .map_err(|errno| Call::other("tcsetattr").failed(errno))
    }
}

use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::OUR_FAILURE;
use crate::render::{Colour, Message};

/// Where answers and refusals go: standard output and standard error, or a test's buffers.
pub struct Screen<'a> {
    out: Box<dyn Write + 'a>,
    err: Box<dyn Write + 'a>,
    colour: Colour,
}

impl Screen<'static> {
    pub fn of_this_process() -> Self {
        // Any value but an empty one, as https://no-color.org says.
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = match io::stderr().is_terminal() && !unwanted {
            true => Colour::Bold,
            false => Colour::Plain,
        };
        Self { out: Box::new(io::stdout()), err: Box::new(io::stderr()), colour }
    }
}

impl<'a> Screen<'a> {
    /// Without colours, into `out` and `err`.
    pub fn plain(out: &'a mut dyn Write, err: &'a mut dyn Write) -> Self {
        Self { out: Box::new(out), err: Box::new(err), colour: Colour::Plain }
    }

    /// Prints what was asked for.
    pub(crate) fn answer(&mut self, text: &str) -> ExitCode {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        match written {
            Ok(()) => ExitCode::SUCCESS,
            // `eyot plan run … | head`: the reader has had enough, and says so itself.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(error) => self.refuse(&Message::error(format!("cannot write the answer: {error}"))),
        }
    }

    /// Prints `answer` as indented JSON.
    pub(crate) fn answer_json(&mut self, answer: &impl Serialize) -> ExitCode {
        match serde_json::to_string_pretty(answer) {
            Ok(text) => self.answer(&(text + "\n")),
            Err(error) => self.refuse(&Message::error(format!("cannot print JSON: {error}"))),
        }
    }

    /// Prints what the user should know beside what was asked for.
    pub(crate) fn remark(&mut self, text: &str) {
        // Where standard error is closed nobody wants to know.
        let _ = self.err.write_all(text.as_bytes());
    }

    /// Prints why nothing was done.
    pub(crate) fn refuse(&mut self, message: &Message) -> ExitCode {
        // Where standard error is closed the exit code alone has to tell.
        let _ = self.err.write_all(message.text(self.colour).as_bytes());
        ExitCode::from(OUR_FAILURE)
    }
}

impl fmt::Debug for Screen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").field("colour", &self.colour).finish_non_exhaustive()
    }
}

//! A terminal that a case shows and types on.

use std::error::Error;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use eyot_sys::{Attributes, DetachedMount, Handle, LastLink, Moved, Parameter, TerminalSettings};

use crate::case::Outcome;

/// What a case waits for comes in milliseconds, on a busy machine in a second.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Screen {
    ours: OwnedFd,
    /// Held, so that the terminal stays when its programs end.
    theirs: OwnedFd,
    /// What was shown and not yet expected.
    shown: String,
    cooked: TerminalSettings,
}

impl Screen {
    /// A terminal of 30 lines and 100 columns, of a devpts of the case's own.
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let parameters = [Parameter::Flag("newinstance"), Parameter::Text("ptmxmode", "0666")];
        let attributes = Attributes { no_suid: true, no_exec: true, ..Attributes::default() };
        let devices = DetachedMount::filesystem("devpts", &parameters, attributes)?;
        let at = Path::new("/dev/pts");
        devices.attach(&Handle::open(at, LastLink::Follow)?, at)?;
        let (ours, theirs) = eyot_sys::new_terminal()?;
        let cooked = TerminalSettings::of(&theirs)?;
        let screen = Self { ours, theirs, shown: String::new(), cooked };
        screen.resize(30, 100)?;
        Ok(screen)
    }

    /// Starts a command whose controlling terminal this is.
    pub(crate) fn start(&self, words: &[&str]) -> Result<Child, Box<dyn Error>> {
        let theirs = || self.theirs.try_clone();
        let mut command = Command::new("setsid");
        command.arg("--ctty").args(words).env("TERM", "xterm").env("PS1", "$ ");
        Ok(command.stdin(theirs()?).stdout(theirs()?).stderr(theirs()?).spawn()?)
    }

    pub(crate) fn resize(&self, rows: u32, columns: u32) -> Outcome {
        let (rows, columns) = (rows.to_string(), columns.to_string());
        self.stty(&["rows", &rows, "cols", &columns]).map(drop)
    }

    /// All settings in one line.
    pub(crate) fn settings(&self) -> Result<String, Box<dyn Error>> {
        self.stty(&["-g"])
    }

    /// `stty(1)` on this terminal, which is not this process's controlling one.
    fn stty(&self, words: &[&str]) -> Result<String, Box<dyn Error>> {
        let run = Command::new("stty").args(words).stdin(self.theirs.try_clone()?).output()?;
        match run.status.success() {
            true => Ok(String::from_utf8(run.stdout)?),
            false => Err(format!("stty failed: {}", String::from_utf8_lossy(&run.stderr)).into()),
        }
    }

    /// Whether somebody takes every byte as it is typed, as eyot does while it shows a view's terminal.
    pub(crate) fn is_raw(&self) -> bool {
        self.cooked.are_raw_on(&self.theirs)
    }

    pub(crate) fn wait_until_raw(&mut self) -> Outcome {
        self.wait_until("the terminal is raw", |screen| screen.is_raw())
    }

    pub(crate) fn wait_until_cooked(&mut self) -> Outcome {
        self.wait_until("the terminal is itself again", |screen| !screen.is_raw())
    }

    pub(crate) fn type_in(&mut self, mut keys: &[u8]) -> Outcome {
        while !keys.is_empty() {
            match eyot_sys::write_some(&self.ours, keys) {
                Moved::Bytes(count) => keys = &keys[count..],
                Moved::Nothing => self.read_on(),
                Moved::HungUp => return Err("nobody has the terminal".into()),
            }
        }
        Ok(())
    }

    /// Waits until `text` is shown; answers what came before it.
    pub(crate) fn expect(&mut self, text: &str) -> Result<String, Box<dyn Error>> {
        self.wait_until(text, |screen| screen.shown.contains(text))?;
        let (before, after) = self.shown.split_once(text).unwrap_or_default();
        let (before, after) = (before.to_owned(), after.to_owned());
        self.shown = after;
        Ok(before)
    }

    /// Waits until `child` has ended; answers its exit code and all that was shown.
    pub(crate) fn end(
        &mut self,
        child: &mut Child,
    ) -> Result<(Option<i32>, String), Box<dyn Error>> {
        let mut ended = None;
        let deadline = Instant::now() + PATIENCE;
        while ended.is_none() {
            if Instant::now() > deadline {
                return Err(format!("not ended: {:?}", self.tail()).into());
            }
            self.read_on();
            ended = child.try_wait()?;
        }
        // Nothing is on the way any more: who showed it has ended.
        self.read_on();
        Ok((ended.and_then(|status| status.code()), std::mem::take(&mut self.shown)))
    }

    fn wait_until(&mut self, what: &str, is: impl Fn(&Self) -> bool) -> Outcome {
        let deadline = Instant::now() + PATIENCE;
        while !is(self) {
            if Instant::now() > deadline {
                return Err(format!("waited for {what:?} after {:?}", self.tail()).into());
            }
            self.read_on();
        }
        Ok(())
    }

    /// Takes what is shown; waits a moment for it, and no longer.
    fn read_on(&mut self) {
        let mut buffer = [0; 65536];
        eyot_sys::wait_readable(&[self.ours.as_fd()], Some(Duration::from_millis(5)));
        while let Moved::Bytes(count) = eyot_sys::read_some(&self.ours, &mut buffer) {
            self.shown.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    }

    fn tail(&self) -> String {
        let shown: Vec<char> = self.shown.chars().collect();
        shown[shown.len().saturating_sub(600)..].iter().collect()
    }
}

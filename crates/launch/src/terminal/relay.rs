//! The supervisor's side: shows the view's terminal on the caller's, whose settings it lends itself.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use eyot_sys::{Child, Error, Moved, Readiness, Standing, TerminalSettings};

use super::buffer::Buffer;
use super::{MASTER, STOPPED};
use crate::init::SIGCONT;
use crate::supervise::{Attendant, Dealt, Watch};

pub(crate) const SIGTSTP: i32 = 20;
const SIGTTIN: i32 = 21;
const SIGTTOU: i32 = 22;
const SIGWINCH: i32 = 28;

/// A shell that puts eyot into the foreground does not tell a job that is running, and a terminal that nobody has open
/// can be opened again: both are looked at this often, and only while they matter.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// What a pty takes at once is less; more would only be late.
const BUFFER: usize = 16 << 10;

#[derive(Debug)]
pub(crate) struct Relay {
    /// The caller's terminal; `None` after it was hung up.
    terminal: Option<OwnedFd>,
    mode: Mode,
    view: View,
    /// To the maker, later init.
    channel: Option<OwnedFd>,
    typed: Buffer,
    shown: Buffer,
    timer: OwnedFd,
    course: Course,
}

/// What the relay may do with the caller's terminal.
#[derive(Debug)]
enum Mode {
    /// Every byte that is typed goes to the view. These are the settings to give back.
    Raw(TerminalSettings),
    /// Somebody else is typed to.
    Background,
}

/// The view's terminal.
#[derive(Debug)]
enum View {
    NotYetMade,
    Open {
        master: OwnedFd,
        users: Users,
    },
    /// All its output has been read, or nobody can see it.
    Gone,
}

/// Whether any process of the view has its terminal open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Users {
    Some,
    /// For now: one that it controls may open it again.
    Nobody,
}

/// What the relay works towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Relaying,
    /// The view has ended: only what it wrote last is still to be shown.
    Ending,
}

const CHANNEL: usize = 0;
const TIMER: usize = 1;
const TYPED_IN: usize = 2;
const TYPED_OUT: usize = 3;
const SHOWN_IN: usize = 4;
const SHOWN_OUT: usize = 5;

impl Relay {
    pub(super) fn new(terminal: OwnedFd, channel: OwnedFd) -> Result<Self, Error> {
        Ok(Self {
            terminal: Some(terminal),
            mode: Mode::Background,
            view: View::NotYetMade,
            channel: Some(channel),
            typed: Buffer::new(BUFFER),
            shown: Buffer::new(BUFFER),
            timer: eyot_sys::timer()?,
            course: Course::Relaying,
        })
    }

    /// Takes the caller's terminal over if it is our turn and the view has one.
    fn take_over(&mut self) {
        let (Some(terminal), View::Open { master, .. }) = (&self.terminal, &self.view) else {
            return;
        };
        if eyot_sys::standing_on(terminal) == Standing::Background {
            self.mode = Mode::Background;
            return eyot_sys::set_timer(&self.timer, LOOK_AGAIN);
        }
        // A terminal that was hung up answers EIO; reading it says so too.
        let _ = eyot_sys::copy_window_size(terminal, master);
        // Not what it was lent at first: a shell gives every job the settings it finds right.
        let Ok(found) = TerminalSettings::of(terminal) else { return };
        let settings = match &self.mode {
            Mode::Raw(before) if before.are_raw_on(terminal) => before.clone(),
            Mode::Raw(_) | Mode::Background => found,
        };
        let _ = settings.raw().apply(terminal);
        self.mode = Mode::Raw(settings);
    }

    /// Gives the caller's terminal back as it was, if we have it.
    fn give_back(&mut self) {
        let Mode::Raw(settings) = std::mem::replace(&mut self.mode, Mode::Background) else {
            return;
        };
        if let Some(terminal) = &self.terminal
            && eyot_sys::standing_on(terminal) == Standing::Foreground
        {
            // One that was hung up has no use for it.
            let _ = settings.restore(terminal);
        }
    }

    /// Stops eyot, so that the shell it was started from is typed to, and goes on when that wishes so.
    fn suspend(&mut self, init: &Child) {
        self.give_back();
        eyot_sys::stop_self();
        self.take_over();
        // The init may have ended meanwhile.
        let _ = init.signal(SIGCONT);
    }

    fn listen(&mut self, init: &Child) {
        let Some(channel) = &self.channel else { return };
        match &self.view {
            View::NotYetMade => match eyot_sys::receive_descriptor(channel) {
                Ok(Some((MASTER, master))) => {
                    self.view = View::Open { master, users: Users::Some };
                    self.take_over();
                }
                // The view could not be made; the report says why.
                _ => self.channel = None,
            },
            View::Open { .. } | View::Gone => match eyot_sys::read_byte(channel) {
                Some(STOPPED) => self.suspend(init),
                _ => self.channel = None,
            },
        }
    }

    fn look_again(&mut self) {
        eyot_sys::set_timer(&self.timer, Duration::ZERO);
        if let View::Open { users, .. } = &mut self.view {
            *users = Users::Some;
        }
        if let Mode::Background = self.mode {
            self.take_over();
        }
    }

    fn take_typed(&mut self) {
        let Some(terminal) = &self.terminal else { return };
        let in_background = || eyot_sys::standing_on(terminal) == Standing::Background;
        if in_background() {
            return self.take_over();
        }
        match self.typed.fill(terminal) {
            Moved::Bytes(_) => self.pass_typed(),
            Moved::Nothing => {}
            // Between the two calls somebody else may have been put into the foreground.
            Moved::HungUp if in_background() => self.take_over(),
            Moved::HungUp => self.hang_up(),
        }
    }

    fn pass_typed(&mut self) {
        let View::Open { master, .. } = &self.view else { return };
        if self.typed.empty_into(master) == Moved::HungUp {
            self.typed.clear();
        }
    }

    fn take_shown(&mut self) {
        let View::Open { master, users } = &mut self.view else { return };
        match self.shown.fill(&*master) {
            Moved::Bytes(_) => self.show(),
            Moved::Nothing => {}
            Moved::HungUp => {
                *users = Users::Nobody;
                eyot_sys::set_timer(&self.timer, LOOK_AGAIN);
            }
        }
    }

    fn show(&mut self) {
        if self.shown.is_empty() || !self.may_show() {
            return;
        }
        let Some(terminal) = &self.terminal else { return };
        match (self.shown.empty_into(terminal), self.course) {
            (Moved::HungUp, _) => self.hang_up(),
            (_, Course::Ending) => self.drain(),
            (_, Course::Relaying) => {}
        }
    }

    fn may_show(&self) -> bool {
        match (&self.mode, &self.terminal) {
            (Mode::Raw(_), _) => true,
            (Mode::Background, None) => false,
            (Mode::Background, Some(terminal)) => TerminalSettings::of(terminal)
                .map_or(true, |settings| !settings.stops_background_output()),
        }
    }

    /// The caller's terminal is no more: neither is the view's, whose programs learn it by SIGHUP.
    fn hang_up(&mut self) {
        self.mode = Mode::Background;
        self.terminal = None;
        self.view = View::Gone;
        self.typed.clear();
        self.shown.clear();
    }

    /// Reads what the view wrote last, as far as there is room.
    fn drain(&mut self) {
        let View::Open { master, .. } = &self.view else { return };
        while self.shown.has_room() {
            match self.shown.fill(master) {
                Moved::Bytes(_) => {}
                // Whoever has it open now does not belong to the view's processes that have ended.
                Moved::Nothing | Moved::HungUp => {
                    self.view = View::Gone;
                    return;
                }
            }
        }
    }
}

impl Attendant for Relay {
    fn watched(&self) -> Vec<Watch<'_>> {
        let mut watched = Vec::with_capacity(6);
        let mut watch = |token, readiness| watched.push(Watch { token, readiness });
        if let Some(channel) = &self.channel {
            watch(CHANNEL, Readiness::Readable(channel.as_fd()));
        }
        watch(TIMER, Readiness::Readable(self.timer.as_fd()));
        if let (Some(terminal), Mode::Raw(_), true) =
            (&self.terminal, &self.mode, self.typed.has_room())
        {
            watch(TYPED_IN, Readiness::Readable(terminal.as_fd()));
        }
        // One that nobody has open is always ready, as one whose other end is closed (poll(2), POLLHUP).
        if let (View::Open { master, users: Users::Some }, Course::Relaying) =
            (&self.view, self.course)
        {
            if !self.typed.is_empty() {
                watch(TYPED_OUT, Readiness::Writable(master.as_fd()));
            }
            if self.shown.has_room() {
                watch(SHOWN_IN, Readiness::Readable(master.as_fd()));
            }
        }
        if let (Some(terminal), false, true) =
            (&self.terminal, self.shown.is_empty(), self.may_show())
        {
            watch(SHOWN_OUT, Readiness::Writable(terminal.as_fd()));
        }
        watched
    }

    fn ready(&mut self, token: usize, init: &Child) {
        match token {
            CHANNEL => self.listen(init),
            TIMER => self.look_again(),
            TYPED_IN => self.take_typed(),
            TYPED_OUT => self.pass_typed(),
            SHOWN_IN => self.take_shown(),
            _ => self.show(),
        }
    }

    fn signals(&self) -> &'static [i32] {
        &[SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT]
    }

    fn signal(&mut self, number: i32, init: &Child) -> Dealt {
        match number {
            SIGTSTP | SIGTTIN | SIGTTOU => self.suspend(init),
            SIGWINCH | SIGCONT => self.take_over(),
            _ => return Dealt::PassOn,
        }
        match number {
            // Sent after SIGSTOP too, which nobody notices.
            SIGCONT => Dealt::PassOn,
            _ => Dealt::With,
        }
    }

    fn end(&mut self) {
        self.channel = None;
        self.course = Course::Ending;
        self.drain();
        self.show();
    }

    fn finished(&self) -> bool {
        matches!(self.view, View::Gone | View::NotYetMade) && self.shown.is_empty()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.give_back();
    }
}

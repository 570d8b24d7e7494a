//! How far an import is: a bar on a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal};

use keyward::SystemClock;
use keyward_core::{port::Clock, time::Timestamp};

use crate::terminal::Terminal;

/// Drawn on standard error.
pub(super) struct Progress {
    terminal: Terminal,
    draws: bool,
    started: Timestamp,
    shown: Timestamp,
}

impl Progress {
    /// From now on.
    pub(super) fn start(terminal: Terminal, dumb: bool) -> Self {
        let now = SystemClock.now();
        Self { terminal, draws: io::stderr().is_terminal() && !dumb, started: now, shown: now }
    }

    /// Shows how far it is, if it was not shown a moment ago.
    pub(super) fn at(&mut self, records: u64, (read, size): (u64, u64)) {
        let now = SystemClock.now();
        let pause = if self.draws { DRAWN_EVERY } else { TOLD_EVERY };
        if now.millis() - self.shown.millis() < pause {
            return;
        }
        self.shown = now;
        let percent = (read.min(size) * 100).checked_div(size).unwrap_or_default();
        let rate = self.rate(records);
        if self.draws {
            let full = percent * WIDTH / 100;
            let bar: String = (0..WIDTH).map(|at| if at < full { '#' } else { '.' }).collect();
            self.terminal.tell(&format!("\r[{bar}] {percent:>3}%  {records} users, {rate} a second\u{1b}[K"));
        } else {
            self.terminal.tell(&format!("{percent}%: {records} users, {rate} a second\n"));
        }
    }

    /// Takes the bar away. Gives the users a second, and the seconds.
    pub(super) fn end(&self, records: u64) -> (u64, f64) {
        if self.draws {
            self.terminal.tell("\r\u{1b}[K");
        }
        #[expect(clippy::cast_precision_loss, reason = "a duration in milliseconds, shown with one digit")]
        let seconds = self.millis() as f64 / 1000.0;
        (self.rate(records), seconds)
    }

    fn rate(&self, records: u64) -> u64 {
        records * 1000 / u64::try_from(self.millis()).unwrap_or(1).max(1)
    }

    fn millis(&self) -> i64 {
        (SystemClock.now().millis() - self.started.millis()).max(1)
    }
}

/// Milliseconds between two drawings of the bar.
const DRAWN_EVERY: i64 = 100;
/// Milliseconds between two lines.
const TOLD_EVERY: i64 = 5000;
/// Characters of the bar.
const WIDTH: u64 = 30;

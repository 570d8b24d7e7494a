//! How far a long command is: a bar on a terminal, and where that is wanted a line now and then elsewhere.

use std::io::{self, IsTerminal};

use keyward::SystemClock;
use keyward_core::port::Clock;

use crate::{environment::Environment, terminal::Terminal};

/// Drawn on standard error. Goes with its end, so that whatever is told next has a line of its own.
pub(crate) struct Progress {
    terminal: Terminal,
    draws: bool,
    /// Whether something stands on the line.
    stands: bool,
    started: i64,
    shown: i64,
}

impl Progress {
    /// From now on.
    pub(crate) fn start(terminal: Terminal, environment: &Environment) -> Self {
        let draws = io::stderr().is_terminal() && environment.get("TERM") != Some("dumb");
        let now = SystemClock.now().millis();
        Self { terminal, draws, stands: false, started: now, shown: now }
    }

    /// Shows how far it is, if it was not shown a moment ago. Without a size there is no bar.
    pub(crate) fn at(&mut self, (done, size): (u64, u64), what: impl FnOnce(&Self) -> String) {
        let now = SystemClock.now().millis();
        if now - self.shown < if self.draws { DRAWN_EVERY } else { TOLD_EVERY } {
            return;
        }
        self.shown = now;
        let what = what(self);
        let percent = (done.min(size) * 100).checked_div(size);
        let left = left(self.millis(), done, size);
        if self.draws {
            let bar = percent.map(bar).unwrap_or_default();
            self.say(&format!("{bar}{what}{left}"));
        } else {
            let percent = percent.map(|percent| format!("{percent}%: ")).unwrap_or_default();
            self.terminal.tell(&format!("{percent}{what}{left}\n"));
        }
    }

    /// Shows on a terminal what is done now.
    pub(crate) fn say(&mut self, text: &str) {
        if self.draws {
            self.stands = true;
            self.terminal.tell(&format!("\r{text}\u{1b}[K"));
        }
    }

    /// Takes away what stands there.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.stands) {
            self.terminal.tell("\r\u{1b}[K");
        }
    }

    /// So many a second since the start.
    pub(crate) fn rate(&self, count: u64) -> u64 {
        count * 1000 / self.millis()
    }

    /// Since the start; at least one.
    pub(crate) fn millis(&self) -> u64 {
        u64::try_from(SystemClock.now().millis() - self.started).unwrap_or(1).max(1)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn bar(percent: u64) -> String {
    let full = percent * WIDTH / 100;
    let bar: String = (0..WIDTH).map(|at| if at < full { '#' } else { '.' }).collect();
    format!("[{bar}] {percent:>3}%  ")
}

/// How long it will take yet, once that can be guessed.
fn left(millis: u64, done: u64, size: u64) -> String {
    if millis < GUESSED_FROM || done == 0 || done >= size {
        return String::new();
    }
    match u128::from(millis) * u128::from(size - done) / u128::from(done) / 1000 {
        0 => String::new(),
        seconds @ 1..60 => format!(", {seconds} s left"),
        seconds @ 60..7200 => format!(", {} min left", seconds / 60),
        seconds => format!(", {} h left", seconds / 3600),
    }
}

/// Milliseconds between two drawings of the bar.
const DRAWN_EVERY: i64 = 100;
/// Milliseconds between two lines.
const TOLD_EVERY: i64 = 5000;
/// Milliseconds before which nobody knows how long it will take.
const GUESSED_FROM: u64 = 3000;
/// Characters of the bar.
const WIDTH: u64 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_wide_from_its_beginning_to_its_end() {
        assert_eq!(bar(0), "[..............................]   0%  ");
        assert_eq!(bar(50), "[###############...............]  50%  ");
        assert_eq!(bar(100), "[##############################] 100%  ");
    }

    #[test]
    fn what_is_left_is_guessed_from_what_was_done() {
        assert_eq!(left(2999, 1, 100), "", "too early");
        assert_eq!(left(10_000, 50, 100), ", 10 s left");
        assert_eq!(left(10_000, 1, 100), ", 16 min left");
        assert_eq!(left(10_000, 1, 100_000), ", 277 h left");
        assert_eq!(left(10_000, 7, 0), "", "of a pipe nobody knows");
        assert_eq!(left(10_000, 100, 100), "");
    }
}

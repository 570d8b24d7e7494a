//! The log: lines for people on standard error, or JSON for machines on standard output.

use std::{
    cell::Cell,
    fmt::{self, Write as _},
    io::{self, Write as _},
    time::SystemTime,
};

use clap::ValueEnum;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{
        format::Writer,
        time::{FormatTime, SystemTime as Moment},
    },
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

use crate::terminal::Style;

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people, on standard error.
    #[default]
    Text,
    /// One JSON object a line, on standard output.
    Json,
}

/// From which level on lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// What failed.
    Error,
    /// And what needs a look.
    Warn,
    /// And one line a request.
    #[default]
    Info,
    /// And what helps to find a mistake.
    Debug,
    /// Everything.
    Trace,
}

/// Starts the log. Called once.
pub(crate) fn start(format: LogFormat, level: LogLevel, style: Style) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // Libraries that we use may log what they send; at most their warnings are wanted.
    let filter = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("keyward", level);
    let lines = match format {
        LogFormat::Text => Lines { style }.boxed(),
        LogFormat::Json => {
            tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(io::stdout).boxed()
        }
    };
    tracing_subscriber::registry().with(lines).with(filter).init();
}

/// Lines for people: `10:46:32Z  GET  200 /api/auth/session  0.4 ms  id=3f9a1c-7`.
///
/// A layer of its own: every request writes one line, and by the way of fields that are kept and formatted later
/// that took longer than much of the answer.
struct Lines {
    style: Style,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // Taken out, so that a value that logs while it is written finds another one.
        let mut page = PAGE.take();
        page.begin_line(self.style);
        let metadata = event.metadata();
        let is_request = metadata.target() == "keyward::request";
        let mut fields = Fields { style: self.style, is_request, line: &mut page.text };
        if !is_request {
            fields.level(*metadata.level());
        }
        event.record(&mut fields);
        page.text.push('\n');
        let is_urgent = *metadata.level() <= Level::WARN;
        if is_urgent || !page.gathers || page.text.len() > MOST_GATHERED {
            page.write();
        }
        PAGE.set(page);
    }
}

/// From now on the lines of this thread wait until it has nothing to do, and are written at once then: a busy server
/// would spend as much on handing over each line as on writing it. What needs a look, and a second that is over, does
/// not wait. For threads that call [`write_gathered`] before they rest.
pub(crate) fn gather() {
    let mut page = PAGE.take();
    page.gathers = true;
    PAGE.set(page);
}

/// Writes the lines of this thread that wait.
pub(crate) fn write_gathered() {
    let mut page = PAGE.take();
    page.write();
    PAGE.set(page);
}

/// Lines that wait are written when they are longer than this, in bytes.
const MOST_GATHERED: usize = 16 * 1024;

thread_local! {
    static PAGE: Cell<Page> = const {
        Cell::new(Page { text: String::new(), gathers: false, stamp: String::new(), second: None })
    };
}

/// What a thread has to write.
#[derive(Default)]
struct Page {
    text: String,
    /// Whether lines may wait.
    gathers: bool,
    /// The time as the last line had it: nearly always the next one is of the same second.
    stamp: String,
    /// Which second that is, since the epoch; `None` for none yet.
    second: Option<u64>,
}

impl Page {
    fn begin_line(&mut self, style: Style) {
        #[expect(clippy::disallowed_methods, reason = "a line says when it was written")]
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let second = since.ok().map(|since| since.as_secs());
        if self.second != second || second.is_none() {
            self.write();
            (self.stamp, self.second) = (stamp(style), second);
        }
        self.text.push_str(&self.stamp);
    }

    fn write(&mut self) {
        if !self.text.is_empty() {
            // Whoever read the log is gone: nobody is left to tell.
            let _gone = io::stderr().lock().write_all(self.text.as_bytes());
            self.text.clear();
        }
    }
}

fn stamp(style: Style) -> String {
    let mut now = String::new();
    // Writing to a `String` does not fail.
    let _written = Moment.format_time(&mut Writer::new(&mut now));
    let now = match style {
        // The day is known to who watches.
        Style::Coloured => style.faint(&format!("{}Z", now.get(11..19).unwrap_or(&now))),
        Style::Plain => format!("{}Z", now.get(..19).unwrap_or(&now)),
    };
    now + "  "
}

/// Writes an event's fields in their order: a request's method, status, path and time without their names, as
/// [`keyward_axum`] gives them, and everything else as `name=value`.
struct Fields<'l> {
    style: Style,
    is_request: bool,
    line: &'l mut String,
}

type Paint = fn(Style, &str) -> String;

impl Fields<'_> {
    fn level(&mut self, level: Level) {
        let (paint, name): (Paint, _) = match level {
            Level::ERROR => (Style::strong, "error"),
            Level::WARN => (Style::warning, "warn"),
            Level::INFO => (|_, text| text.to_owned(), "info"),
            _ => (Style::faint, "debug"),
        };
        self.painted(paint, format_args!("{name}"));
        self.line.push_str("  ");
    }

    /// What stands before a value.
    fn name(&mut self, field: &Field) {
        match field.name() {
            "message" => {}
            "method" | "path" if self.is_request => {}
            name => {
                self.line.push_str("  ");
                self.painted(Style::faint, format_args!("{name}="));
            }
        }
    }

    fn painted(&mut self, paint: Paint, text: fmt::Arguments<'_>) {
        match self.style {
            Style::Coloured => self.line.push_str(&paint(self.style, &text.to_string())),
            // Writing to a `String` does not fail.
            Style::Plain => drop(self.line.write_fmt(text)),
        }
    }
}

impl Visit for Fields<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "status" if self.is_request => {
                let paint = if (200..400).contains(&value) { Style::accent } else { Style::warning };
                self.painted(paint, format_args!("{value}"));
                self.line.push(' ');
            }
            "micros" if self.is_request => {
                let tenths = value.saturating_add(50) / 100;
                self.line.push_str("  ");
                self.painted(Style::faint, format_args!("{}.{} ms", tenths / 10, tenths % 10));
            }
            _ => self.record_debug(field, &value),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        // Writing to a `String` does not fail.
        let _written = Plain(self.line).write_str(value);
        if self.is_request && field.name() == "method" {
            self.line.push_str(["    ", "   ", "  ", " "].get(value.len()).unwrap_or(&""));
            self.line.push(' ');
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field);
        // Writing to a `String` does not fail.
        let _written = write!(Plain(self.line), "{value:?}");
    }
}

/// Texts without control characters, so that no request can forge a line.
struct Plain<'l>(&'l mut String);

impl fmt::Write for Plain<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            self.0.push_str(text);
            return Ok(());
        }
        for c in text.chars() {
            if c.is_control() { self.0.extend(c.escape_default()) } else { self.0.push(c) }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_logged_can_forge_a_line() {
        let mut line = String::new();
        Plain(&mut line).write_str("a\nb\u{1b}[1m\u{85}é\t").expect("a String takes everything");
        assert_eq!(line, "a\\nb\\u{1b}[1m\\u{85}é\\t");
    }
}

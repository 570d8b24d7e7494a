//! The log: lines for people on standard error, or JSON for machines on standard output.

use std::fmt;

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
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
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
        LogFormat::Text => tracing_subscriber::fmt::layer()
            .event_format(Lines { style })
            .with_ansi(style == Style::Coloured)
            .with_writer(std::io::stderr)
            .boxed(),
        LogFormat::Json => {
            tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stdout).boxed()
        }
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}

/// Lines for people: `10:46:32Z  GET 200 /api/auth/session  0.4 ms  3f9a1c`.
struct Lines {
    style: Style,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut now = String::new();
        SystemTime.format_time(&mut Writer::new(&mut now))?;
        let now = match self.style {
            // The day is known to who watches.
            Style::Coloured => self.style.faint(&format!("{}Z", now.get(11..19).unwrap_or(&now))),
            Style::Plain => format!("{}Z", now.get(..19).unwrap_or(&now)),
        };
        let mut fields = Fields::default();
        event.record(&mut fields);
        write!(out, "{now}  ")?;
        if event.metadata().target() == "keyward::request" {
            self.request(&mut out, &mut fields)?;
        } else {
            let level = match *event.metadata().level() {
                Level::ERROR => self.style.strong("error"),
                Level::WARN => self.style.warning("warn"),
                Level::INFO => "info".to_owned(),
                _ => self.style.faint("debug"),
            };
            write!(out, "{level}  {}", fields.take("message").unwrap_or_default())?;
        }
        for (name, value) in &fields.0 {
            write!(out, "  {}{value}", self.style.faint(&format!("{name}=")))?;
        }
        writeln!(out)
    }
}

impl Lines {
    fn request(&self, out: &mut Writer<'_>, fields: &mut Fields) -> fmt::Result {
        let mut text = |name| fields.take(name).unwrap_or_default();
        let (method, status, path, micros) = (text("method"), text("status"), text("path"), text("micros"));
        let status = match status.as_bytes().first() {
            Some(b'2' | b'3') => self.style.accent(&status),
            _ => self.style.warning(&status),
        };
        let tenths = micros.parse::<u64>().map_or(0, |micros| micros.saturating_add(50) / 100);
        let millis = self.style.faint(&format!("{}.{} ms", tenths / 10, tenths % 10));
        write!(out, "{method:<4} {status} {path}  {millis}")
    }
}

/// An event's fields as texts without control characters, so that no request can forge a line.
#[derive(Default)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(other, _)| *other == name)?;
        Some(self.0.remove(at).1)
    }

    fn put(&mut self, field: &Field, text: &str) {
        let escaped = |c: char| if c.is_control() { c.escape_default().collect() } else { c.to_string() };
        let plain = if text.contains(char::is_control) {
            text.chars().map(escaped).collect::<String>()
        } else {
            text.to_owned()
        };
        self.0.push((field.name(), plain));
    }
}

impl Visit for Fields {
    // Digits, so nothing to escape; each request has two.
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.push((field.name(), value.to_string()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }
}

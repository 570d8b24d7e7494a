//! What a person sees: standard output, standard error, and whether they are a terminal with colours.

use std::io::{self, IsTerminal, Write};

use crate::environment::Environment;

/// With colours or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Colours and lines drawn in Unicode.
    Coloured,
    /// Neither: a file, a pipe, or `NO_COLOR`.
    Plain,
}

/// The two streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    /// Of standard output.
    pub(crate) out: Style,
    /// Of standard error.
    pub(crate) err: Style,
}

impl Terminal {
    /// As the process was started; `NO_COLOR` (no-color.org) and a dumb terminal switch colours off.
    pub(crate) fn of(environment: &Environment) -> Self {
        let plain = environment.get("NO_COLOR").is_some() || environment.get("TERM") == Some("dumb");
        let style = |is_terminal: bool| if is_terminal && !plain { Style::Coloured } else { Style::Plain };
        Self { out: style(io::stdout().is_terminal()), err: style(io::stderr().is_terminal()) }
    }

    /// Writes to standard output. A reader that went away (`keyward schema | head`) is no failure.
    pub(crate) fn print(self, text: &str) {
        write_to(io::stdout().lock(), text);
    }

    /// Writes to standard error.
    pub(crate) fn tell(self, text: &str) {
        write_to(io::stderr().lock(), text);
    }
}

impl Style {
    /// Bold.
    pub(crate) fn strong(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// Faint.
    pub(crate) fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// In the product's green.
    pub(crate) fn accent(self, text: &str) -> String {
        self.wrap("1;32", text)
    }

    /// In warning yellow.
    pub(crate) fn warning(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// An address.
    pub(crate) fn address(self, text: &str) -> String {
        self.wrap("4;36", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Self::Coloured => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}

fn write_to(mut stream: impl Write, text: &str) {
    let _gone = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

//! What went wrong, where, and what to do about it; and how a terminal shows it.

use std::{fmt, ops::Range, sync::Arc};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use crate::terminal::Style;

/// One mistake: the problem, the remedy, and where it is in a file, if it is in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// One sentence, lower case, without secrets.
    pub(crate) problem: String,
    /// What to do.
    pub(crate) remedy: Option<String>,
    /// Bytes of the file.
    pub(crate) span: Option<Range<usize>>,
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// In the order of the file.
    pub(crate) faults: Vec<Fault>,
    /// The file that the spans are of, fit to be shown.
    pub(crate) shown: Option<Arc<NamedSource<String>>>,
    /// The process's exit code: 1, or 2 for a wrong call or configuration.
    pub(crate) exit: u8,
}

impl Fault {
    /// A fault that is in no file.
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), remedy: None, span: None }
    }

    /// With what to do.
    pub(crate) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// With its place in the file.
    pub(crate) fn at(self, span: Option<Range<usize>>) -> Self {
        Self { span, ..self }
    }
}

impl Failure {
    /// A failure of the configuration.
    pub(crate) fn configuration(mut faults: Vec<Fault>, shown: Option<NamedSource<String>>) -> Self {
        faults.sort_by_key(|fault| fault.span.as_ref().map_or(usize::MAX, |span| span.start));
        Self { faults, shown: shown.map(Arc::new), exit: 2 }
    }

    /// The text for the terminal, with a line break at its end.
    pub(crate) fn render(&self, style: Style) -> String {
        let mut theme = match style {
            Style::Coloured => GraphicalTheme::unicode(),
            Style::Plain => GraphicalTheme::none(),
        };
        "error:".clone_into(&mut theme.characters.error);
        let handler = GraphicalReportHandler::new_themed(theme).with_width(100).with_links(false);
        let mut text = String::new();
        for fault in &self.faults {
            let shown = Shown { fault, source: fault.span.as_ref().and(self.shown.as_deref()) };
            let mut report = String::new();
            // Writing to a String cannot fail, and the file is a text.
            if handler.render_report(&mut report, &shown).is_err() {
                report.clone_from(&fault.problem);
            }
            text.push_str(report.trim_start_matches(' '));
            text.push('\n');
        }
        if self.faults.len() > 1 {
            text.push_str(&format!("{} mistakes; nothing was started.\n", self.faults.len()));
        }
        text
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { faults: vec![fault], shown: None, exit: 1 }
    }
}

/// A fault beside the file that it is in, as miette wants to see it.
#[derive(Debug)]
struct Shown<'a> {
    fault: &'a Fault,
    source: Option<&'a NamedSource<String>>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fault.problem)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.fault.remedy.as_ref().map(|remedy| Box::new(remedy) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.map(|source| source as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.fault.span.clone()?;
        Some(Box::new(std::iter::once(LabeledSpan::underline(span))))
    }
}

//! `cargo xtask tidy`: design rules that neither the compiler nor clippy knows.

mod arrows;
mod cycles;
mod files;
mod graph;
mod lessons;
mod source;
mod text;

use std::fmt;
use std::fs;

use crate::Result;
use crate::part::Outcome;
use crate::providers;
use crate::workspace::Workspace;
use source::Source;

/// A broken rule: where, what is wrong, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    /// The file, relative to the root.
    file: String,
    /// The line, from 1; 0 if the fault is the file's as a whole.
    line: usize,
    what: String,
    remedy: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, what, remedy } = self;
        match line {
            0 => write!(out, "{file}: {what}\n    remedy: {remedy}"),
            line => write!(out, "{file}:{line}: {what}\n    remedy: {remedy}"),
        }
    }
}

/// What the rules found.
#[derive(Default)]
struct Findings {
    faults: Vec<Fault>,
    /// Files on their way to being too long.
    warnings: Vec<String>,
}

/// Carries out `tidy`.
pub(crate) fn command(workspace: &Workspace) -> Result {
    let findings = inspect(workspace)?;
    for warning in &findings.warnings {
        println!("warning: {warning}");
    }
    for fault in &findings.faults {
        println!("{fault}");
    }
    match findings.faults.len() {
        0 => {
            println!("tidy");
            Ok(())
        }
        count => Err(format!("{count} faults").into()),
    }
}

/// The same as a part of a test run.
pub(crate) fn part(workspace: &Workspace, _: Option<&str>) -> Result<Outcome> {
    let findings = inspect(workspace)?;
    for warning in &findings.warnings {
        println!("  warning: {warning}");
    }
    let report: Vec<String> = findings.faults.iter().map(Fault::to_string).collect();
    Ok(Outcome::of_check(findings.faults.is_empty(), report.join("\n")))
}

fn inspect(workspace: &Workspace) -> Result<Findings> {
    let mut findings = Findings { faults: arrows::faults(workspace), warnings: Vec::new() };
    let mut modules = cycles::Modules::default();
    let mut lessons = lessons::Lessons::default();
    for name in workspace.files()? {
        // Pictures and other binary files have no lines.
        let Ok(text) = fs::read_to_string(workspace.root.join(&name)) else { continue };
        findings.faults.extend(text::faults(&name, &text, &workspace.root.to_string_lossy()));
        lessons.add(&name, &text);
        if name.ends_with(".rs") {
            let source = Source::new(name, &text);
            files::inspect(&source, &mut findings);
            modules.add(&source);
        }
    }
    let list = fs::read_to_string(workspace.root.join(providers::LIST)).unwrap_or_default();
    if list != providers::list(workspace)? {
        findings.faults.push(Fault {
            file: providers::LIST.to_owned(),
            line: 0,
            what: "is not what the catalogue says".to_owned(),
            remedy: "cargo xtask providers",
        });
    }
    findings.faults.extend(modules.faults());
    findings.faults.extend(lessons.faults());
    findings.faults.extend(graph::faults(workspace)?);
    Ok(findings)
}

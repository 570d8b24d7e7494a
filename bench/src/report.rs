//! What came out: a table for the terminal, and the same for `BENCHMARKS.md`.

use std::{fs, path::Path, process::Command};

use crate::Result;

/// Everything that was measured, in order.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

struct Row {
    what: String,
    figure: String,
    goal: String,
    met: Option<bool>,
}

impl Report {
    /// A figure that has no goal of its own.
    pub(crate) fn figure(&mut self, what: impl Into<String>, figure: impl Into<String>) {
        self.push(Row { what: what.into(), figure: figure.into(), goal: String::new(), met: None });
    }

    /// A figure that is to reach a goal.
    pub(crate) fn goal(&mut self, what: &str, figure: impl Into<String>, goal: &str, met: bool) {
        self.push(Row { what: what.into(), figure: figure.into(), goal: goal.into(), met: Some(met) });
    }

    /// The goals that were not reached.
    pub(crate) fn missed(&self) -> Vec<&str> {
        self.rows.iter().filter(|row| row.met == Some(false)).map(|row| row.what.as_str()).collect()
    }

    /// The table, in columns.
    pub(crate) fn table(&self) -> String {
        let cells =
            |row: &Row| [row.what.clone(), row.figure.clone(), row.goal.clone(), row.verdict().into()];
        let heads = ["what", "measured", "goal", ""].map(str::to_owned);
        let rows: Vec<[String; 4]> = std::iter::once(heads).chain(self.rows.iter().map(cells)).collect();
        let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2), width(3)];
        let line = |(at, row): (usize, &[String; 4])| {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            let text = format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
            let rule = || format!("|{}|\n", widths.map(|width| "-".repeat(width + 2)).join("|"));
            if at == 0 { text + &rule() } else { text }
        };
        rows.iter().enumerate().map(line).collect()
    }

    /// Puts table and circumstances between the two marks of a file.
    pub(crate) fn write(&self, file: &Path, command: &str) -> Result {
        let text = fs::read_to_string(file)?;
        let (before, rest) = text.split_once(BEGIN).ok_or("BENCHMARKS.md lacks the mark of the figures")?;
        let (_, after) = rest.split_once(END).ok_or("BENCHMARKS.md lacks the mark behind the figures")?;
        let table = self.table();
        let circumstances = circumstances(command);
        Ok(fs::write(file, format!("{before}{BEGIN}\n\n{circumstances}\n{table}\n{END}{after}"))?)
    }

    fn push(&mut self, row: Row) {
        // A sign of life, long before the table.
        crate::say(&format!("  {}: {} {} {}", row.what, row.figure, row.goal, row.verdict()));
        self.rows.push(row);
    }
}

impl Row {
    fn verdict(&self) -> &'static str {
        match self.met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        }
    }
}

const BEGIN: &str = "<!-- figures -->";
const END: &str = "<!-- end of figures -->";

fn circumstances(command: &str) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |line| line.trim_start_matches(['\t', ' ', ':']));
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    format!(
        "- Command: `{command}`\n- Date: {}\n- Machine: {model}, {cores} cores ({}); load at the end {load}\n\
         - Versions: Keyward {}, {}, Node.js {}, {}\n",
        jiff::Timestamp::now().strftime("%Y-%m-%d"),
        said("uname", &["-srm"]),
        env!("CARGO_PKG_VERSION"),
        said("rustc", &["--version"]),
        said("node", &["--version"]),
        npm_versions().unwrap_or_default(),
    )
}

/// The npm packages that Keyward is measured beside, as pinned.
fn npm_versions() -> Option<String> {
    let mut all: Vec<String> = Vec::new();
    for text in [
        include_str!("../next-auth-4/package.json"),
        include_str!("../auth-js-5/package.json"),
        include_str!("../next-auth-5/package.json"),
        include_str!("../oidc-provider/package.json"),
        include_str!("../better-auth/package.json"),
    ] {
        let package: serde_json::Value = serde_json::from_str(text).ok()?;
        let versions = package["dependencies"].as_object()?.iter();
        let versions = versions.filter(|(name, _)| !name.starts_with("react"));
        for (name, version) in versions {
            let entry = format!("{name} {}", version.as_str().unwrap_or("?"));
            // Some are under more than one of the servers.
            if !all.contains(&entry) {
                all.push(entry);
            }
        }
    }
    Some(all.join(", "))
}

/// What a program says of itself, in one line.
fn said(program: &str, words: &[&str]) -> String {
    let answer = Command::new(program).args(words).output().map(|answer| answer.stdout).unwrap_or_default();
    String::from_utf8_lossy(&answer).trim().to_owned()
}

//! `keyward check`.

mod settings;
mod ways;

use std::collections::BTreeSet;

use keyward::{Dialect, Secret};
use keyward_core::{
    address::PublicUrl,
    dialect::{
        attempts::AttemptChange,
        cookies::{CookieChanges, SessionCookie},
    },
    request::Pairs,
    time::Timestamp,
};

use super::{ConfigOptions, Surroundings};
use crate::{
    config::{Deployment, Mode, Origin, Period, Secrets, Settled, StrategyName, builder},
    fault::{Failure, Fault},
    terminal::Style,
};

/// Validates, then prints what will be used and where it comes from. Starts nothing and writes nothing.
pub(super) fn run(around: &Surroundings<'_>, options: &ConfigOptions) -> Result<(), Failure> {
    let deployment = around.deployment(options)?;
    let secrets = match &deployment.secrets.value {
        Secrets::Known(secrets) | Secrets::InFile(_, secrets) => secrets.clone(),
        Secrets::Made(_) => vec![Secret::from("made at the start")],
    };
    builder(&deployment, &secrets).map(drop).map_err(|faults| deployment.failure(faults))?;
    let public = PublicUrl::new(&deployment.public_url.value, &deployment.base_path.value)
        .map_err(|error| deployment.failure(vec![Fault::new(error.to_string())]))?;
    let said = deployment.said(around.environment);
    let report = Report { style: around.terminal.out, deployment: &deployment, public: &public, said };
    around.terminal.print(&report.text());
    Ok(())
}

struct Report<'a> {
    style: Style,
    deployment: &'a Deployment,
    public: &'a PublicUrl,
    /// Every setting of the file, as it may be shown.
    said: Vec<(String, String)>,
}

/// One line of a table: name, value, origin.
type Row = (String, String, String);

impl Report<'_> {
    fn text(&self) -> String {
        let what = match (&self.deployment.source, self.deployment.mode) {
            (Some(source), Mode::Production) => format!("{} is sound", source.path.display()),
            (Some(source), Mode::Development) => {
                format!("{} is sound, for development", source.path.display())
            }
            (None, Mode::Production) => "The environment is sound".to_owned(),
            (None, Mode::Development) => "Development, without a configuration file".to_owned(),
        };
        let mut text = format!("{}\n", self.style.accent(&what));
        self.table("Server", self.server(), &mut text);
        self.table("Cookies", self.cookies(), &mut text);
        self.table("Sessions", self.sessions(), &mut text);
        self.table("Ways to sign in", self.ways(), &mut text);
        if !self.rules().is_empty() {
            self.table("Rules", self.rules(), &mut text);
        }
        for (title, rows) in self.settings() {
            self.table(title, rows, &mut text);
        }
        // The library says its own at every start.
        let warnings = self.deployment.redirects.iter().filter_map(|redirect| redirect.settings.warning());
        let notes: Vec<_> = self.deployment.notes.iter().cloned().chain(warnings).collect();
        if !notes.is_empty() {
            text.push_str(&format!("\n{}\n", self.style.warning("Worth a look")));
            for note in notes {
                text.push_str(&format!("  - {note}\n"));
            }
        }
        text
    }

    fn table(&self, title: &str, rows: Vec<Row>, text: &mut String) {
        let widest = |column: fn(&Row) -> &String| rows.iter().map(|row| column(row).chars().count()).max();
        let (names, values) = (widest(|row| &row.0).unwrap_or(0), widest(|row| &row.1).unwrap_or(0).min(48));
        text.push_str(&format!("\n{}\n", self.style.strong(title)));
        for (name, value, origin) in rows {
            let origin = self.style.faint(&origin);
            text.push_str(format!("  {name:<names$}  {value:<values$}  {origin}").trim_end());
            text.push('\n');
        }
    }

    fn server(&self) -> Vec<Row> {
        let d = self.deployment;
        let base = if d.public_url.value.trim_end_matches('/').ends_with(self.public.base_path()) {
            &d.public_url.origin
        } else {
            &d.base_path.origin
        };
        let mut rows = vec![
            row("public URL", self.public.origin(), &d.public_url.origin),
            row("base path", self.public.base_path(), base),
            row("listens on", d.listen.value, &d.listen.origin),
            row("dialect", d.dialect.value.name(), &d.dialect.origin),
            row("secret", secret(&d.secrets), &d.secrets.origin),
            row("database", d.database.value.display(), &d.database.origin),
            row("data folder", d.data.value.display(), &d.data.origin),
        ];
        let listed = |items: Vec<String>| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
        let proxies = d.file.trusted_proxies.iter().map(|network| network.0.to_string()).collect();
        rows.push(row("trusted proxies", listed(proxies), &d.origin("trusted_proxies")));
        let origins = d.file.allowed_origins.iter().map(|origin| origin.0.clone()).collect();
        rows.push(row("allowed origins", listed(origins), &d.origin("allowed_origins")));
        rows
    }

    fn cookies(&self) -> Vec<Row> {
        let attempts =
            self.deployment.redirects.iter().filter_map(|redirect| redirect.settings.provider().ok());
        // One line for those of form posts, one for the others.
        let kinds: BTreeSet<bool> = attempts.map(|provider| provider.answers_by_post()).collect();
        cookie_lines(self.deployment.dialect.value, self.public.is_secure(), &kinds)
            .into_iter()
            .map(|(name, attributes)| (name, attributes, String::new()))
            .collect()
    }

    fn sessions(&self) -> Vec<Row> {
        let d = self.deployment;
        let strategy = match d.file.session.strategy {
            Some(StrategyName::Stored) => "stored in the database",
            Some(StrategyName::Sealed) | None => "sealed in the cookie",
        };
        let mut rows = vec![
            row("strategy", strategy, &d.origin("session.strategy")),
            row("lifetime", Period(d.session_max_age()), &d.origin("session.max_age")),
        ];
        let kept = self.whole("session").into_iter();
        rows.extend(kept.filter(|(name, ..)| ["update_age", "recent_sign_in"].contains(&name.as_str())));
        for (place, field) in &d.file.session.show {
            let origin = d.origin(&format!("session.show.{place}"));
            rows.push(row("shows", format!("{place} = token field {field}"), &origin));
        }
        for (place, value) in &d.file.session.add {
            rows.push(row("adds", format!("{place} = {value}"), &d.origin(&format!("session.add.{place}"))));
        }
        let fields = &d.file.session.update.fields;
        if !fields.is_empty() {
            rows.push(row("update() may set", fields.join(", "), &d.origin("session.update.fields")));
        }
        rows
    }

    /// Who may sign in, and who else is asked.
    fn rules(&self) -> Vec<Row> {
        let (d, file) = (self.deployment, &self.deployment.file);
        let written = file.rules.iter().enumerate();
        let mut rows: Vec<_> = written
            .map(|(index, rule)| row("sign-in", rule, &d.origin(&format!("rules[{index}]"))))
            .collect();
        if !rows.is_empty() {
            let others = file.rules.iter().all(|rule| !rule.allow);
            rows.push(row(
                "sign-in",
                if others { "allow the others" } else { "deny the others" },
                &Origin::Default,
            ));
        }
        for (name, address) in file.hooks.addresses() {
            rows.extend(address.map(|address| row(name, address, &d.origin(&format!("hooks.{name}")))));
        }
        rows
    }
}

fn row(name: &str, value: impl std::fmt::Display, origin: &Origin) -> Row {
    (name.to_owned(), value.to_string(), origin.to_string())
}

/// Says that there is a secret, and nothing of it.
fn secret(secrets: &Settled<Secrets>) -> String {
    match &secrets.value {
        Secrets::Made(file) => format!("will be made and kept in {}", file.0.display()),
        Secrets::InFile(file, secrets) => format!("{} in {}", count(secrets.len()), file.0.display()),
        Secrets::Known(secrets) => format!("{}, not shown", count(secrets.len())),
    }
}

fn count(secrets: usize) -> String {
    if secrets == 1 { "one".to_owned() } else { format!("{secrets}, the first seals") }
}

/// Names and attributes as the dialect writes them. `attempts`: whether there are attempts whose cookie comes along with
/// a form post, and others.
fn cookie_lines(dialect: Dialect, secure: bool, attempts: &BTreeSet<bool>) -> Vec<(String, String)> {
    let begin = |cross_site: &bool| AttemptChange::Begin {
        state: String::new(),
        sealed: String::new(),
        cross_site: *cross_site,
    };
    let changes = CookieChanges {
        session: SessionCookie::Set { token: String::new(), expires: Timestamp::from_secs(0) },
        callback_url: Some(String::new()),
        csrf: Some(String::new()),
        attempts: attempts.iter().map(begin).collect(),
        ..CookieChanges::default()
    };
    let lines = dialect.set_cookies(&changes, &Pairs::default(), secure, Timestamp::from_secs(0));
    let split = |line: &String| {
        let (name, rest) = line.split_once('=')?;
        let attributes: Vec<_> = rest.split("; ").skip(1).map(plain_attribute).collect();
        // Each attempt's name ends otherwise.
        let name =
            name.split_once(".attempt.").map_or(name.to_owned(), |(start, _)| format!("{start}.attempt.…"));
        Some((name, attributes.join("; ")))
    };
    lines.iter().filter_map(split).collect()
}

fn plain_attribute(attribute: &str) -> &str {
    if attribute.starts_with("Expires=") { "Expires=end of the lifetime" } else { attribute }
}

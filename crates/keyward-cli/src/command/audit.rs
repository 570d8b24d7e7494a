//! `keyward audit`: what happened to accounts.

use clap::{Args, builder::PossibleValuesParser};
use keyward::SystemClock;
use keyward_core::{
    audit::{AuditFilter, AuditKind, AuditRecord},
    policy::email,
    port::{AuditTrail, Clock, Directory, StoreError, address_bucket},
    time::Timestamp,
    user::UserId,
};
use keyward_store_sqlite::SqliteStore;
use serde_json::{Value, json};

use super::{DataOptions, Surroundings, existing_store};
use crate::{
    config::Period,
    fault::{Failure, Fault},
    terminal::Style,
};

/// `keyward audit`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Of one person: their e-mail address, or the id of a user
    #[arg(long, value_name = "EMAIL|ID")]
    user: Option<String>,
    /// Of one kind, such as sign_in_refused
    #[arg(long, value_name = "KIND", value_parser = kinds(), hide_possible_values = true)]
    kind: Option<String>,
    /// From one network address
    #[arg(long, value_name = "ADDRESS")]
    network: Option<String>,
    /// Not older than that, such as 24h or 7d
    #[arg(long, value_name = "SPAN")]
    since: Option<Period>,
    /// Older than that
    #[arg(long, value_name = "SPAN")]
    until: Option<Period>,
    /// At most so many, the newest first [default: 50; with --json all]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// One JSON object a line, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: DataOptions,
}

const EXAMPLES: &str = "\
Examples:
  keyward audit --since 24h                          what happened today
  keyward audit --user ada@example.com               to one person's account
  keyward audit --kind sign_in_refused --json        for a program that counts";

/// Entries that are read at once.
const PAGE: usize = 500;

/// Prints the trail, the newest entry first.
pub(super) fn run(around: &Surroundings<'_>, options: &Options) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Fault::new(error.to_string()))?;
    let store = existing_store(&around.data_only(&options.config)?)?;
    let printed = runtime.block_on(print(around, options, &store));
    store.close();
    printed
}

async fn print(around: &Surroundings<'_>, options: &Options, store: &SqliteStore) -> Result<(), Failure> {
    let now = SystemClock.now();
    let ago = |span: Option<Period>| span.map(|span| now.minus(span.0));
    let mut filter = AuditFilter {
        user: user(store, options.user.as_deref()).await?,
        kind: options.kind.clone(),
        network: options.network.as_deref().map(network).transpose()?,
        since: ago(options.since),
        until: ago(options.until),
        before: None,
    };
    let by_default = if options.json { usize::MAX } else { 50 };
    let mut left = options.limit.map_or(by_default, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut any = false;
    while left > 0 {
        let page = store.audit(&filter, left.min(PAGE)).await.map_err(|error| failed(&error))?;
        let Some(last) = page.last() else { break };
        filter.before = Some(last.place);
        left = left.saturating_sub(page.len());
        any = true;
        for record in &page {
            let line = if options.json {
                line_of(record)
            } else {
                row_of(around.terminal.out, record, &named(store, record).await?)
            };
            around.terminal.print(&format!("{line}\n"));
        }
    }
    if !any && !options.json {
        around.terminal.print("Nothing is in the audit trail that fits.\n");
    }
    Ok(())
}

/// The user with this address, or this id: also one who is gone.
async fn user(store: &SqliteStore, given: Option<&str>) -> Result<Option<UserId>, Failure> {
    let Some(given) = given else { return Ok(None) };
    let Some(address) = email::normalise(given) else { return Ok(Some(UserId(given.to_owned()))) };
    match store.user_by_email(&address).await.map_err(|error| failed(&error))? {
        Some(user) => Ok(Some(user.id)),
        None => Err(Fault::new(format!("nobody has the address {address}"))
            .remedy("name the id of the user; entries of who was deleted are found by it")
            .into()),
    }
}

/// As the trail writes addresses.
fn network(given: &str) -> Result<String, Failure> {
    match given.parse() {
        Ok(address) => Ok(address_bucket(address)),
        // One that was copied from the trail.
        Err(_) if given.ends_with("::/64") => Ok(given.to_owned()),
        Err(_) => Err(Failure {
            exit: 2,
            ..Fault::new(format!("{given} is no network address"))
                .remedy("write one such as 203.0.113.7 or 2001:db8::7")
                .into()
        }),
    }
}

/// How a person is called: by their address while they have one.
async fn named(store: &SqliteStore, record: &AuditRecord) -> Result<String, Failure> {
    let Some(id) = &record.user else {
        return Ok(record
            .subject
            .as_ref()
            .map_or_else(String::new, |subject| format!("unknown {}", &subject[..subject.len().min(8)])));
    };
    let user = store.user(id).await.map_err(|error| failed(&error))?;
    Ok(user.and_then(|user| user.email).unwrap_or_else(|| id.0.clone()))
}

fn line_of(record: &AuditRecord) -> String {
    json!({
        "at": record.at.iso(),
        "last": record.last.iso(),
        "count": record.count,
        "kind": record.kind,
        "user": record.user.as_ref().map(|user| &user.0),
        "session": record.session.as_ref().map(|session| &session.0),
        "subject": record.subject,
        "network": record.network,
        "userAgent": record.user_agent,
        "detail": record.detail,
    })
    .to_string()
}

fn row_of(style: Style, record: &AuditRecord, who: &str) -> String {
    let seconds = Timestamp::from_secs(record.last.secs()).iso().replace(".000Z", "Z");
    let detail: Vec<String> =
        record.detail.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
    let times = if record.count > 1 { format!(" ×{}", record.count) } else { String::new() };
    format!(
        "{}  {:<20}{times}  {who}  {}  {}",
        style.faint(&seconds),
        record.kind,
        record.network.as_deref().unwrap_or("-"),
        style.faint(&detail.join(" "))
    )
    .trim_end()
    .to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(AuditKind::ALL.iter().map(|kind| kind.as_str()))
}

fn failed(error: &StoreError) -> Failure {
    Fault::new(error.to_string()).remedy("try again").into()
}

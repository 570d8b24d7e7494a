//! `keyward user delete`, `show`, `disable`, `enable`, `sessions`, `end-sessions`: also while the server runs, which follows
//! within a second.

use std::fmt::Write;

use clap::Args;
use keyward::SystemClock;
use keyward_core::{
    audit::AuditKind,
    event::{About, NewEvent},
    policy::{email, ways::WaysIn},
    port::{
        Administration, Altered, Clock, Directory, FactorChange, FactorChanged, FactorEdit, FactorStore,
        SessionEntry, SessionId, Sessions, UserChange, Which,
    },
    time::Timestamp,
    user::{Account, User, UserId},
};
use keyward_store_sqlite::SqliteStore;

use super::super::{DataOptions, Surroundings, existing_store};
use super::{confirm, failed, last_token, noted};
use crate::{
    config::Deployment,
    fault::{Failure, Fault},
};

/// Somebody who may be known by no address, and where.
#[derive(Args)]
pub(crate) struct Who {
    /// The person's e-mail address, or their id
    #[arg(value_name = "WHO")]
    who: String,
    #[command(flatten)]
    config: DataOptions,
}

/// `keyward user delete`.
#[derive(Args)]
pub(crate) struct Deletion {
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    who: Who,
}

/// `keyward user end-sessions`.
#[derive(Args)]
pub(crate) struct Ends {
    /// Only the session with this id
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    #[command(flatten)]
    who: Who,
}

/// `keyward user reset-factors`.
#[derive(Args)]
pub(crate) struct Resets {
    /// Take away their passkeys, too
    #[arg(long)]
    passkeys: bool,
    #[command(flatten)]
    who: Who,
}

/// A person in an open database.
struct Found {
    store: SqliteStore,
    deployment: Deployment,
    user: User,
}

impl Found {
    async fn by(around: &Surroundings<'_>, options: &Who) -> Result<Self, Failure> {
        let deployment = around.data_only(&options.config)?;
        let store = existing_store(&deployment)?;
        // Somebody's id may look like an address: whose it is comes first.
        let mut found = match email::normalise(&options.who) {
            Some(address) => store.user_by_email(&address).await.map_err(|error| failed(&error))?,
            None => None,
        };
        if found.is_none() {
            found = store.user(&UserId(options.who.clone())).await.map_err(|error| failed(&error))?;
        }
        match found {
            Some(user) => Ok(Self { store, deployment, user }),
            None => {
                let path = store.path().display();
                Err(Fault::new(format!("nobody is known as {} in {path}", options.who))
                    .remedy("look for a typing mistake; for another database name its --config or --data")
                    .into())
            }
        }
    }

    /// How messages call them.
    fn name(&self) -> &str {
        self.user.email.as_deref().unwrap_or(&self.user.id.0)
    }

    async fn sessions(&self) -> Result<Vec<SessionEntry>, Failure> {
        let now = SystemClock.now();
        self.store.sessions_of(&self.user.id, now).await.map_err(|error| failed(&error))
    }

    fn noted(&self, kind: AuditKind) -> Vec<NewEvent> {
        noted(&self.deployment, kind, About::Anybody, Some(&self.user.id))
    }

    fn end(self, around: &Surroundings<'_>, text: &str) {
        self.store.close();
        around.terminal.print(text);
    }
}

/// Deletes somebody with their accounts and sessions.
pub(super) async fn delete(around: &Surroundings<'_>, options: &Deletion) -> Result<(), Failure> {
    let found = Found::by(around, &options.who).await?;
    if !options.yes {
        confirm(around, &format!("Delete {} with accounts and sessions? Type yes: ", found.name()))?;
    }
    let events = found.noted(AuditKind::UserDeleted);
    let until = last_token(&found.deployment);
    let removed = found.store.remove_user(&found.user.id, until, &events).await;
    if !removed.map_err(|error| failed(&error))? {
        return Err(Fault::new("the person was deleted meanwhile").into());
    }
    let text = format!("{} is deleted; all their sessions are over.\n", found.name());
    found.end(around, &text);
    Ok(())
}

/// What is known of somebody.
pub(super) async fn show(around: &Surroundings<'_>, options: &Who) -> Result<(), Failure> {
    let found = Found::by(around, options).await?;
    let accounts = found.store.accounts_of(&found.user.id).await.map_err(|error| failed(&error))?;
    let sessions = found.sessions().await?;
    let text = described(&found.user, &accounts, sessions.len());
    found.end(around, &text);
    Ok(())
}

fn described(user: &User, accounts: &[Account], sessions: usize) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<12} {value}");
    };
    let nothing = "-".to_owned();
    line("id", &user.id.0);
    let proven = user.email_verified.map_or("not proven".to_owned(), |at| format!("proven {}", at.iso()));
    line("e-mail", &user.email.as_ref().map_or(nothing.clone(), |email| format!("{email} ({proven})")));
    line("name", user.name.as_ref().unwrap_or(&nothing));
    line("image", user.image.as_ref().unwrap_or(&nothing));
    line("disabled", &user.disabled.map_or("no".to_owned(), |since| format!("since {}", since.iso())));
    line("claims", &serde_json::Value::Object(user.claims.clone()).to_string());
    for account in accounts {
        line(
            "account",
            &format!("{} {} (since {})", account.key.source, account.key.id, account.created.iso()),
        );
    }
    line("sessions", &sessions.to_string());
    text
}

/// Keeps somebody out, or lets them in again.
pub(super) async fn disable(around: &Surroundings<'_>, options: &Who, disabled: bool) -> Result<(), Failure> {
    let found = Found::by(around, options).await?;
    let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
    let kind = if disabled { AuditKind::UserDisabled } else { AuditKind::UserEnabled };
    let events = found.noted(kind);
    let until = last_token(&found.deployment);
    let changed = found.store.change_user(&found.user.id, &change, SystemClock.now(), until, &events).await;
    match changed.map_err(|error| failed(&error))? {
        Altered::Done(_) => {}
        Altered::NotFound | Altered::TooLarge => {
            return Err(Fault::new("the person was deleted meanwhile").into());
        }
    }
    let text = match disabled {
        true => format!("{} is disabled; all their sessions are over.\n", found.name()),
        false => format!("{} may sign in again.\n", found.name()),
    };
    found.end(around, &text);
    Ok(())
}

/// Lets somebody in by one factor again who has lost the second.
pub(super) async fn reset_factors(around: &Surroundings<'_>, options: &Resets) -> Result<(), Failure> {
    let found = Found::by(around, &options.who).await?;
    let change = FactorChange {
        user: found.user.id.clone(),
        session: None,
        ways: WaysIn::default(),
        edit: FactorEdit::Reset { passkeys: options.passkeys },
    };
    let events = found.noted(AuditKind::FactorRemoved);
    let changed = found.store.change_factors(&change, SystemClock.now(), &events).await;
    if changed.map_err(|error| failed(&error))? != FactorChanged::Done {
        return Err(Fault::new("the person was deleted meanwhile").into());
    }
    let and_passkeys = if options.passkeys { ", and no passkeys" } else { "" };
    let text =
        format!("{} has no authenticator app and no recovery codes any more{and_passkeys}.\n", found.name());
    found.end(around, &text);
    Ok(())
}

/// Lists somebody's sessions.
pub(super) async fn sessions(around: &Surroundings<'_>, options: &Who) -> Result<(), Failure> {
    let found = Found::by(around, options).await?;
    let sessions = found.sessions().await?;
    let text = match sessions.is_empty() {
        true => format!("{} has no session.\n", found.name()),
        false => sessions.iter().map(session).collect(),
    };
    found.end(around, &text);
    Ok(())
}

fn session(entry: &SessionEntry) -> String {
    let via = entry.via.as_ref().map_or("-", |via| &via.source);
    let network = entry.address.as_deref().unwrap_or("-");
    let agent: String =
        entry.user_agent.as_deref().unwrap_or("-").chars().filter(|c| !c.is_control()).collect();
    let at = |moment: Timestamp| moment.iso();
    format!(
        "{}\n  opened {}, seen {}, ends {}\n  {network}, by {via}, {agent}\n",
        entry.id.0,
        at(entry.created),
        at(entry.seen),
        at(entry.expires)
    )
}

/// Ends somebody's sessions, or one of them.
pub(super) async fn end_sessions(around: &Surroundings<'_>, options: &Ends) -> Result<(), Failure> {
    let found = Found::by(around, &options.who).await?;
    let which = match &options.session {
        Some(id) => Which::One(SessionId(id.clone())),
        None => Which::All,
    };
    let events = found.noted(AuditKind::SessionEnded);
    let until = last_token(&found.deployment);
    let ended = found.store.end_sessions(&found.user.id, &which, None, until, &events).await;
    let ended = ended.map_err(|error| failed(&error))?.unwrap_or_default();
    if let (0, Some(id)) = (ended, &options.session) {
        return Err(Fault::new(format!("{} has no session {id}", found.name()))
            .remedy(format!("see which there are: keyward user sessions {}", found.name()))
            .into());
    }
    let text = match ended {
        1 => format!("Ended one session of {}.\n", found.name()),
        ended => format!("Ended {ended} sessions of {}.\n", found.name()),
    };
    found.end(around, &text);
    Ok(())
}

//! `keyward user`: accounts of Keyward's own directory.

mod manage;

use std::{
    io::{self, BufRead, IsTerminal, Read},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use clap::{Args, Subcommand};
use keyward::{Argon2Hasher, HasherSettings, SystemClock, SystemRandom};
use keyward_core::{
    audit::{AuditEntry, AuditKind},
    error::Code,
    event::{About, NewEvent},
    method::{
        CredentialsCheck, Submitted,
        password::{MAX_PASSWORD, PasswordSignUp, Strength, judge_new},
    },
    policy::email,
    port::{Admitted, Clock, Directory, PasswordHasher, SignIns, StoreError},
    secret::Secret,
    session::remembered_until,
    time::Timestamp,
    user::UserId,
};
use keyward_store_sqlite::SqliteStore;
use serde_json::{Map, Value};

use super::{DataOptions, Surroundings, existing_store, open_store};
use crate::{
    config::{Deployment, audit, breached},
    fault::{Failure, Fault},
};

/// `keyward user …`.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Make an account
    #[command(after_help = ABOUT_PASSWORDS)]
    Create(Creation),
    /// Set a person's password and end all their sessions
    #[command(after_help = ABOUT_PASSWORDS)]
    SetPassword(Whom),
    /// Delete a person with their accounts and sessions
    Delete(manage::Deletion),
    /// Show what is known of a person
    Show(manage::Who),
    /// Keep a person out and end all their sessions
    Disable(manage::Who),
    /// Let a person in again
    Enable(manage::Who),
    /// List a person's sessions
    Sessions(manage::Who),
    /// End a person's sessions, or one of them
    EndSessions(manage::Ends),
    /// Take away a person's authenticator app and recovery codes
    ResetFactors(manage::Resets),
}

/// `keyward user create`.
#[derive(Args)]
pub(super) struct Creation {
    /// Display name
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    whom: Whom,
}

/// Whose account, and where.
#[derive(Args)]
pub(super) struct Whom {
    /// The person's e-mail address
    #[arg(value_name = "EMAIL")]
    email: String,
    #[command(flatten)]
    config: DataOptions,
}

/// Carries out a command.
pub(super) fn run(around: &Surroundings<'_>, command: &Command) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Fault::new(error.to_string()))?;
    runtime.block_on(async {
        match command {
            Command::Create(options) => create(around, options).await,
            Command::SetPassword(options) => set_password(around, options).await,
            Command::Delete(options) => manage::delete(around, options).await,
            Command::Show(options) => manage::show(around, options).await,
            Command::Disable(options) => manage::disable(around, options, true).await,
            Command::Enable(options) => manage::disable(around, options, false).await,
            Command::Sessions(options) => manage::sessions(around, options).await,
            Command::EndSessions(options) => manage::end_sessions(around, options).await,
            Command::ResetFactors(options) => manage::reset_factors(around, options).await,
        }
    })
}

const ABOUT_PASSWORDS: &str = "\
The password is asked for on a terminal, and otherwise read from the first line of standard input.
It is never an argument, where others on this machine could see it.";

/// Longest line that is read as a password.
const LONGEST_LINE: u64 = 64 * 1024;

async fn create(around: &Surroundings<'_>, options: &Creation) -> Result<(), Failure> {
    let deployment = around.data_only(&options.whom.config)?;
    let address = normalised(&options.whom.email)?;
    let password = read_password(around)?;
    let mut fields = Map::new();
    fields.insert("email".to_owned(), Value::from(address.as_str()));
    fields.insert("password".to_owned(), Value::from(password.expose()));
    if let Some(name) = &options.name {
        fields.insert("name".to_owned(), Value::from(name.as_str()));
    }
    // The rules are those of the sign-up page.
    let sign_up = PasswordSignUp {
        hasher: Arc::new(hasher(&deployment)?),
        random: Arc::new(SystemRandom),
        strength: strength(&deployment),
        reveals_existing: true,
    };
    let submitted = Submitted { fields, client: IpAddr::V4(Ipv4Addr::LOCALHOST) };
    let proof = sign_up.check(&submitted).await.map_err(|refusal| refused(refusal.code))?;
    let store = open_store(&deployment)?;
    let events = noted(&deployment, AuditKind::UserCreated, About::New, None);
    let admitted = store.admit(&proof.admission, None, SystemClock.now(), &events).await;
    let admitted = admitted.map_err(|error| failed(&error))?;
    store.close();
    match admitted {
        Admitted::As { .. } => {
            around.terminal.print(&format!("Made an account for {address} in {}.\n", store.path().display()));
            Ok(())
        }
        Admitted::EmailTaken
        | Admitted::Gone
        | Admitted::Changed
        | Admitted::Disabled
        | Admitted::NeedsFactor { .. } => Err(Fault::new(format!("{address} has an account already"))
            .remedy(format!("to change the password: keyward user set-password {address}"))
            .into()),
    }
}

async fn set_password(around: &Surroundings<'_>, options: &Whom) -> Result<(), Failure> {
    let deployment = around.data_only(&options.config)?;
    let address = normalised(&options.email)?;
    let store = existing_store(&deployment)?;
    let password = read_password(around)?;
    let local = address.split('@').next().unwrap_or_default();
    let hasher = hasher(&deployment)?;
    judge_new(&hasher, strength(&deployment), &password, &[&address, local])
        .await
        .map_err(|refusal| refused(refusal.code))?;
    let hash = hasher.hash(&password).await.map_err(|error| Fault::new(error.to_string()))?;
    let events = noted(&deployment, AuditKind::PasswordChanged, About::Anybody, None);
    let found = store.set_password(&address, &hash, last_token(&deployment), &events).await;
    let found = found.map_err(|error| failed(&error))?;
    done(around, &store, found, &address, "has a new password; all their sessions are over")
}

fn done(
    around: &Surroundings<'_>,
    store: &SqliteStore,
    found: bool,
    address: &str,
    what: &str,
) -> Result<(), Failure> {
    store.close();
    if !found {
        return Err(Fault::new(format!("nobody has the address {address} in {}", store.path().display()))
            .remedy("look for a typing mistake; for another database name its --config or --data")
            .into());
    }
    around.terminal.print(&format!("{address} {what}.\n"));
    Ok(())
}

/// An entry of the audit trail about what is done here, where one is kept.
fn noted(deployment: &Deployment, kind: AuditKind, about: About, user: Option<&UserId>) -> Vec<NewEvent> {
    if !audit(&deployment.file.audit).is_kept() {
        return Vec::new();
    }
    let entry = AuditEntry::new(kind, SystemClock.now()).saying("by", "command line");
    vec![NewEvent::audit(AuditEntry { user: user.cloned(), ..entry }, about)]
}

/// When the last sealed token that exists now is over.
fn last_token(deployment: &Deployment) -> Timestamp {
    remembered_until(SystemClock.now(), deployment.session_max_age())
}

fn strength(deployment: &Deployment) -> Strength {
    deployment.file.accounts.min_strength.map_or_else(Strength::default, Strength)
}

fn hasher(deployment: &Deployment) -> Result<Argon2Hasher, Failure> {
    let lists = breached(deployment)
        .map_err(|(path, fault)| deployment.failure(vec![fault.at(deployment.span(&path))]))?;
    let settings = HasherSettings { workers: 1, ..HasherSettings::default() };
    Ok(Argon2Hasher::new(settings, Arc::new(SystemRandom)).with_breached(lists))
}

fn normalised(address: &str) -> Result<String, Failure> {
    email::normalise(address).ok_or_else(|| Failure { exit: 2, ..refused(Code::InvalidEmail) })
}

fn refused(code: Code) -> Failure {
    let fault = match code {
        Code::InvalidEmail => {
            Fault::new("this is not an e-mail address").remedy("write one such as ada@example.com")
        }
        Code::WeakPassword => Fault::new("this password is easy to guess").remedy(
            "a longer one, or a few unrelated words; [accounts] min_strength says how hard it must be",
        ),
        Code::BreachedPassword => Fault::new("this password is on a list of breached ones").remedy(
            "another one, or a few unrelated words; [accounts] breached and common_passwords say which lists there are",
        ),
        Code::PasswordTooLong => Fault::new(format!("this password is longer than {MAX_PASSWORD} bytes")),
        Code::MissingField => Fault::new("there is no password")
            .remedy("type it when asked, or write it to standard input, on the first line"),
        code => Fault::new(format!("refused: {}", code.as_str())),
    };
    fault.into()
}

fn failed(error: &StoreError) -> Failure {
    Fault::new(error.to_string()).remedy("try again; nothing was changed").into()
}

fn read_password(around: &Surroundings<'_>) -> Result<Secret, Failure> {
    let unread = |error: io::Error| Fault::new(format!("the password could not be read: {error}"));
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().take(LONGEST_LINE).read_line(&mut line).map_err(unread)?;
        return Ok(Secret::from(line.trim_end_matches(['\r', '\n'])));
    }
    around.terminal.tell("Password: ");
    let first = Secret::from(rpassword::read_password().map_err(unread)?);
    around.terminal.tell("Once more: ");
    if !first.matches(&rpassword::read_password().map_err(unread)?) {
        return Err(Fault::new("the two are not the same").remedy("try again").into());
    }
    Ok(first)
}

fn confirm(around: &Surroundings<'_>, question: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Fault::new("nothing was deleted: nobody is there to ask")
            .remedy("say it with --yes")
            .into());
    }
    around.terminal.tell(question);
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|error| Fault::new(error.to_string()))?;
    if answer.trim() == "yes" { Ok(()) } else { Err(Fault::new("nothing was deleted").into()) }
}

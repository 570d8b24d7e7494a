//! A sign-in that waits for its second factor: it is no session, and says nothing to anybody (lessons 53, 63).
//!
//! What its session would say lies sealed in a ticket. The ticket's secret is a cookie of this browser alone, and good
//! for nothing but showing the second factor.

use keyward_jose::digest::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::{
    action::{FactorOutcome, Outcome},
    claims::Claims,
    deployment::Deployment,
    dialect::own_cookies::{OwnChange, OwnCookie},
    error::{Code, Refusal},
    event::{About, Channel, NewEvent},
    exchange::Exchange,
    policy::redirect::Landing,
    port::{EntryId, NewEntry, NewSession, Vaulted},
    sealer::Sealed,
    secret::Secret,
    ticket::{Purpose, Ticket, TicketKey, first_half, half_finished_by},
    time::Timestamp,
    user::{AccountKey, UserId},
};

/// Half of a sign-in.
pub(in crate::flow) struct Half<'a> {
    /// Who they are, by one factor.
    pub(in crate::flow) user: UserId,
    /// What their session would say.
    pub(in crate::flow) claims: &'a Claims,
    /// What the ledger would keep.
    pub(in crate::flow) record: &'a NewSession,
    /// What would be told.
    pub(in crate::flow) events: &'a [NewEvent],
    /// Where they would land.
    pub(in crate::flow) landing: &'a Landing,
}

/// What lies sealed in the ticket.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    user: String,
    pub(super) claims: Claims,
    via: Option<(String, String)>,
    began: Began,
    pub(super) landing: String,
    /// Tokens of others, sealed by the vault.
    vault: Option<KeptEntry>,
    /// Ids and bodies.
    events: Vec<(String, String)>,
}

/// Who began it, and alone completes it (lesson 24).
#[derive(PartialEq, Eq, Serialize, Deserialize)]
enum Began {
    Browser,
    /// By its client, if it has one.
    Program(Option<String>),
}

/// An entry of the vault that is about to be, or to move.
#[derive(Serialize, Deserialize)]
enum KeptEntry {
    New { id: String, provider: String, sealed: Vec<u8>, due: Option<i64>, expires: Option<i64> },
    Moved(String),
}

/// A sign-in that waits.
pub(super) struct Waiting {
    pub(super) key: TicketKey,
    pub(super) kept: Kept,
}

/// Bytes of the ticket's secret.
const SECRET: usize = 32;

/// Asks for the second factor: no session, but a ticket.
pub(in crate::flow) async fn ask(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    half: Half<'_>,
) -> Result<Outcome, Refusal> {
    let mut bytes = [0; SECRET];
    deployment.random().fill(&mut bytes);
    let secret = hex::encode(bytes);
    let key = key(&half_finished_by(&half.user.0), &secret);
    let first = first_half(&half.user.0, &half.record.id.0, exchange.now);
    let told = half.events.iter().filter(|event| event.channel == Channel::Outbox && event.about.fits(false));
    let kept = Kept {
        user: half.user.0,
        claims: half.claims.clone(),
        via: half.record.via.as_ref().map(|key| (key.source.clone(), key.id.clone())),
        began: Began::by(exchange),
        landing: half.landing.as_str().to_owned(),
        vault: half.record.vault.as_ref().map(KeptEntry::of),
        events: told.map(|event| (event.id.clone(), event.body.clone())).collect(),
    };
    let text = serde_json::to_string(&kept).expect("texts and claims are JSON");
    let data = deployment.sealer().seal(Sealed::Pending, &key.hash, &text, None, deployment.random());
    let data = data.ok_or_else(|| Refusal::new(Code::SessionTooLarge))?;
    let lives = std::time::Duration::from_secs(OwnCookie::Pending.max_age().into());
    let ticket = Ticket { key, data, created: exchange.now, expires: exchange.now.plus(lives) };
    let store = deployment.store();
    store.issue_ticket(&ticket).await?;
    // Only then: what ends all of theirs from here on ends the ticket, too.
    if store.consume_ticket(&first.key, exchange.now).await?.is_none() {
        return Err(Refusal::new(Code::SecondFactorExpired).because("all of theirs was ended meanwhile"));
    }
    let pending = format!("{}.{secret}", ticket.key.subject);
    if exchange.program.is_none() {
        exchange.changes.own.push(OwnChange { cookie: OwnCookie::Pending, value: Some(pending.clone()) });
    }
    Ok(Outcome::Factor(FactorOutcome::Required { pending: Secret::from(pending) }))
}

/// The sign-in that waits in this browser, or that a program names. Uses nothing up.
pub(super) async fn waiting(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    named: Option<&str>,
) -> Result<Option<Waiting>, Refusal> {
    let request = exchange.request;
    let sent = named.or_else(|| OwnCookie::Pending.read(&request.cookies, request.public.is_secure()));
    let Some((of, secret)) = sent.and_then(|sent| sent.split_once('.')) else { return Ok(None) };
    let key = key(of, secret);
    let Some(ticket) = deployment.store().ticket(&key, exchange.now).await? else { return Ok(None) };
    let text = deployment.sealer().open(Sealed::Pending, &key.hash, &ticket.data, exchange.now);
    let kept: Option<Kept> = text.and_then(|text| serde_json::from_str(text.expose()).ok());
    Ok(kept.filter(|kept| kept.began == Began::by(exchange)).map(|kept| Waiting { key, kept }))
}

/// It is over, whatever came of it.
pub(super) fn forget(exchange: &mut Exchange<'_>) {
    exchange.changes.own.push(OwnChange { cookie: OwnCookie::Pending, value: None });
}

impl Kept {
    pub(super) fn user(&self) -> UserId {
        UserId(self.user.clone())
    }

    pub(super) fn via(&self) -> Option<AccountKey> {
        self.via.clone().map(|(source, id)| AccountKey { source, id })
    }

    pub(super) fn vault(&self) -> Option<Vaulted> {
        self.vault.as_ref().map(KeptEntry::vaulted)
    }

    /// What is told now that they are in.
    pub(super) fn events(&self, exchange: &Exchange<'_>) -> Vec<NewEvent> {
        let event = |(id, body): &(String, String)| NewEvent {
            id: id.clone(),
            about: About::Anybody,
            body: body.clone(),
            written: exchange.now,
            channel: Channel::Outbox,
        };
        self.events.iter().map(event).collect()
    }
}

impl Began {
    fn by(exchange: &Exchange<'_>) -> Self {
        let program = exchange.program.as_ref();
        program.map_or(Self::Browser, |program| Self::Program(program.client.clone()))
    }
}

impl KeptEntry {
    fn of(vaulted: &Vaulted) -> Self {
        match vaulted {
            Vaulted::New(entry) => Self::New {
                id: entry.id.0.clone(),
                provider: entry.provider.clone(),
                sealed: entry.sealed.clone(),
                due: entry.due.map(Timestamp::millis),
                expires: entry.expires.map(Timestamp::millis),
            },
            Vaulted::Moved(id) => Self::Moved(id.0.clone()),
        }
    }

    fn vaulted(&self) -> Vaulted {
        match self {
            Self::New { id, provider, sealed, due, expires } => Vaulted::New(NewEntry {
                id: EntryId(id.clone()),
                provider: provider.clone(),
                sealed: sealed.clone(),
                due: due.map(Timestamp::from_millis),
                expires: expires.map(Timestamp::from_millis),
            }),
            Self::Moved(id) => Vaulted::Moved(EntryId(id.clone())),
        }
    }
}

fn key(of: &str, secret: &str) -> TicketKey {
    let hash = sha256_hex(&[b"second factor ", secret.as_bytes()]);
    TicketKey { purpose: Purpose::SECOND_FACTOR, subject: of.to_owned(), hash }
}

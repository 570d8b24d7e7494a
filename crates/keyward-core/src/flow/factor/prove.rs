//! Holding what somebody shows against what is kept of them.

use serde::{Deserialize, Serialize};

use super::{super::audit, pending};
use crate::{
    action::FactorAnswer as Answer,
    audit::AuditKind,
    deployment::Deployment,
    dialect::own_cookies::{OwnChange, OwnCookie},
    error::{Code, Refusal},
    exchange::Exchange,
    method::{
        passkey::{self, Ceremony, Passkey, RelyingParty, draw_challenge},
        recovery_codes,
        totp::TotpSecret,
    },
    policy::assurance::{MOST_TRIES, Way},
    port::{CodeKind, Shown, Tried},
    sealer::Sealed,
    secret::Secret,
    ticket::{Once, Purpose, Ticket, TicketKey},
    user::UserId,
};

/// What was shown and looks good, and the try that it was.
pub(super) struct Proven {
    pub(super) shown: Shown,
    pub(super) way: Way,
    number: u32,
}

/// Holds an answer against what is kept of `user`. The admission that it is part of has the last word.
pub(super) async fn factor(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    user: &UserId,
    ticket: Option<&TicketKey>,
    answer: &Answer,
) -> Result<Proven, Refusal> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    match (given(&answer.passkey), given(&answer.code)) {
        (Some(passkey), None) => {
            let (shown, _) = by_passkey(deployment, exchange, Some(user), &passkey).await?;
            Ok(Proven { shown, way: Way::Passkey, number: 0 })
        }
        (None, Some(code)) => by_code(deployment, exchange, user, ticket, &code).await,
        (None, None) => Err(Refusal::new(Code::MissingField).because("no code was submitted")),
        // One step is one answer (lesson 64).
        (Some(_), Some(_)) => Err(Refusal::new(Code::WrongCode).because("two answers at once")),
    }
}

async fn by_code(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    user: &UserId,
    ticket: Option<&TicketKey>,
    code: &str,
) -> Result<Proven, Refusal> {
    let is_app = code.chars().all(|c| c.is_ascii_digit() || c.is_whitespace());
    let kind = if is_app { CodeKind::App } else { CodeKind::Recovery };
    let store = deployment.store();
    let number = match store.try_code(user, ticket, kind, exchange.now).await? {
        Tried::Go(number) => number,
        Tried::Held(until) => {
            let wait = u64::try_from(until.millis() - exchange.now.millis()).unwrap_or(0);
            let wait = std::time::Duration::from_millis(wait);
            return Err(Refusal::new(Code::RateLimited).because("too many wrong codes").retry_after(wait));
        }
        Tried::Ended => {
            pending::forget(exchange);
            return Err(expired());
        }
    };
    if kind == CodeKind::Recovery {
        let Some(hash) = recovery_codes::hash_of(user, code) else {
            return Err(wrong(deployment, exchange, user, ticket, number).await);
        };
        return Ok(Proven { shown: Shown::RecoveryCode { hash }, way: Way::RecoveryCode, number });
    }
    let Some(app) = store.factors(user).await?.app else {
        return Err(wrong(deployment, exchange, user, ticket, number).await);
    };
    let sealed = String::from_utf8(app.secret).ok();
    let opened =
        sealed.and_then(|sealed| deployment.sealer().open(Sealed::App, &user.0, &sealed, exchange.now));
    let secret = opened.and_then(|text| TotpSecret::read(text.expose())).ok_or_else(|| {
        Refusal::new(Code::Configuration)
            .because("the key that sealed the authenticator app's secret is gone")
    })?;
    match secret.step_of(code, exchange.now, app.step) {
        Some(step) => Ok(Proven { shown: Shown::AppCode { step }, way: Way::AppCode, number }),
        None => Err(wrong(deployment, exchange, user, ticket, number).await),
    }
}

/// A wrong code. After the last try the half-finished sign-in is over.
async fn wrong(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    user: &UserId,
    ticket: Option<&TicketKey>,
    number: u32,
) -> Refusal {
    audit::refused(deployment, audit::entry(exchange, AuditKind::FactorRefused).of(user)).await;
    if let Some(ticket) = ticket.filter(|_| number >= MOST_TRIES) {
        // The next try would find it over, too.
        if let Err(error) = deployment.store().consume_ticket(ticket, exchange.now).await {
            tracing::warn!(%error, "a sign-in that had all its tries could not be ended; it has no more");
        }
        pending::forget(exchange);
        return expired().because("too many wrong codes");
    }
    Refusal::new(Code::WrongCode)
}

impl Proven {
    /// The admission says that it was used meanwhile, or never was one.
    pub(super) async fn was_wrong(
        &self,
        deployment: &Deployment,
        exchange: &mut Exchange<'_>,
        user: &UserId,
        ticket: Option<&TicketKey>,
    ) -> Refusal {
        match self.way {
            Way::Passkey => refused("the passkey was used meanwhile, or its challenge was answered before"),
            _ => wrong(deployment, exchange, user, ticket, self.number).await,
        }
    }
}

pub(super) fn expired() -> Refusal {
    Refusal::new(Code::SecondFactorExpired)
}

pub(super) fn refused(why: &str) -> Refusal {
    Refusal::new(Code::PasskeyRefused).because(why)
}

/// Whom passkeys are for, as this browser sees it.
pub(super) fn party(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<RelyingParty, Refusal> {
    let settings = deployment.settings().passkeys.as_ref();
    let settings = settings.ok_or_else(|| refused("there are no passkeys here"))?;
    Ok(settings.party(&exchange.request.public))
}

/// What a browser was asked.
#[derive(Serialize, Deserialize)]
pub(super) struct Challenge {
    challenge: String,
    /// True for a new passkey.
    register: bool,
    /// Who adds a passkey, or will be made.
    pub(super) user: Option<String>,
    /// The address of who will be made.
    pub(super) email: Option<String>,
}

/// A new challenge; the browser keeps it.
pub(super) fn challenge(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    ceremony: Ceremony,
    user: Option<String>,
    email: Option<String>,
) -> Result<String, Refusal> {
    let challenge = draw_challenge(deployment.random());
    let asked =
        Challenge { challenge: challenge.clone(), register: ceremony == Ceremony::Register, user, email };
    let text = serde_json::to_string(&asked).expect("texts alone are JSON");
    let until = exchange.now.plus(std::time::Duration::from_secs(OwnCookie::Challenge.max_age().into()));
    let sealed = deployment.sealer().seal(Sealed::Challenge, "", &text, Some(until), deployment.random());
    let sealed =
        sealed.ok_or_else(|| Refusal::new(Code::Configuration).because("a challenge cannot be sealed"))?;
    exchange.changes.own.push(OwnChange { cookie: OwnCookie::Challenge, value: Some(sealed) });
    Ok(challenge)
}

/// What this browser was asked, and the ticket that says that it answered. It is taken from the browser.
fn asked(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    ceremony: Ceremony,
) -> Result<(Challenge, Ticket), Refusal> {
    let request = exchange.request;
    let sealed = OwnCookie::Challenge.read(&request.cookies, request.public.is_secure());
    let sealed = sealed.ok_or_else(|| refused("this browser was asked nothing, or too long ago"))?;
    exchange.changes.own.push(OwnChange { cookie: OwnCookie::Challenge, value: None });
    let text = deployment.sealer().open(Sealed::Challenge, "", sealed, exchange.now);
    let asked: Option<Challenge> = text.and_then(|text| serde_json::from_str(text.expose()).ok());
    let asked = asked.filter(|asked| asked.register == (ceremony == Ceremony::Register));
    let asked = asked.ok_or_else(|| refused("this browser was asked something else, or too long ago"))?;
    let lives = std::time::Duration::from_secs(OwnCookie::Challenge.max_age().into());
    let once = Once { what: Secret::from(asked.challenge.as_str()), until: exchange.now.plus(lives) };
    Ok((asked, once.used(Purpose::SPENT_CHALLENGE, "", exchange.now)))
}

/// Who shows a passkey, and what of it is used up. With `user`, nobody else.
pub(super) async fn by_passkey(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    user: Option<&UserId>,
    answer: &str,
) -> Result<(Shown, Passkey), Refusal> {
    let party = party(deployment, exchange)?;
    let (asked, spent) = asked(deployment, exchange, Ceremony::Authenticate)?;
    let id = passkey::claimed(answer).map_err(refused)?;
    let known = deployment.store().passkey(&id).await?;
    let known = known.filter(|known| user.is_none_or(|user| known.user == *user));
    let known = known.ok_or_else(|| refused("nobody here has this passkey"))?;
    let (counter, backed_up) =
        passkey::authenticate(answer, &party, &asked.challenge, &known).map_err(refused)?;
    let shown = Shown::Passkey { id, counter: (known.counter, counter), backed_up, spent };
    Ok((shown, known))
}

/// The passkey that a browser made, of whom and by what it was asked for.
pub(super) fn new_passkey(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    answer: &str,
) -> Result<(Passkey, Challenge, Ticket), Refusal> {
    let party = party(deployment, exchange)?;
    let (asked, spent) = asked(deployment, exchange, Ceremony::Register)?;
    let user = UserId(asked.user.clone().ok_or_else(|| refused("nobody asked for a passkey"))?);
    let made = passkey::register(answer, &party, &asked.challenge, &user, exchange.now).map_err(refused)?;
    Ok((made, asked, spent))
}

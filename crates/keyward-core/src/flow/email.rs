//! Signing in by a link in a mail (C1; protocol notes §6).

use std::time::Duration;

use serde_json::{Map, json};

use super::{
    audit,
    events::{self, Telling},
    factor::{self, Half},
    guessing, recovery,
    rules::{self, Passed},
};
use crate::{
    action::Outcome,
    claims::Claims,
    deployment::Deployment,
    dialect::asker::Asker,
    error::{Code, Refusal},
    exchange::Exchange,
    mail::{Letter, LinkLetter, Mail, MailFault},
    method::email::{Asked, EmailProvider, draw_token, stored_form},
    policy::{
        assurance::{self, Way},
        email,
        redirect::Landing,
    },
    port::{Admitted, uuid},
    rules::{Candidate, Trigger},
    secret::Secret,
    session::{self, remembered_until},
    surface::link,
    ticket::{Purpose, Ticket, TicketKey},
    user::{Address, Admission, Profile, User, UserId},
};

/// Sends a link to the submitted address. The answer is the same whoever has the address.
///
/// The steps: address, limits, the deployment's rules, ticket, mail.
pub async fn request(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: String,
    submitted: Option<&str>,
) -> Outcome {
    match send(deployment, exchange, &provider, submitted).await {
        Ok(None) => Outcome::LinkSent { provider },
        Ok(Some(elsewhere)) => Outcome::Land(elsewhere),
        Err(refusal) => Outcome::EmailRefused(refusal),
    }
}

/// Signs in who followed a link.
///
/// The steps: ticket, perhaps the page with a button, the deployment's rules, admission (which uses the ticket up),
/// session cookie, landing.
pub async fn follow(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &str,
    link: Link,
) -> Outcome {
    match redeem(deployment, exchange, provider, link).await {
        Ok(outcome) => outcome,
        Err(refusal) => {
            if let Some(entry) = audit::of_refusal(exchange, &refusal, provider) {
                audit::refused(deployment, entry).await;
            }
            Outcome::EmailRefused(refusal)
        }
    }
}

/// What a link brings back from a mailbox.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its token.
    pub token: Option<String>,
    /// The address that it was sent to.
    pub email: Option<String>,
    /// True if it came by the form behind it: somebody pressed the button.
    pub by_form: bool,
}

async fn send(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &str,
    submitted: Option<&str>,
) -> Result<Option<Landing>, Refusal> {
    let provider = find(deployment, provider)?;
    let address = submitted.and_then(email::normalise).ok_or_else(|| Refusal::new(Code::InvalidEmail))?;
    guessing::draw_on_mail(deployment, exchange, &address).await?;
    let known = deployment.store().user_by_email(&address).await?;
    let mut asking =
        Candidate { verification_request: true, ..candidate(provider, known.as_ref(), &address) };
    if let Passed::Elsewhere(landing) = rules::pass(deployment, exchange, &mut asking).await? {
        return Ok(Some(landing));
    }
    let has_account = provider.sign_up || known.is_some();
    // A link for nobody is issued like any other, so that neither answer nor time tells who has an account.
    let token = issue(deployment, exchange, provider, &address).await?;
    let public = &exchange.request.public;
    let dialect = deployment.settings().dialect;
    let url = link::write(dialect, public, &provider.id, &exchange.landing, &token, &address);
    let Letter { subject, text, html } = provider.letters.link(&LinkLetter {
        email: &address,
        host: public.host(),
        url: has_account.then_some(&url),
        lifetime: provider.max_age,
    });
    provider.mailer.send(Mail { to: address, subject, text, html }).await?;
    Ok(None)
}

fn find<'d>(deployment: &'d Deployment, id: &str) -> Result<&'d EmailProvider, Refusal> {
    let provider = deployment.settings().email(id);
    provider.ok_or_else(|| Refusal::new(Code::Configuration).because("the provider is gone"))
}

/// Keeps a new ticket and hands out its token. Earlier ones stay good: mails overtake each other.
async fn issue(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &EmailProvider,
    address: &str,
) -> Result<Secret, Refusal> {
    let mut asked = Asked { provider: Some(provider.id.clone()), browser: None };
    if provider.confirm_page {
        let request = exchange.request;
        let asker = Asker::of(&request.cookies, request.public.is_secure(), deployment.random());
        asked.browser = Some(asker.hash());
        exchange.changes.asker = Some((asker, seconds(provider.max_age)));
    }
    let token = draw_token(deployment.random());
    let ticket = Ticket {
        key: key(deployment, &token, address),
        data: serde_json::to_string(&asked).expect("texts alone are JSON"),
        created: exchange.now,
        expires: exchange.now.plus(provider.max_age),
    };
    deployment.store().issue_ticket(&ticket).await?;
    Ok(token)
}

fn key(deployment: &Deployment, token: &Secret, address: &str) -> TicketKey {
    let hash = stored_form(token.expose(), &deployment.settings().secrets);
    TicketKey { purpose: Purpose::EMAIL_LINK, subject: address.to_owned(), hash }
}

fn seconds(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
}

async fn redeem(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &str,
    link: Link,
) -> Result<Outcome, Refusal> {
    let provider = find(deployment, provider)?;
    let token = link.token.filter(|token| !token.is_empty()).map(Secret::from);
    let token = token.ok_or_else(|| Refusal::new(Code::LinkIncomplete))?;
    let address = link.email.unwrap_or_default();
    let key = key(deployment, &token, &address);
    let ticket = deployment.store().ticket(&key, exchange.now).await?.ok_or_else(no_such_link)?;
    // A ticket that NextAuth issued says nothing of all this.
    let asked: Asked = serde_json::from_str(&ticket.data).unwrap_or_default();
    // Each provider of links has rules of its own, and a page with a button or none.
    if asked.provider.is_some_and(|sent_by| sent_by != provider.id) {
        return Err(no_such_link());
    }
    let pressed = link.by_form && exchange.csrf.verified;
    let is_asker = || asked.browser.is_some_and(|kept| is_asker(exchange, &kept));
    if !pressed && (link.by_form || provider.confirm_page && !is_asker()) {
        let token = token.expose().to_owned();
        return Ok(Outcome::ConfirmLink { provider: provider.id.clone(), token, email: address });
    }
    admit(deployment, exchange, provider, ticket.key).await
}

fn no_such_link() -> Refusal {
    Refusal::new(Code::LinkNotValid).because("the link was used, has expired, or never was one")
}

fn is_asker(exchange: &Exchange<'_>, kept: &str) -> bool {
    let request = exchange.request;
    Asker::is(&request.cookies, request.public.is_secure(), kept)
}

/// How often who has the address is read again where it changes while they are admitted.
const TRIES: usize = 3;

async fn admit(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &EmailProvider,
    ticket: TicketKey,
) -> Result<Outcome, Refusal> {
    let until = remembered_until(exchange.now, deployment.settings().session.max_age);
    for _ in 0..TRIES {
        let known = deployment.store().user_by_email(&ticket.subject).await?;
        if known.is_none() && !provider.sign_up {
            return Err(Refusal::new(Code::AccessDenied).because("nobody has the address, and none is made"));
        }
        let is_new = known.is_none();
        let mut candidate = candidate(provider, known.as_ref(), &ticket.subject);
        candidate.address = Some(Address { address: ticket.subject.clone(), verified: true });
        let added = match rules::pass(deployment, exchange, &mut candidate).await? {
            Passed::In(added) => added,
            Passed::Elsewhere(landing) => return Ok(Outcome::Land(landing)),
        };
        let user = known.unwrap_or_else(|| newcomer(deployment, &ticket.subject));
        let was_proven = user.email_verified.is_some();
        let user = if was_proven { user } else { user.anew() };
        let mut claims = Claims::of(&profile_of(&user), user.subject(), Map::new());
        let mut keep = Map::new();
        rules::merge(added, &mut Profile::default(), &mut keep);
        claims.keep(keep);
        assurance::first(&mut claims, Way::Link);
        let trigger = if is_new { Trigger::SignUp } else { Trigger::SignIn };
        rules::complete(deployment, exchange, &mut claims, trigger, Some(&candidate), None).await?;
        let landing = rules::landing(deployment, exchange).await?;
        let mut opening = session::Opening::prepare(deployment, exchange, claims);
        let record = opening.record.clone();
        // Before anything is written: what does not fit into a cookie uses no link up.
        let cookie = opening.cookie(deployment, exchange)?;
        let mut telling = Telling::of(deployment, exchange, &candidate, || events::of_user(&user));
        telling.created(true);
        if !was_proven {
            telling.proven();
        }
        telling.signed_in();
        let mut events = telling.done();
        if !is_new && !was_proven {
            events.extend(recovery::ended_by_first_proof(deployment, exchange, &ticket.subject).await?);
        }
        let who = Admission::EmailLink { ticket: ticket.clone(), user: user.id, is_new, until };
        let own = match deployment.store().admit(&who, Some(&record), exchange.now, &events).await? {
            Admitted::As { claims, .. } => claims,
            Admitted::Disabled => return Err(Refusal::new(Code::AccountDisabled)),
            Admitted::NeedsFactor { user } => {
                let (claims, record) = (opening.claims(), &opening.record);
                let half = Half { user, claims, record, events: &events, landing: &landing };
                return factor::ask(deployment, exchange, half).await;
            }
            Admitted::Gone => return Err(no_such_link()),
            Admitted::Changed | Admitted::EmailTaken => continue,
        };
        events::are_written(deployment, &events);
        if !is_new && !was_proven {
            // The first proof ended what was set up without one (lesson 43): here too, and not a second later.
            recovery::are_written(deployment);
            session::follow_changes(deployment, exchange).await;
        }
        exchange.changes.session = opening.opened(deployment, exchange, cookie, &own).await?;
        if deployment.settings().ways_in().password {
            // Who reads the address's mail may try its password whatever strangers do.
            guessing::remember_device(deployment, exchange, &ticket.subject);
        }
        return Ok(if is_new { Outcome::Welcome(landing) } else { Outcome::Land(landing) });
    }
    Err(Refusal::new(Code::StoreUnavailable)
        .because("the user kept changing")
        .retry_after(Duration::from_secs(1)))
}

/// The person as the rules see them; they have proven nothing yet.
fn candidate(provider: &EmailProvider, known: Option<&User>, address: &str) -> Candidate {
    let id = known.map_or(address, |user| &user.id.0);
    let mut user = Map::from_iter([("id".to_owned(), json!(id)), ("email".to_owned(), json!(address))]);
    if let Some(known) = known {
        user.insert("name".to_owned(), json!(known.name));
        user.insert("image".to_owned(), json!(known.image));
    }
    let mut account = rules::account(&provider.id, "email", address);
    account.insert("userId".to_owned(), json!(id));
    let address = Address { address: address.to_owned(), verified: false };
    Candidate { user, account, address: Some(address), ..Candidate::default() }
}

/// Somebody who comes for the first time; the store gives them the address of the ticket.
fn newcomer(deployment: &Deployment, address: &str) -> User {
    let id = UserId(uuid(deployment.random()));
    User { email: Some(address.to_owned()), ..User::new(id) }
}

/// What the directory does not know is null in the session, as with the original's adapters.
fn profile_of(user: &User) -> Profile {
    Profile {
        name: Some(user.name.clone()),
        email: Some(user.email.clone()),
        image: Some(user.image.clone()),
    }
}

impl From<MailFault> for Refusal {
    fn from(fault: MailFault) -> Self {
        Self::new(Code::MailNotSent).because(fault.to_string())
    }
}

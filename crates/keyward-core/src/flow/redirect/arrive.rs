//! And back: an attempt ends.

use serde_json::{Map, Value, json};

use super::{
    super::{
        audit,
        events::{self, Telling},
        factor::{self, Half},
        recovery,
        rules::{self, Passed},
    },
    SignedIn, attempt, configured, owner_of, parked, signed_in,
};
use crate::{
    action::{Leg, Outcome},
    claims::Claims,
    deployment::Deployment,
    error::{Code, Refusal},
    event::{About, NewEvent},
    exchange::Exchange,
    method::redirect::{Arrived, Attempt, Purpose},
    policy::{
        assurance::{self, Way},
        email,
        linking::{self, Link},
        recent::AUTH_TIME,
        redirect,
    },
    port::{Admitted, Ending, SessionId, Vaulted, uuid},
    request::{Method, Pairs},
    rules::{Candidate, Trigger},
    secret::Secret,
    session::{self, Opening, foreign},
    settings::RedirectProvider,
    ticket::{Purpose as Spent, Ticket},
    time::Timestamp,
    user::{AccountKey, Address, Admission, Ground, NewUser, Place, Profile, User, UserId, Vouched},
    vault::ForeignTokens,
};

/// How often a decision is made anew because what it stood on changed meanwhile.
const TRIES: usize = 4;

/// The steps: attempt, provider, who is signed in, landing, the deployment's rules, and then admission.
pub async fn arrive(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: String,
    response: Pairs,
) -> Outcome {
    match complete(deployment, exchange, &provider, &response).await {
        Ok(outcome) => outcome,
        Err(refusal) => {
            if let Some(entry) = audit::of_refusal(exchange, &refusal, &provider) {
                audit::refused(deployment, entry).await;
            }
            Outcome::RedirectRefused { refusal, leg: Leg::Home }
        }
    }
}

async fn complete(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &str,
    response: &Pairs,
) -> Result<Outcome, Refusal> {
    let provider = configured(deployment, provider)?;
    leave_unsent_cookies_alone(exchange);
    let (attempt, spent) = attempt::take(deployment, exchange, provider, response).await?;
    let mut unspent = Some(spent);
    let outcome = follow(deployment, exchange, provider, attempt, response, &mut unspent).await;
    match unspent {
        None => outcome,
        Some(spent) => {
            let used = attempt::use_up(deployment, &spent).await;
            outcome.and_then(|outcome| used.map(|()| outcome))
        }
    }
}

async fn follow(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &RedirectProvider,
    attempt: Box<dyn Attempt + '_>,
    response: &Pairs,
    unspent: &mut Option<Ticket>,
) -> Result<Outcome, Refusal> {
    let arrived = attempt.arrive(response).await?;
    let current = current(deployment, exchange, &arrived.purpose, response).await?;
    land_where_it_began(deployment, exchange, arrived.landing.as_deref());
    come_in(deployment, exchange, provider, arrived, current, unspent).await
}

/// For somebody whom a provider's word names without an attempt of ours.
pub(in crate::flow) async fn enter(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &RedirectProvider,
    arrived: Arrived,
) -> Result<Outcome, Refusal> {
    // Where it lets nobody in it may come again.
    let once = arrived.once.as_ref();
    let mut unspent = once.map(|once| once.used(Spent::SPENT_ID_TOKEN, &provider.id, exchange.now));
    come_in(deployment, exchange, provider, arrived, None, &mut unspent).await
}

/// The deployment's rules, then admission. Whoever is let in uses up what is `unspent`.
async fn come_in(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &RedirectProvider,
    arrived: Arrived,
    current: Option<Current>,
    unspent: &mut Option<Ticket>,
) -> Result<Outcome, Refusal> {
    let mut candidate = candidate(&arrived);
    let added = match rules::pass(deployment, exchange, &mut candidate).await? {
        Passed::In(added) => added,
        Passed::Elsewhere(landing) => return Ok(Outcome::Land(landing)),
    };
    let who = Person::of(provider, arrived, candidate, added);
    admit(deployment, exchange, provider, who, current, unspent).await
}

/// With a form post from another site the browser sends no cookie but the attempt's. What did not come is not missing.
fn leave_unsent_cookies_alone(exchange: &mut Exchange<'_>) {
    if exchange.request.method == Method::Post {
        exchange.changes.csrf = None;
        exchange.changes.callback_url = None;
        exchange.changes.unsent = true;
    }
}

/// The person to whom the account is to be added: who asked for it, if they are still signed in (lesson 44). An attempt
/// that was begun to sign in adds nothing to anybody.
async fn current(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    purpose: &Purpose,
    response: &Pairs,
) -> Result<Option<Current>, Refusal> {
    let Purpose::Link { user, session } = purpose else { return Ok(None) };
    let asked = UserId(user.clone());
    let found = match signed_in(deployment, exchange).await? {
        Some(SignedIn { user, session, via, claims }) => {
            Some(Current { user, session, via, claims: Some(claims) })
        }
        None if exchange.request.method == Method::Post => {
            let session = SessionId(session.clone());
            match owner_of(deployment, exchange, &session).await? {
                Some((user, via)) => {
                    let state = response.get("state").unwrap_or_default();
                    let claims = parked::take(deployment, exchange, &session, state).await?;
                    Some(Current { user, session, via, claims })
                }
                None => None,
            }
        }
        None => None,
    };
    let found = found.filter(|found| found.user == asked);
    Ok(Some(found.ok_or_else(|| {
        Refusal::new(Code::ProviderSession).because("who wanted to add the account is no longer signed in")
    })?))
}

/// Who is signed in and adds an account.
struct Current {
    user: UserId,
    session: SessionId,
    /// The account by which they came.
    via: Option<AccountKey>,
    /// What their session says.
    claims: Option<Claims>,
}

/// Two tabs may have begun for two places; the attempt knows which is this one's.
fn land_where_it_began(deployment: &Deployment, exchange: &mut Exchange<'_>, landing: Option<&str>) {
    let allowed = &deployment.settings().allowed_origins;
    let landing =
        landing.map(|landing| redirect::landing(&exchange.request.public, allowed, Some(landing), None));
    if let Some(Ok(landing)) = landing {
        exchange.landing = landing;
    }
}

/// The person as the rules see them: as the provider describes them, by the provider's own id.
fn candidate(arrived: &Arrived) -> Candidate {
    let Profile { name, email, image } = arrived.profile.clone();
    let members =
        [("id", Some(Some(arrived.id.clone()))), ("name", name), ("email", email), ("image", image)];
    let said = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    Candidate {
        user: said.collect(),
        account: arrived.account.clone(),
        profile: Some(arrived.raw.clone()),
        credentials: None,
        verification_request: false,
        address: address_of(arrived),
    }
}

/// What the provider verified is the address as it writes it. One that only our normal form makes of it (a ligature
/// taken apart, say) may be another mailbox, and somebody else's (lesson 73).
fn address_of(arrived: &Arrived) -> Option<Address> {
    let written = arrived.profile.email.as_ref()?.as_deref()?;
    let address = email::normalise(written)?;
    let verified = arrived.email_verified && written.trim().to_ascii_lowercase() == address;
    Some(Address { address, verified })
}

/// Somebody for whom the provider vouches, as the directory takes them in.
struct Person {
    vouched: Vouched,
    /// What the provider handed out; sealed into `vouched` when it is known whose it is.
    account: Map<String, Value>,
    /// What the token keeps of them.
    keep: Map<String, Value>,
    candidate: Candidate,
}

impl Person {
    /// With what the rules added. Theirs is a name to show, not an address to be known by: that is the provider's.
    fn of(
        provider: &RedirectProvider,
        mut arrived: Arrived,
        candidate: Candidate,
        added: Map<String, Value>,
    ) -> Self {
        let key = AccountKey { source: provider.id.clone(), id: arrived.id.clone() };
        let email = address_of(&arrived);
        let mut keep = kept(provider, &arrived);
        rules::merge(added, &mut arrived.profile, &mut keep);
        Self {
            keep,
            candidate,
            account: arrived.account,
            vouched: Vouched {
                key,
                kind: provider.kind.as_str().to_owned(),
                profile: arrived.profile,
                email,
                tokens: None,
                spent: None,
            },
        }
    }

    /// Seals the tokens for the account. Providers hand out the refresh token at the first consent alone: the one that
    /// is kept stays where no other came.
    fn seal_tokens(&mut self, deployment: &Deployment, kept: Option<&[u8]>) {
        let Self { vouched, account, .. } = self;
        if !account.contains_key("refresh_token")
            && let Some(sealed) = kept
            && let Some(kept) = deployment.vault().open(&vouched.key, sealed)
            && let Some(refresh_token) = kept.get("refresh_token")
        {
            account.insert("refresh_token".to_owned(), refresh_token.clone());
        }
        vouched.tokens = deployment.vault().seal(&vouched.key, account, deployment.random());
        if vouched.tokens.is_none() {
            tracing::warn!(provider = vouched.key.source, "the provider's tokens are too long to be kept");
        }
    }

    fn as_new_user(&self, id: UserId) -> NewUser {
        let Profile { name, image, .. } = self.vouched.profile.clone();
        let email = self.vouched.email.as_ref();
        NewUser {
            id,
            email: email.map(|email| email.address.clone()),
            email_verified: email.is_some_and(|email| email.verified),
            name: name.flatten(),
            image: image.flatten(),
        }
    }
}

/// What the deployment wants to keep of account and profile.
fn kept(provider: &RedirectProvider, arrived: &Arrived) -> Map<String, Value> {
    let account = Value::Object(arrived.account.clone());
    let find = |path: &[String]| {
        let (root, steps) = path.split_first()?;
        let root = match root.as_str() {
            "account" => &account,
            "profile" => &arrived.raw,
            _ => return None,
        };
        steps.iter().try_fold(root, |value, step| value.get(step)).cloned()
    };
    provider.keep.iter().filter_map(|(field, path)| Some((field.clone(), find(path)?))).collect()
}

/// The steps: where they stand, whose they are, session, admission; then the session from before ends.
async fn admit(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &RedirectProvider,
    mut who: Person,
    current: Option<Current>,
    unspent: &mut Option<Ticket>,
) -> Result<Outcome, Refusal> {
    who.vouched.spent.clone_from(unspent);
    let until = session::remembered_until(exchange.now, deployment.settings().session.max_age);
    for _ in 0..TRIES {
        let address = who.vouched.email.as_ref();
        let email = address.map(|email| email.address.as_str());
        let standing = deployment.store().standing(&who.vouched.key, email).await?;
        let link = linking::decide(
            &standing,
            current.as_ref().map(|current| &current.user),
            address,
            provider.allow_dangerous_email_account_linking,
        );
        if let Link::Refuse(known) = link {
            return Ok(Outcome::NotLinked { provider: provider.id.clone(), known });
        }
        let Some((place, user)) = place(deployment, &who, current.as_ref(), link).await? else { continue };
        let tokens = standing.owner.and_then(|owner| owner.tokens);
        who.seal_tokens(deployment, tokens.as_deref());
        let is_new = matches!(place, Place::New(_));
        let first_proof = !is_new && is_first_proof(&user, who.vouched.email.as_ref());
        let user = if first_proof { user.anew() } else { user };
        let telling = Telling::of(deployment, exchange, &who.candidate, || events::of_user(&user));
        let mut events = events_of(telling, &place, first_proof);
        if let Some(Address { address: email, .. }) = who.vouched.email.as_ref().filter(|_| first_proof) {
            events.extend(recovery::ended_by_first_proof(deployment, exchange, email).await?);
        }
        let mut opening =
            open_session(deployment, exchange, &who, &place, user, first_proof, current.as_ref()).await?;
        let record = opening.record.clone();
        let landing = rules::landing(deployment, exchange).await?;
        // Before anything is written: what does not fit into a cookie leaves nothing behind.
        let cookie = opening.cookie(deployment, exchange)?;
        let admission = Admission::Vouched { who: Box::new(who.vouched.clone()), place, until };
        match deployment.store().admit(&admission, Some(&record), exchange.now, &events).await? {
            Admitted::As { is_new, claims, .. } => {
                *unspent = None;
                events::are_written(deployment, &events);
                if first_proof {
                    recovery::are_written(deployment);
                    session::follow_changes(deployment, exchange).await;
                }
                exchange.changes.session = opening.opened(deployment, exchange, cookie, &claims).await?;
                return Ok(if is_new { Outcome::Welcome(landing) } else { Outcome::Land(landing) });
            }
            Admitted::Disabled => return Err(Refusal::new(Code::AccountDisabled)),
            Admitted::NeedsFactor { user } => {
                *unspent = None;
                let (claims, record) = (opening.claims(), &opening.record);
                let half = Half { user, claims, record, events: &events, landing: &landing };
                return factor::ask(deployment, exchange, half).await;
            }
            Admitted::Changed | Admitted::Gone | Admitted::EmailTaken => {
                if let Some(spent) = unspent {
                    attempt::must_be_unused(deployment, spent).await?;
                }
            }
        }
    }
    let again = std::time::Duration::from_secs(1);
    Err(Refusal::new(Code::StoreUnavailable).because("accounts kept changing").retry_after(again))
}

/// Whether the store ends what was set up under this address without a proof (lesson 43).
fn is_first_proof(user: &User, address: Option<&Address>) -> bool {
    let theirs = |address: &&Address| address.verified && user.email.as_ref() == Some(&address.address);
    user.email_verified.is_none() && address.filter(theirs).is_some()
}

/// Where the person belongs, and what the directory holds of them. `None`: that changed meanwhile.
async fn place(
    deployment: &Deployment,
    who: &Person,
    current: Option<&Current>,
    link: Link,
) -> Result<Option<(Place, User)>, Refusal> {
    Ok(Some(match link {
        Link::SignIn(owner) => (Place::Owner(owner.id.clone()), owner),
        Link::LinkByEmail(user) => (Place::Link { user: user.id.clone(), by: Ground::Email }, user),
        Link::LinkToCurrent(id) => match (deployment.store().user(&id).await?, current) {
            (Some(user), Some(current)) => {
                (Place::Link { user: id, by: Ground::Session(current.session.clone()) }, user)
            }
            _ => return Ok(None),
        },
        Link::Create => {
            let new = who.as_new_user(UserId(uuid(deployment.random())));
            let user = User {
                email: new.email.clone(),
                name: new.name.clone(),
                image: new.image.clone(),
                ..User::new(new.id.clone())
            };
            (Place::New(new), user)
        }
        Link::Refuse(_) => return Ok(None),
    }))
}

/// What is told of them, should they be admitted.
fn events_of(mut telling: Telling<'_>, place: &Place, first_proof: bool) -> Vec<NewEvent> {
    if let Place::New(new) = place {
        telling.created(new.email_verified);
    }
    if first_proof {
        telling.proven();
    }
    if !matches!(place, Place::Owner(_)) {
        telling.linked(About::Anybody);
    }
    telling.signed_in();
    telling.done()
}

/// A new session, also for who adds an account: what they may do has changed (lesson 55). As with NextAuth it says what
/// the directory holds of them; who was signed in keeps what their session said.
async fn open_session(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    who: &Person,
    place: &Place,
    user: User,
    first_proof: bool,
    current: Option<&Current>,
) -> Result<Opening, Refusal> {
    let sub = user.subject().to_owned();
    let profile = Profile { name: Some(user.name), email: Some(user.email), image: Some(user.image) };
    let mut claims = match current.and_then(|current| current.claims.clone()) {
        Some(claims) => claims,
        None => Claims::of(&profile, &sub, Map::new()),
    };
    claims.set("sub", sub);
    claims.keep(who.keep.clone());
    let vault = vaulted(deployment, who, &mut claims)?;
    match place {
        // Only that they were signed in makes the account theirs: whoever got hold of an old session, and has an account
        // anywhere, would be recent by it.
        Place::Link { by: Ground::Session(_), .. } => {
            claims.set(AUTH_TIME, claims.get(AUTH_TIME).cloned().unwrap_or(json!(0)));
        }
        Place::Link { by: Ground::Email, .. } | Place::Owner(_) | Place::New(_) => {
            claims.remove(AUTH_TIME);
            // What was shown for the session from before was not shown for this one.
            assurance::first(&mut claims, Way::Provider);
        }
    }
    let trigger = if matches!(place, Place::New(_)) { Trigger::SignUp } else { Trigger::SignIn };
    rules::complete(deployment, exchange, &mut claims, trigger, Some(&who.candidate), None).await?;
    let mut opening = Opening::prepare(deployment, exchange, claims);
    if let (None, Some(current), None) = (&opening.record.replaces, current, &exchange.program) {
        let which = Ending::Id(current.session.clone());
        opening.record.replaces = Some(session::replacing(deployment, which, exchange));
    }
    opening.record.vault = vault;
    match (place, current) {
        // Still the session of who came as they came: it ends with the account that opened it, and asks for no second
        // factor that was set up after it was opened. The first proof of their address ends that account.
        (Place::Link { by: Ground::Session(_), .. }, Some(current)) if !first_proof => {
            opening.record.via.clone_from(&current.via);
            opening.record.is_complete = true;
        }
        _ => opening.record.via = Some(who.vouched.key.clone()),
    }
    Ok(opening)
}

/// The provider's tokens for the session; who adds an account keeps those that their session has.
fn vaulted(deployment: &Deployment, who: &Person, claims: &mut Claims) -> Result<Option<Vaulted>, Refusal> {
    if let Some(moved) = foreign::moved(claims) {
        return Ok(Some(moved));
    }
    let text = |name: &str| who.account.get(name).and_then(Value::as_str).map(Secret::from);
    let Some(access_token) = text("access_token") else { return Ok(None) };
    let expires = who.account.get("expires_at").and_then(Value::as_i64).map(Timestamp::from_secs);
    let tokens = ForeignTokens { access_token, refresh_token: text("refresh_token"), expires };
    foreign::keep(deployment, &who.vouched.key.source, &tokens, claims)
}

//! Signing in, and up, with a passkey: NextAuth's `passkey` provider (protocol notes §1.6).

use serde_json::{Map, json};

use super::{
    super::{
        events::{self, Telling},
        guessing,
        redirect::signed_in,
        rules::{self, Passed},
    },
    demand_of, passkeys,
    pending::forget,
    prove,
};
use crate::{
    action::{FactorOutcome, Outcome},
    claims::Claims,
    deployment::Deployment,
    dialect::own_cookies::OwnCookie,
    error::{Code, Refusal},
    exchange::Exchange,
    method::passkey::{Ceremony, authentication_options, registration_options},
    policy::{
        assurance::{self, Way},
        email,
    },
    port::{Admitted, Limit, uuid},
    rules::{Candidate, Trigger},
    session::Opening,
    user::{Address, Admission, NewUser, Profile, User, UserId},
};

/// What a browser is asked. As the original decides it, but for who is signed in and was not asked for long: they add
/// nothing.
pub(super) async fn options(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    action: Option<&str>,
    email: Option<&str>,
) -> Outcome {
    match decided(deployment, exchange, action, email).await {
        Ok(outcome) => Outcome::Factor(outcome),
        Err(refusal) => Outcome::Factor(FactorOutcome::PasskeyRefused(refusal)),
    }
}

async fn decided(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    action: Option<&str>,
    address: Option<&str>,
) -> Result<FactorOutcome, Refusal> {
    if !matches!(action, None | Some("authenticate" | "register")) {
        return Ok(FactorOutcome::NoOptions("Invalid action"));
    }
    let party = prove::party(deployment, exchange)?;
    guessing::draw_on_network(deployment, exchange, Limit::SignInPerAddress).await?;
    let caller = signed_in(deployment, exchange).await?;
    let sign_up = deployment.settings().passkeys.as_ref().is_some_and(|settings| settings.sign_up);
    // Where nobody signs up with a passkey nothing tells who has an account.
    let address = address.and_then(email::normalise).filter(|_| sign_up && caller.is_none());
    let known = match &address {
        Some(address) => deployment.store().user_by_email(address).await?,
        None => None,
    };
    let new = address.filter(|_| known.is_none());
    let ceremony = match (action, &caller, &new) {
        (Some("authenticate"), _, _) | (None, None, None) => Ceremony::Authenticate,
        (Some("register"), Some(caller), _) => {
            let demand = demand_of(deployment, None).await?;
            if !assurance::meets(&caller.claims, exchange.now, demand) {
                return Ok(FactorOutcome::NoOptions(Code::RecentSignInRequired.as_str()));
            }
            Ceremony::Register
        }
        (Some("register") | None, None, Some(_)) => Ceremony::Register,
        _ => return Ok(FactorOutcome::NoOptions("Invalid request")),
    };
    let person = caller.map(|caller| caller.user).or(known.map(|known| known.id));
    let passkeys = match &person {
        Some(user) => deployment.store().factors(user).await?.passkeys,
        None => Vec::new(),
    };
    if ceremony == Ceremony::Authenticate {
        let challenge = prove::challenge(deployment, exchange, ceremony, None, None)?;
        let options = authentication_options(&party, &challenge, &passkeys);
        return Ok(FactorOutcome::Options { action: "authenticate", options });
    }
    let user = match person {
        Some(id) => deployment.store().user(&id).await?.ok_or_else(|| Refusal::new(Code::SessionRequired))?,
        None => User { email: new.clone(), ..User::new(UserId(uuid(deployment.random()))) },
    };
    let challenge = prove::challenge(deployment, exchange, ceremony, Some(user.id.0.clone()), new)?;
    let name = user.email.as_deref().or(user.name.as_deref()).unwrap_or("You");
    let display = user.name.as_deref().unwrap_or(name);
    let options = registration_options(&party, &challenge, &user.id, (name, display), &passkeys);
    Ok(FactorOutcome::Options { action: "register", options })
}

/// What the browser answered: somebody signs in, or there is a new passkey, and perhaps somebody new.
pub(super) async fn answered(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    action: Option<&str>,
    answer: Option<&str>,
) -> Outcome {
    let outcome = match (action, answer.filter(|answer| !answer.is_empty())) {
        (Some("authenticate"), Some(answer)) => authenticated(deployment, exchange, answer).await,
        (Some("register"), Some(answer)) => registered(deployment, exchange, answer).await,
        _ => Err(Refusal::new(Code::Configuration).because("neither an authentication nor a registration")),
    };
    outcome.unwrap_or_else(|refusal| Outcome::Factor(FactorOutcome::PasskeyRefused(refusal)))
}

async fn authenticated(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    answer: &str,
) -> Result<Outcome, Refusal> {
    guessing::draw_on_network(deployment, exchange, Limit::SignInPerAddress).await?;
    let (shown, passkey) = prove::by_passkey(deployment, exchange, None, answer).await?;
    let user = deployment.store().user(&passkey.user).await?;
    let user = user.ok_or_else(|| prove::refused("the user was deleted meanwhile"))?;
    let who = Admission::Factor { user: user.id.clone(), ticket: None, shown };
    enter(deployment, exchange, user, &passkey.id, &who).await
}

async fn registered(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    answer: &str,
) -> Result<Outcome, Refusal> {
    if signed_in(deployment, exchange).await?.is_some() {
        let first = passkeys::added(deployment, exchange, Some(answer), None).await?;
        return Ok(first.unwrap_or_else(|| Outcome::Land(exchange.landing.clone())));
    }
    guessing::draw_on_network(deployment, exchange, Limit::SignInPerAddress).await?;
    let (passkey, asked, spent) = prove::new_passkey(deployment, exchange, answer)?;
    let sign_up = deployment.settings().passkeys.as_ref().is_some_and(|settings| settings.sign_up);
    let email = asked.email.filter(|_| sign_up);
    let email = email.ok_or_else(|| prove::refused("who asked for the passkey is no longer signed in"))?;
    let user = User { email: Some(email.clone()), ..User::new(passkey.user.clone()) };
    // What somebody typed proves nothing.
    let new =
        NewUser { id: user.id.clone(), email: Some(email), email_verified: false, name: None, image: None };
    let id = passkey.id.clone();
    let who = Admission::NewPasskey { user: new, passkey: Box::new(passkey), spent };
    enter(deployment, exchange, user, &id, &who).await
}

/// The steps: the deployment's rules, session, admission, session cookie, landing.
async fn enter(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    user: User,
    passkey: &str,
    who: &Admission,
) -> Result<Outcome, Refusal> {
    let is_new = matches!(who, Admission::NewPasskey { .. });
    let mut candidate = candidate(deployment, &user, passkey);
    let added = match rules::pass(deployment, exchange, &mut candidate).await? {
        Passed::In(added) => added,
        Passed::Elsewhere(landing) => return Ok(Outcome::Land(landing)),
    };
    let profile = Profile {
        name: Some(user.name.clone()),
        email: Some(user.email.clone()),
        image: Some(user.image.clone()),
    };
    let mut claims = Claims::of(&profile, user.subject(), Map::new());
    let mut keep = Map::new();
    rules::merge(added, &mut Profile::default(), &mut keep);
    claims.keep(keep);
    assurance::first(&mut claims, Way::Passkey);
    let trigger = if is_new { Trigger::SignUp } else { Trigger::SignIn };
    rules::complete(deployment, exchange, &mut claims, trigger, Some(&candidate), None).await?;
    let landing = rules::landing(deployment, exchange).await?;
    let mut opening = Opening::prepare(deployment, exchange, claims);
    let record = opening.record.clone();
    let cookie = opening.cookie(deployment, exchange)?;
    let mut telling = Telling::of(deployment, exchange, &candidate, || events::of_user(&user));
    telling.created(false);
    telling.signed_in();
    let events = telling.done();
    let own = match deployment.store().admit(who, Some(&record), exchange.now, &events).await? {
        Admitted::As { claims, .. } => claims,
        Admitted::Disabled => return Err(Refusal::new(Code::AccountDisabled)),
        Admitted::EmailTaken => return Err(Refusal::new(Code::EmailTaken)),
        Admitted::Changed | Admitted::Gone | Admitted::NeedsFactor { .. } => {
            return Err(prove::refused(
                "the passkey was used meanwhile, or its challenge was answered before",
            ));
        }
    };
    events::are_written(deployment, &events);
    exchange.changes.session = opening.opened(deployment, exchange, cookie, &own).await?;
    let request = exchange.request;
    if OwnCookie::Pending.read(&request.cookies, request.public.is_secure()).is_some() {
        forget(exchange);
    }
    Ok(if is_new { Outcome::Welcome(landing) } else { Outcome::Land(landing) })
}

/// The person as the rules see them.
fn candidate(deployment: &Deployment, user: &User, passkey: &str) -> Candidate {
    let settings = deployment.settings().passkeys.as_ref();
    let provider = settings.map_or("passkey", |settings| &settings.id);
    let mut account = rules::account(provider, "webauthn", passkey);
    account.insert("userId".to_owned(), json!(user.id.0));
    let members = [
        ("id", Some(&user.id.0)),
        ("name", user.name.as_ref()),
        ("email", user.email.as_ref()),
        ("image", user.image.as_ref()),
    ];
    let address = user.email.clone();
    Candidate {
        user: members.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect(),
        account,
        address: address.map(|address| Address { address, verified: user.email_verified.is_some() }),
        ..Candidate::default()
    }
}

//! The steps at which a sign-in, an update or a landing asks the deployment's rules.

use serde_json::{Map, Value};

use crate::{
    claims::{Claims, RESERVED, SHOWN, STALE},
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    policy::redirect::{self, Landing},
    rules::{Candidate, Trigger, Verdict},
    session::{self, foreign},
    user::{Extra, Profile},
};

/// What the rules made of somebody.
#[derive(Debug)]
pub(super) enum Passed {
    /// They may come in, with these members of the user on top.
    In(Map<String, Value>),
    /// They go there first, without a session.
    Elsewhere(Landing),
}

/// An account as the rules see it.
pub(super) fn account(provider: &str, kind: &str, id: &str) -> Map<String, Value> {
    let members = [("provider", provider), ("type", kind), ("providerAccountId", id)];
    members.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}

/// Asks every rule whether somebody may come in. Each sees what those before it added to the user.
pub(super) async fn pass(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    candidate: &mut Candidate,
) -> Result<Passed, Refusal> {
    let mut added = Map::new();
    for rule in deployment.rules() {
        match rule.sign_in(candidate).await? {
            Verdict::Allow(mut members) => {
                members.retain(|name, value| may_set(name, value));
                candidate.user.extend(members.clone());
                added.extend(members);
            }
            Verdict::Deny => {
                return Err(Refusal::new(Code::AccessDenied).because("a rule of the deployment denies"));
            }
            Verdict::Redirect(place) => {
                return landing_of(deployment, exchange, &place).map(Passed::Elsewhere);
            }
        }
    }
    Ok(Passed::In(added))
}

/// What a rule may add to the user. Neither the id is theirs to change nor what the token itself is made of, and the
/// profile's are texts, or nothing.
fn may_set(name: &str, value: &Value) -> bool {
    match name {
        "id" => false,
        "name" | "email" | "image" => value.is_string() || value.is_null(),
        name => !RESERVED.contains(&name),
    }
}

/// Puts what the [rules added](pass) where it belongs: into the profile, and into what the token keeps.
pub(super) fn merge(added: Map<String, Value>, profile: &mut Profile, keep: &mut Extra) {
    for (name, value) in added {
        let (field, claim) = match name.as_str() {
            "name" => (&mut profile.name, "name"),
            "email" => (&mut profile.email, "email"),
            "image" => (&mut profile.image, "picture"),
            _ => {
                keep.insert(name, value);
                continue;
            }
        };
        *field = Some(value.as_str().map(str::to_owned));
        keep.insert(claim.to_owned(), value);
    }
}

/// Lets the rules have their say on what a session is about to hold, and keeps what it is to show besides.
pub(super) async fn complete(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    claims: &mut Claims,
    trigger: Trigger,
    candidate: Option<&Candidate>,
    data: Option<&Value>,
) -> Result<(), Refusal> {
    for rule in deployment.rules() {
        for (name, value) in rule.token(claims, trigger, candidate, data).await? {
            // What the token itself is made of is nobody's to set.
            match value {
                _ if RESERVED.contains(&name.as_str()) => {}
                Value::Null => claims.remove(&name),
                value => claims.set(&name, value),
            }
        }
    }
    show(deployment, exchange, claims).await
}

/// As the rules want it, of a session that was changed from outside. One that fails is asked again at the next read;
/// until then the session shows what it showed. True if it shows something else now.
pub(super) async fn show_anew(deployment: &Deployment, exchange: &Exchange<'_>, claims: &mut Claims) -> bool {
    let before = claims.clone();
    let shown = show(deployment, exchange, claims).await;
    if let Err(refusal) = &shown {
        let (code, detail) = (refusal.code.as_str(), refusal.detail.as_deref());
        tracing::warn!(code, detail, "a rule about what a session shows failed after a change from outside");
        *claims = before;
    }
    shown.is_ok()
}

async fn show(deployment: &Deployment, exchange: &Exchange<'_>, claims: &mut Claims) -> Result<(), Refusal> {
    claims.remove(SHOWN);
    claims.remove(STALE);
    let mut shown = Map::new();
    for rule in deployment.rules() {
        let session = session::shown(deployment, claims, exchange.now);
        shown.extend(rule.session(&session, claims).await?);
        if !shown.is_empty() {
            foreign::refer(&mut shown, claims);
            claims.set(SHOWN, shown.clone());
        }
    }
    Ok(())
}

/// Where a person who signed in lands: the deployment's own place, or the one that was asked for; the rules may choose
/// another.
pub(super) async fn landing(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<Landing, Refusal> {
    // A program lands nowhere.
    if exchange.program.is_some() {
        return Ok(exchange.landing.clone());
    }
    let declared = deployment.settings().landing.sign_in.as_deref();
    ask_for_landing(deployment, exchange, declared).await
}

/// As [`landing`], for a person who signed out. No rule keeps anybody signed in: one that fails is not heard. And none is
/// asked about somebody who was not signed in: anybody may call as often as they like.
pub(super) async fn landing_signed_out(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    was_signed_in: bool,
) -> Landing {
    let declared = deployment.settings().landing.sign_out.as_deref();
    let landing = match declared {
        None if !was_signed_in => Ok(exchange.landing.clone()),
        Some(place) if !was_signed_in => landing_of(deployment, exchange, place),
        declared => ask_for_landing(deployment, exchange, declared).await,
    };
    landing.unwrap_or_else(|refusal| {
        let (code, detail) = (refusal.code.as_str(), refusal.detail);
        tracing::warn!(code, detail, "a rule about landing places failed at a sign-out");
        exchange.landing.clone()
    })
}

async fn ask_for_landing(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    declared: Option<&str>,
) -> Result<Landing, Refusal> {
    let mut landing = match declared {
        Some(place) => landing_of(deployment, exchange, place)?,
        None => exchange.landing.clone(),
    };
    for rule in deployment.rules() {
        if let Some(place) = rule.redirect(landing.as_str(), exchange.request.public.origin()).await? {
            landing = landing_of(deployment, exchange, &place)?;
        }
    }
    Ok(landing)
}

/// A rule decides within what the deployment allows, like everybody else (invariant 4).
fn landing_of(deployment: &Deployment, exchange: &Exchange<'_>, place: &str) -> Result<Landing, Refusal> {
    let allowed = &deployment.settings().allowed_origins;
    redirect::landing(&exchange.request.public, allowed, Some(place), None).map_err(|_| {
        Refusal::new(Code::HookWrongAnswer).because("a rule sends people to what is no http(s) address")
    })
}

//! What a session's client sees (protocol notes §1.4, B3, A3: nothing is shown that was not asked for).

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    foreign::{self, ERROR},
    members::{Members, Part},
};
use crate::{
    claims::{Claims, SHOWN, VAULT},
    deployment::Deployment,
    dialect::Dialect,
    time::Timestamp,
};

/// A session as an application on the same host reads it.
#[derive(Clone, Debug)]
pub struct View {
    /// The JSON that the client would get.
    pub body: Value,
    /// What the session holds, also what it does not show.
    pub claims: Claims,
}

/// Room for what most sessions show, in bytes.
const USUAL: usize = 256;

/// The session's JSON, as text.
#[must_use]
pub(super) fn text(deployment: &Deployment, claims: &Claims, expires: Timestamp) -> String {
    if deployment.session_fields().is_some() {
        return body(deployment, claims, expires).to_string();
    }
    // Every read of a session writes it: straight from the claims.
    let added = added_by_rules(claims);
    let mut text = String::with_capacity(USUAL);
    members(deployment, claims, expires, added.as_deref()).write(&mut text);
    text
}

/// The session's JSON.
#[must_use]
pub(super) fn body(deployment: &Deployment, claims: &Claims, expires: Timestamp) -> Value {
    let added = added_by_rules(claims);
    let mut session = Map::from(members(deployment, claims, expires, added.as_deref()));
    if let Some(fields) = deployment.session_fields() {
        fields.add(claims, &mut session);
    }
    Value::Object(session)
}

/// What a session shows, but for the embedder's own fields.
fn members<'c>(
    deployment: &'c Deployment,
    claims: &'c Claims,
    expires: Timestamp,
    added: Option<&'c Map<String, Value>>,
) -> Members<'c> {
    let settings = deployment.settings();
    // Generation 3 shows what nobody said as null, the others leave it out.
    let unsaid = (settings.dialect == Dialect::NextAuth3).then_some(&Value::Null);
    let usual = [("name", "name"), ("email", "email"), ("image", "picture")];
    let user = usual.into_iter().filter_map(|(name, claim)| {
        let value = claims.get(claim).or(unsaid)?;
        Some((name, Part::Value(value)))
    });
    let mut session = Members::default();
    session.set("user", Part::Members(user.collect()));
    session.set("expires", Part::Text(expires.iso()));
    for (path, claim) in &settings.session.show {
        if let Some(value) = claims.get(claim) {
            session.put(path, value);
        }
    }
    for (path, value) in &settings.session.add {
        session.put(path, value);
    }
    if let Some(added) = added {
        session.merge(added);
    }
    if let Some(error) = token_error(claims) {
        session.set(ERROR, Part::Value(error));
    }
    session
}

/// What the deployment's rules add.
fn added_by_rules(claims: &Claims) -> Option<Cow<'_, Map<String, Value>>> {
    let shown = claims.get(SHOWN)?.as_object()?;
    Some(match foreign::has_tokens(claims) {
        true => Cow::Owned(foreign::referred(shown, claims)),
        false => Cow::Borrowed(shown),
    })
}

/// Why the session's foreign tokens are not fresh. Not a member of that name which the application keeps for itself.
fn token_error(claims: &Claims) -> Option<&Value> {
    claims.get(VAULT).and_then(|_| claims.get(ERROR))
}

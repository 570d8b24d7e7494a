//! What a session's client sees (protocol notes §1.4, B3, A3: nothing is shown that was not asked for).

use serde::Serialize;
use serde_json::{Map, Value};

use super::foreign::{self, ERROR};
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

/// The session's JSON, as text.
#[must_use]
pub(super) fn text(deployment: &Deployment, claims: &Claims, expires: Timestamp) -> String {
    let text = match shows_more(deployment, claims) {
        true => serde_json::to_string(&body(deployment, claims, expires)),
        // Without a map in between: every read of a session writes it.
        false => serde_json::to_string(&Usual::of(deployment, claims, expires)),
    };
    text.expect("JSON values are JSON")
}

/// What every session shows.
#[derive(Serialize)]
struct Usual<'c> {
    user: User<'c>,
    expires: String,
}

#[derive(Serialize)]
struct User<'c> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'c Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'c Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'c Value>,
}

impl<'c> Usual<'c> {
    fn of(deployment: &Deployment, claims: &'c Claims, expires: Timestamp) -> Self {
        // Generation 3 shows what nobody said as null, the others leave it out.
        let unsaid = (deployment.settings().dialect == Dialect::NextAuth3).then_some(&Value::Null);
        let claim = |name| claims.get(name).or(unsaid);
        Self {
            user: User { name: claim("name"), email: claim("email"), image: claim("picture") },
            expires: expires.iso(),
        }
    }
}

/// The session's JSON.
#[must_use]
pub(super) fn body(deployment: &Deployment, claims: &Claims, expires: Timestamp) -> Value {
    let settings = deployment.settings();
    let Ok(Value::Object(mut session)) = serde_json::to_value(Usual::of(deployment, claims, expires)) else {
        unreachable!("a struct is an object");
    };
    for (path, claim) in &settings.session.show {
        if let Some(value) = claims.get(claim) {
            put(&mut session, path, value.clone());
        }
    }
    for (path, value) in &settings.session.add {
        put(&mut session, path, value.clone());
    }
    if let Some(Value::Object(shown)) = claims.get(SHOWN) {
        match foreign::has_tokens(claims) {
            true => merge(&mut session, &foreign::referred(shown, claims)),
            false => merge(&mut session, shown),
        }
    }
    if let Some(error) = token_error(claims) {
        session.insert(ERROR.to_owned(), error.clone());
    }
    if let Some(fields) = deployment.session_fields() {
        fields.add(claims, &mut session);
    }
    Value::Object(session)
}

/// Whether [`body`] adds anything to what every session shows.
fn shows_more(deployment: &Deployment, claims: &Claims) -> bool {
    let settings = &deployment.settings().session;
    let is_plain =
        settings.show.is_empty() && settings.add.is_empty() && deployment.session_fields().is_none();
    !is_plain || claims.get(SHOWN).is_some() || token_error(claims).is_some()
}

/// Why the session's foreign tokens are not fresh. Not a member of that name which the application keeps for itself.
fn token_error(claims: &Claims) -> Option<&Value> {
    claims.get(VAULT).and_then(|_| claims.get(ERROR))
}

/// Adds members; what is an object on both sides keeps its own members too.
fn merge(session: &mut Map<String, Value>, members: &Map<String, Value>) {
    for (name, value) in members {
        match (session.get_mut(name), value) {
            (Some(Value::Object(own)), Value::Object(more)) => merge(own, more),
            _ => {
                session.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Sets the member at a path; what is in the way and no object gives way.
fn put(session: &mut Map<String, Value>, path: &[String], value: Value) {
    let Some((last, parents)) = path.split_last() else { return };
    let mut at = session;
    for parent in parents {
        let child = at.entry(parent).or_insert_with(|| Value::Object(Map::new()));
        if !child.is_object() {
            *child = Value::Object(Map::new());
        }
        let Value::Object(child) = child else { return };
        at = child;
    }
    at.insert(last.clone(), value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b3_a_value_is_put_at_its_path() {
        let mut session = Map::new();
        session.insert("user".to_owned(), serde_json::json!({"name": "Ada"}));
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        put(&mut session, &path("user.isLoggedIn"), Value::Bool(true));
        put(&mut session, &path("user.name.first"), Value::from("A"));
        put(&mut session, &path("a.b.c"), Value::from(1));
        put(&mut session, &[], Value::from(1));
        assert_eq!(
            Value::Object(session),
            serde_json::json!({"user": {"name": {"first": "A"}, "isLoggedIn": true}, "a": {"b": {"c": 1}}})
        );
    }
}

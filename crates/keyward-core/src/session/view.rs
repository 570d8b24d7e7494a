//! What a session's client sees (protocol notes §1.4, B3, A3: nothing is shown that was not asked for).

use serde_json::{Map, Value};

use crate::{
    claims::{Claims, SHOWN},
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

/// The session's JSON.
#[must_use]
pub(super) fn body(deployment: &Deployment, claims: &Claims, expires: Timestamp) -> Value {
    let settings = deployment.settings();
    let mut user = Map::new();
    for (shown, claim) in [("name", "name"), ("email", "email"), ("image", "picture")] {
        match claims.get(claim) {
            Some(value) => {
                user.insert(shown.to_owned(), value.clone());
            }
            // Generation 3 shows what nobody said as null, the others leave it out.
            None if settings.dialect == Dialect::NextAuth3 => {
                user.insert(shown.to_owned(), Value::Null);
            }
            None => {}
        }
    }
    let mut session = Map::new();
    session.insert("user".to_owned(), Value::Object(user));
    session.insert("expires".to_owned(), Value::String(expires.iso()));
    for (path, claim) in &settings.session.show {
        if let Some(value) = claims.get(claim) {
            put(&mut session, path, value.clone());
        }
    }
    for (path, value) in &settings.session.add {
        put(&mut session, path, value.clone());
    }
    if let Some(Value::Object(shown)) = claims.get(SHOWN) {
        merge(&mut session, shown);
    }
    if let Some(fields) = deployment.session_fields() {
        fields.add(claims, &mut session);
    }
    Value::Object(session)
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

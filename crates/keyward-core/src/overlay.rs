//! What was changed in a sealed session from outside: laid over its token when that is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims::Claims;

/// Longest claims that an operator gives a user or a session, in bytes of JSON: a session has to fit into cookies.
pub const MAX_OWN_CLAIMS: usize = 8 * 1024;

/// Each claim that was changed, with the version that changed it last and its value since; `null` took it away.
///
/// A token that was sealed at a later version knows of a change already, so that `update()` may have its say after it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overlay(BTreeMap<String, (u64, Value)>);

impl Overlay {
    /// Takes a change in, made by `version`.
    pub fn add(&mut self, version: u64, patch: &Map<String, Value>) {
        for (name, value) in patch {
            self.0.insert(name.clone(), (version, value.clone()));
        }
    }

    /// True if it is longer than a session may carry along ([`MAX_OWN_CLAIMS`]).
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        serde_json::to_string(self).map_or(0, |text| text.len()) > MAX_OWN_CLAIMS
    }

    /// Changes what a session says that was sealed at the version `since`.
    pub fn lay_over(&self, claims: &mut Claims, since: u64) {
        let news = self.0.iter().filter(|(_, (version, _))| *version > since);
        claims.change(&news.map(|(name, (_, value))| (name.clone(), value.clone())).collect());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn extra(value: Value) -> Map<String, Value> {
        let Value::Object(members) = value else { unreachable!("an object: {value}") };
        members
    }

    #[test]
    fn a_token_gets_what_changed_after_it_was_sealed_and_nothing_from_before() {
        let mut overlay = Overlay::default();
        overlay.add(1, &extra(json!({"role": "editor", "plan": "free"})));
        overlay.add(2, &extra(json!({"plan": null})));
        let laid = |since| {
            let mut claims: Claims = [("role", json!("own")), ("plan", json!("own"))]
                .map(|(n, v)| (n.to_owned(), v))
                .into_iter()
                .collect();
            overlay.lay_over(&mut claims, since);
            serde_json::to_value(claims).expect("JSON")
        };
        assert_eq!(laid(0), json!({"role": "editor"}));
        assert_eq!(laid(1), json!({"role": "own"}));
        assert_eq!(laid(2), json!({"role": "own", "plan": "own"}));
    }

    #[test]
    fn it_is_kept_as_json() {
        let mut overlay = Overlay::default();
        overlay.add(3, &extra(json!({"role": {"a": [1]}})));
        let text = serde_json::to_string(&overlay).expect("JSON");
        assert_eq!(text, r#"{"role":[3,{"a":[1]}]}"#);
        assert_eq!(serde_json::from_str::<Overlay>(&text).expect("JSON"), overlay);
    }
}

//! From path, method and body to what a person asks about their own sessions.

use serde_json::Value;

use crate::{
    action::{EndWhich, SessionCall},
    port::SessionId,
    request::{Body, Method, Request},
};

/// The call behind the segments after `-/v1/`, if it is one of these.
pub(super) fn decode(path: &[&str], method: Method, request: &Request) -> Option<SessionCall> {
    match (path, method) {
        (["sessions"], Method::Get) => Some(SessionCall::List),
        (["sessions", "end"], Method::Post) => Some(SessionCall::End(which(&request.body))),
        _ => None,
    }
}

/// Exactly one of the three, so that nobody is signed out of more than they meant.
fn which(body: &Body) -> Option<EndWhich> {
    let members = body.members();
    let is_true = |name| {
        matches!(members.get(name), Some(Value::Bool(true)))
            || matches!((body, members.get(name)), (Body::Form(_), Some(Value::String(text))) if text == "true")
    };
    let id = body.text("id").filter(|id| !id.is_empty());
    match (id, is_true("others"), is_true("all")) {
        (Some(id), false, false) => Some(EndWhich::One(SessionId(id.to_owned()))),
        (None, true, false) => Some(EndWhich::Others),
        (None, false, true) => Some(EndWhich::All),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::request::Pairs;

    #[test]
    fn nobody_is_signed_out_of_more_than_they_said() {
        let of = |body: Value| which(&Body::Json(body.as_object().cloned().expect("an object")));
        let one = || Some(EndWhich::One(SessionId("s1".to_owned())));
        assert_eq!(of(json!({"id": "s1"})), one());
        assert_eq!(of(json!({"id": "s1", "others": false, "all": null})), one());
        assert_eq!(of(json!({"others": true})), Some(EndWhich::Others));
        assert_eq!(of(json!({"all": true})), Some(EndWhich::All));
        for unclear in [
            json!({}),
            json!({"id": ""}),
            json!({"id": 7}),
            json!({"others": "true"}),
            json!({"others": 1}),
            json!({"id": "s1", "others": true}),
            json!({"others": true, "all": true}),
        ] {
            assert_eq!(of(unclear.clone()), None, "{unclear}");
        }
        let form = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            which(&Body::Form(Pairs(pairs.collect())))
        };
        assert_eq!(form(&[("id", "s1")]), one());
        assert_eq!(form(&[("others", "true")]), Some(EndWhich::Others));
        assert_eq!(form(&[("others", "on")]), None);
        assert_eq!(which(&Body::None), None);
    }
}

//! The description of our own calls (OpenAPI 3.1), one file a topic: what a deployment has, with its own addresses and
//! names of cookies.

use serde_json::{Map, Value};

use super::call::CALLS;
use crate::{address::PublicUrl, dialect::cookies::CookieNames, settings::Settings};

/// What is not of one topic: refusals that every call may meet, ways to show who calls.
const DOCUMENT: &str = include_str!("openapi/document.json");

/// Each has `paths`, and `components` of its own.
const TOPICS: [&str; 5] = [
    include_str!("openapi/signing-in.json"),
    include_str!("openapi/tokens.json"),
    include_str!("openapi/sessions.json"),
    include_str!("openapi/account.json"),
    include_str!("openapi/admin.json"),
];

/// The description of the calls that this deployment has.
pub(super) fn of(settings: &Settings, public: &PublicUrl, cookies: &CookieNames) -> String {
    let mut document = whole();
    let is_there = |path: &String| {
        CALLS.iter().any(|call| path.strip_prefix('/') == Some(call.path) && call.is_there(settings))
    };
    members(&mut document["paths"]).retain(|path, _| is_there(path));
    for (scheme, name) in [("session", cookies.session), ("csrf", cookies.csrf)] {
        document["components"]["securitySchemes"][scheme]["name"] = name.into();
    }
    let base = format!("{}{}", public.origin(), public.base_path());
    document.to_string().replace("{base}", &base)
}

/// Every call there is.
fn whole() -> Value {
    let mut document = parsed(DOCUMENT);
    for topic in TOPICS {
        let mut topic = parsed(topic);
        members(&mut document["paths"]).append(members(&mut topic["paths"]));
        for kind in ["responses", "schemas"] {
            members(&mut document["components"][kind]).append(members(&mut topic["components"][kind]));
        }
    }
    document
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("a test reads every one of these files")
}

fn members(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().expect("a test reads every one of these files")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::{
        error::{Code, Refusal},
        surface::render::statuses,
    };

    /// What the edge refuses before any call is looked at.
    const OF_THE_EDGE: [(&str, u16); 4] =
        [("bad_request", 400), ("too_many_parameters", 400), ("slow_request", 408), ("body_too_large", 413)];

    /// What is refused on pages alone, and the faults of a deployment, which nobody expects.
    const OF_NO_CALL: [Code; 16] = [
        Code::Configuration,
        Code::MailNotSent,
        Code::LinkIncomplete,
        Code::ProviderDenied,
        Code::ProviderError,
        Code::ProviderAttempt,
        Code::ProviderState,
        Code::ProviderResponse,
        Code::ProviderToken,
        Code::ProviderUserinfo,
        Code::ProviderSession,
        Code::InvalidPicture,
        Code::PasskeyRefused,
        Code::FactorUnknown,
        Code::FactorTaken,
        Code::TooManyPasskeys,
    ];

    #[test]
    fn f1_every_call_is_described_and_no_other() {
        let methods = |path: &str, methods: BTreeSet<String>| (path.to_owned(), methods);
        let described: BTreeMap<_, _> = members(&mut whole()["paths"])
            .iter()
            .map(|(path, calls)| {
                let calls = calls.as_object().expect("calls by method").keys();
                methods(path, calls.filter(|name| *name != "parameters").cloned().collect())
            })
            .collect();
        let there: BTreeMap<_, _> = CALLS
            .iter()
            .map(|call| {
                let allowed = call.allow.split(", ").filter(|method| *method != "HEAD");
                methods(&format!("/{}", call.path), allowed.map(str::to_lowercase).collect())
            })
            .collect();
        assert_eq!(described, there);
    }

    #[test]
    fn whatever_is_pointed_at_is_there_and_whatever_is_there_is_pointed_at() {
        fn pointers(value: &Value, found: &mut BTreeSet<String>) {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(place)) = members.get("$ref") {
                        found.insert(place.trim_start_matches('#').to_owned());
                    }
                    members.values().for_each(|value| pointers(value, found));
                }
                Value::Array(values) => values.iter().for_each(|value| pointers(value, found)),
                _ => {}
            }
        }
        let document = whole();
        let (mut used, mut there) = (BTreeSet::new(), BTreeSet::new());
        pointers(&document, &mut used);
        for kind in ["headers", "responses", "schemas"] {
            let parts = document["components"][kind].as_object().expect("parts by name");
            there.extend(parts.keys().map(|name| format!("/components/{kind}/{name}")));
        }
        assert_eq!(used, there);
    }

    #[test]
    fn f1_each_status_has_its_codes_and_every_code_its_status() {
        let document = whole();
        let mut described = BTreeSet::new();
        for calls in document["paths"].as_object().expect("calls by path").values() {
            for call in calls.as_object().expect("calls by method").values() {
                let Some(answers) = call["responses"].as_object() else { continue };
                for (status, answer) in answers {
                    let status: u16 = status.parse().expect("a status");
                    let codes = codes_of(&document, answer);
                    assert_eq!(codes.is_empty(), status < 400, "{status} {answer}");
                    described.extend(codes.into_iter().map(|code| (code, status)));
                }
            }
        }
        let mut worded: BTreeSet<_> =
            OF_THE_EDGE.into_iter().map(|(code, status)| (code.to_owned(), status)).collect();
        // Two that are worded where they arise: with a way on, and with a word of the back end's own.
        worded.insert((Code::SecondFactorRequired.as_str().to_owned(), 401));
        worded.insert((Code::BackendRefused.as_str().to_owned(), 401));
        let others = |code: &&Code| !OF_NO_CALL.contains(code) && **code != Code::SecondFactorRequired;
        for code in Code::ALL.iter().filter(others) {
            let any = statuses(&Refusal::new(*code)).map(|status| (code.as_str().to_owned(), status));
            assert!(any.iter().any(|one| described.contains(one)), "nothing describes {any:?}");
            worded.extend(any);
        }
        let strangers: Vec<_> = described.difference(&worded).collect();
        assert!(strangers.is_empty(), "{strangers:?}");
    }

    /// Every code that a refusal may have.
    fn codes_of(document: &Value, answer: &Value) -> BTreeSet<String> {
        let follow = |value: &Value| match value["$ref"].as_str() {
            Some(place) => document.pointer(place.trim_start_matches('#')).expect("it is there").clone(),
            None => value.clone(),
        };
        let schema = follow(answer)["content"]["application/json"]["schema"].clone();
        let any = schema["anyOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
        let mut codes = BTreeSet::new();
        for one in any.iter().map(follow) {
            let error = match &one["allOf"][1] {
                Value::Null => &one["properties"]["error"],
                narrowed => &narrowed["properties"]["error"],
            };
            let several = error["enum"].as_array().into_iter().flatten();
            let all = several.chain(error.get("const")).filter_map(Value::as_str);
            codes.extend(all.map(str::to_owned));
        }
        codes
    }
}

//! The small language in which the catalogue says how a provider's profile becomes a user.
//!
//! | form | gives |
//! |---|---|
//! | `"a.b[0].c"` | the member at this path; a member whose whole name is the path comes first |
//! | `"@issuer"`, `"@token.x"` | the provider's issuer; a member of the token response |
//! | `[m, m, …]` | the first that gives something |
//! | `{"template": "https://x/{a.b}"}` | the text with each path replaced; nothing if one is missing |
//! | `{"join": [m, …], "sep": " "}` | those that give something, with the separator between them |
//! | `{"if": m, "then": m, "else": m}` | by whether the first is there and not false, 0 or empty |
//! | `{"find": "list", "where": {"primary": true}, "get": m}` | from the first element of a list that matches |
//! | `{"quirk": "name"}` | what the function of this name in `quirk.rs` makes of the profile |
//! | `null` | nothing |
//!
//! `null` and the empty text are nothing, wherever they come from.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{path::member, quirk::Picture, template};

/// An expression: pure, total, without side effects.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Mapping {
    /// A path.
    Path(String),
    /// The first that gives something.
    First(Vec<Mapping>),
    /// One of the named forms.
    Form(Box<Form>),
    /// Nothing.
    Nothing(()),
}

/// The named forms of a [`Mapping`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Form {
    /// A text with paths in braces.
    Template(TemplateForm),
    /// Texts put together.
    Join(JoinForm),
    /// A choice.
    If(IfForm),
    /// An element of a list.
    Find(FindForm),
    /// A named function.
    Quirk(QuirkForm),
}

/// `{"template": …}`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateForm {
    template: String,
}

/// `{"join": …, "sep": …}`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinForm {
    join: Vec<Mapping>,
    sep: String,
}

/// `{"if": …, "then": …, "else": …}`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IfForm {
    r#if: Mapping,
    then: Mapping,
    r#else: Mapping,
}

/// `{"find": …, "where": …, "get": …}`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindForm {
    find: String,
    r#where: BTreeMap<String, Value>,
    get: Mapping,
}

/// `{"quirk": …}`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuirkForm {
    quirk: Picture,
}

/// What a mapping reads.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The profile: the ID token's claims, or the userinfo answer.
    pub profile: &'a Value,
    /// The token response.
    pub tokens: &'a Map<String, Value>,
    /// The provider's issuer, or the empty text.
    pub issuer: &'a str,
}

impl Mapping {
    /// The value, if there is one.
    #[must_use]
    pub fn value(&self, source: Source<'_>) -> Option<Value> {
        match self {
            Self::Path(path) => at(source, path),
            Self::First(all) => all.iter().find_map(|one| one.value(source)),
            Self::Form(form) => form.value(source),
            Self::Nothing(()) => None,
        }
    }

    /// The value as text: numbers and truth values are spelled out, lists and objects are nothing.
    #[must_use]
    pub fn text(&self, source: Source<'_>) -> Option<String> {
        as_text(self.value(source)?)
    }
}

impl Form {
    fn value(&self, source: Source<'_>) -> Option<Value> {
        match self {
            Self::Template(form) => {
                let text = template::expand(&form.template, |path| as_text(at(source, path)?));
                text.ok().map(Value::String)
            }
            Self::Join(form) => {
                let parts: Vec<String> = form.join.iter().filter_map(|one| one.text(source)).collect();
                (!parts.is_empty()).then(|| Value::String(parts.join(&form.sep)))
            }
            Self::If(form) => {
                let chosen = if holds(form.r#if.value(source)) { &form.then } else { &form.r#else };
                chosen.value(source)
            }
            Self::Find(form) => {
                let list = at(source, &form.find)?;
                let matches =
                    |one: &&Value| form.r#where.iter().all(|(name, wanted)| one.get(name) == Some(wanted));
                let profile = list.as_array()?.iter().find(matches)?;
                form.get.value(Source { profile, ..source })
            }
            Self::Quirk(form) => form.quirk.of(source.profile).map(Value::String),
        }
    }
}

fn at(source: Source<'_>, path: &str) -> Option<Value> {
    let found = if path == "@issuer" {
        Value::from(source.issuer)
    } else if let Some(name) = path.strip_prefix("@token.") {
        source.tokens.get(name)?.clone()
    } else {
        member(source.profile, path)?.clone()
    };
    (found != Value::Null && found != "").then_some(found)
}

fn as_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn holds(value: Option<Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(mapping: Value, profile: &Value) -> Option<Value> {
        let mapping: Mapping = serde_json::from_value(mapping).expect("a mapping");
        let tokens = json!({"email": "t@example.com"});
        let tokens = tokens.as_object().expect("an object");
        mapping.value(Source { profile, tokens, issuer: "https://issuer.example" })
    }

    #[test]
    fn c5_each_form_gives_what_the_table_says() {
        let profile = json!({
            "id": 9_007_199_254_740_993_u64, "login": "ada", "blank": "", "no": null, "off": false,
            "a": {"b": [{"c": "deep"}]}, "https://x.example/claim": "whole",
            "emails": [{"email": "x@e.com"}, {"email": "y@e.com", "primary": true}],
            "matrix": [["x", "y"]],
        });
        for (mapping, wanted) in [
            (json!("login"), json!("ada")),
            (json!("a.b[0].c"), json!("deep")),
            (json!("matrix[0][1]"), json!("y")),
            (json!("https://x.example/claim"), json!("whole")),
            (json!("@issuer"), json!("https://issuer.example")),
            (json!("@token.email"), json!("t@example.com")),
            (json!(["no", "blank", "missing", "login"]), json!("ada")),
            (json!({"template": "https://x/{login}/{id}.png"}), json!("https://x/ada/9007199254740993.png")),
            (json!({"join": ["login", "missing", "a.b[0].c"], "sep": " "}), json!("ada deep")),
            (json!({"if": "off", "then": "login", "else": ["a.b[0].c"]}), json!("deep")),
            (json!({"if": "login", "then": "login", "else": null}), json!("ada")),
            (json!({"find": "emails", "where": {"primary": true}, "get": "email"}), json!("y@e.com")),
        ] {
            assert_eq!(map(mapping.clone(), &profile), Some(wanted), "{mapping}");
        }
    }

    #[test]
    fn c5_what_is_missing_empty_or_of_another_shape_is_nothing() {
        let profile = json!({"blank": "", "no": null, "list": [1], "text": "x", "n": 1});
        for mapping in [
            json!("missing"),
            json!("blank"),
            json!("no"),
            json!("text.deeper"),
            json!("list[7]"),
            json!("list[-1]"),
            json!("list[x"),
            json!("n[0]"),
            json!(null),
            json!([]),
            json!({"template": "https://x/{missing}"}),
            json!({"template": "https://x/{list}"}),
            json!({"join": ["blank", "no"], "sep": " "}),
            json!({"if": "blank", "then": "text", "else": null}),
            json!({"find": "list", "where": {"primary": true}, "get": "email"}),
            json!({"find": "text", "where": {}, "get": "email"}),
        ] {
            assert_eq!(map(mapping.clone(), &profile), None, "{mapping}");
        }
    }

    #[test]
    fn an_unknown_form_or_quirk_is_refused_when_it_is_read() {
        for mapping in
            [json!({"concat": []}), json!({"quirk": "none_such"}), json!(7), json!({"template": "x", "y": 1})]
        {
            assert!(serde_json::from_value::<Mapping>(mapping.clone()).is_err(), "{mapping}");
        }
    }
}

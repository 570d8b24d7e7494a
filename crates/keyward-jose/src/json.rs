//! JSON objects in which no member occurs twice, at any depth.
//!
//! Two readers of a doubled member may each believe another one of the two, so headers, keys and claims that have one
//! are refused (RFC 7515 section 4, RFC 7517 section 4, RFC 7519 section 4).

use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Reads exactly one object; `None` for anything else.
pub(crate) fn object(json: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(json) {
        Ok(Unique(Value::Object(members))) => Some(members),
        _ => None,
    }
}

/// A value whose objects have no doubled member.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Unique(value))) = map.next_entry::<String, _>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member occurs twice"));
            }
        }
        Ok(Value::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Unique(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_member_that_occurs_twice_is_refused_at_any_depth_and_in_any_spelling() {
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[0,[{"b":1,"b":2}]]}"#,
        ] {
            assert_eq!(object(json.as_bytes()), None, "{json}");
        }
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        let deep = format!("{}{}", r#"{"a":"#.repeat(1000), "}".repeat(1000));
        for json in
            ["", "[]", "null", "\"a\"", "{}{}", "{} x", "{", "\u{feff}{}", "{'a':1}", "{\"a\":1,}", &deep]
        {
            assert_eq!(object(json.as_bytes()), None, "{json}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), None);
    }

    proptest! {
        #[test]
        fn every_object_without_doubles_is_read_as_serde_json_reads_it(
            names in prop::collection::btree_set("[a-c]{0,2}", 0..6),
            text in any::<String>(), whole in any::<i64>(), fraction in -1e9..1e9_f64, truth: bool,
        ) {
            let value = serde_json::json!([text, whole, fraction, truth, null, {"inner": [text]}]);
            let members: Map<String, Value> = names.into_iter().map(|name| (name, value.clone())).collect();
            let json = serde_json::to_vec(&members).expect("a map with text keys");
            prop_assert_eq!(object(&json), serde_json::from_slice(&json).ok());
        }
    }
}

//! The members of a record, taken out one after the other.

use jiff::Timestamp as Moment;
use keyward_core::time::Timestamp;
use serde_json::{Map, Value};

use super::mistake::Mistake;

/// Members by name.
pub(super) struct Fields(pub(super) Map<String, Value>);

impl Fields {
    /// A text; `null` and an empty one are none.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, Mistake> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
            Some(_) => Err(Mistake::Wrong(name, "is no text")),
        }
    }

    /// A text, or a whole number as one: databases number people.
    pub(super) fn id(&mut self, name: &'static str) -> Result<Option<String>, Mistake> {
        match self.take(name) {
            Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(Some(number.to_string())),
            Some(value) => {
                self.0.insert(name.to_owned(), value);
                self.text(name)
            }
            None => Ok(None),
        }
    }

    /// True or false, also as CSV has it.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, Mistake> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(Value::Number(number)) => number_flag(&number.to_string()).ok_or(NO_FLAG(name)),
            Some(Value::String(text)) if text.is_empty() => Ok(false),
            Some(Value::String(text)) => number_flag(&text).ok_or(NO_FLAG(name)),
            Some(_) => Err(NO_FLAG(name)),
        }
    }

    /// When something was the case first: a moment, or true for `now`.
    pub(super) fn since(&mut self, name: &'static str, now: Timestamp) -> Result<Option<Timestamp>, Mistake> {
        if let Some(Value::String(text)) = self.0.get(name)
            && text.len() > 5
        {
            let moment: Moment =
                text.parse().map_err(|_| Mistake::Wrong(name, "is neither true nor false nor a moment"))?;
            self.0.shift_remove(name);
            return Ok(Some(Timestamp::from_millis(moment.as_millisecond())));
        }
        Ok(self.flag(name)?.then_some(now))
    }

    /// An object, or the text of one.
    pub(super) fn object(&mut self, name: &'static str) -> Result<Map<String, Value>, Mistake> {
        match self.take(name).map(unwrapped) {
            None => Ok(Map::new()),
            Some(Value::Object(object)) => Ok(object),
            Some(_) => Err(Mistake::Wrong(name, "is no JSON object")),
        }
    }

    /// A list of objects, or the text of one.
    pub(super) fn objects(&mut self, name: &'static str) -> Result<Vec<Self>, Mistake> {
        let wrong = Mistake::Wrong(name, "is no JSON array of objects");
        match self.take(name).map(unwrapped) {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) => values
                .into_iter()
                .map(|value| match value {
                    Value::Object(object) => Ok(Self(object)),
                    _ => Err(wrong.clone()),
                })
                .collect(),
            Some(_) => Err(wrong),
        }
    }

    /// Whatever it is, but `null`.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name).filter(|value| !value.is_null())
    }

    /// True if the list `name` has members.
    pub(super) fn lists_any(&mut self, name: &str) -> bool {
        self.take(name).is_some_and(|value| value.as_array().is_some_and(|list| !list.is_empty()))
    }
}

const NO_FLAG: fn(&'static str) -> Mistake = |name| Mistake::Wrong(name, "is neither true nor false");

fn number_flag(text: &str) -> Option<bool> {
    match text {
        "true" | "TRUE" | "True" | "1" | "t" => Some(true),
        "false" | "FALSE" | "False" | "0" | "f" => Some(false),
        _ => None,
    }
}

/// A cell of CSV and a column of a database may hold JSON as text.
fn unwrapped(value: Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        value => value,
    }
}

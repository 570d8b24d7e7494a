//! A JSON object that is put together from what stands elsewhere. Nothing of that is copied.

use serde_json::{Map, Value};

use crate::json;

/// Members by name, in the order in which they were set.
#[derive(Debug, Default)]
pub(super) struct Members<'p>(Vec<(&'p str, Part<'p>)>);

/// The value of a member.
#[derive(Debug)]
pub(super) enum Part<'p> {
    /// As it stands.
    Value(&'p Value),
    /// A text that stands nowhere else.
    Text(String),
    /// An object that is put together too.
    Members(Members<'p>),
}

impl<'p> Members<'p> {
    /// Sets a member.
    pub(super) fn set(&mut self, name: &'p str, part: Part<'p>) {
        match self.get(name) {
            Some(place) => *place = part,
            None => self.0.push((name, part)),
        }
    }

    /// Sets the member at a path; what is in the way and no object gives way.
    pub(super) fn put(&mut self, path: &'p [String], value: &'p Value) {
        match path {
            [] => {}
            [last] => self.set(last, Part::Value(value)),
            [parent, rest @ ..] => match self.get(parent).and_then(Part::members) {
                Some(members) => members.put(rest, value),
                None => {
                    let mut members = Members::default();
                    members.put(rest, value);
                    self.set(parent, Part::Members(members));
                }
            },
        }
    }

    /// Adds members; what is an object on both sides keeps its own members too.
    pub(super) fn merge(&mut self, members: &'p Map<String, Value>) {
        for (name, value) in members {
            match (self.get(name).and_then(Part::members), value) {
                (Some(own), Value::Object(more)) => own.merge(more),
                _ => self.set(name, Part::Value(value)),
            }
        }
    }

    /// Writes them as JSON.
    pub(super) fn write(&self, out: &mut String) {
        json::write_members(self.0.iter().map(|(name, part)| (*name, part)), out, Part::write);
    }

    fn get(&mut self, name: &str) -> Option<&mut Part<'p>> {
        self.0.iter_mut().find(|(own, _)| *own == name).map(|(_, part)| part)
    }
}

impl<'p> Part<'p> {
    /// The members of an object, ready to be changed.
    fn members(&mut self) -> Option<&mut Members<'p>> {
        if let Self::Value(Value::Object(members)) = *self {
            let parts = members.iter().map(|(name, value)| (name.as_str(), Self::Value(value)));
            *self = Self::Members(parts.collect());
        }
        match self {
            Self::Members(members) => Some(members),
            Self::Value(_) | Self::Text(_) => None,
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Value(value) => json::write(value, out),
            Self::Text(text) => json::write_text(text, out),
            Self::Members(members) => members.write(out),
        }
    }
}

/// No name may come twice.
impl<'p> FromIterator<(&'p str, Part<'p>)> for Members<'p> {
    fn from_iter<T: IntoIterator<Item = (&'p str, Part<'p>)>>(members: T) -> Self {
        Self(members.into_iter().collect())
    }
}

impl From<Members<'_>> for Map<String, Value> {
    fn from(members: Members<'_>) -> Self {
        members.0.into_iter().map(|(name, part)| (name.to_owned(), part.into())).collect()
    }
}

impl From<Part<'_>> for Value {
    fn from(part: Part<'_>) -> Self {
        match part {
            Part::Value(value) => value.clone(),
            Part::Text(text) => Self::String(text),
            Part::Members(members) => Self::Object(members.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    /// Both ways to read it say the same.
    fn said(members: Members<'_>) -> String {
        let mut written = String::new();
        members.write(&mut written);
        let copied = Value::Object(members.into());
        assert_eq!(serde_json::to_string(&copied).expect("JSON"), written);
        written
    }

    #[test]
    fn b3_a_value_is_put_at_its_path() {
        let (ada, yes, a, one) = (json!({"name": "Ada"}), json!(true), json!("A"), json!(1));
        let put = [
            (path("user.isLoggedIn"), &yes),
            (path("user.name.first"), &a),
            (path("a.b.c"), &one),
            (path("a.b.d"), &yes),
            (Vec::new(), &one),
            (path("expires"), &a),
            (path("user.name.first"), &one),
        ];
        let mut session = Members::default();
        session.set("user", Part::Value(&ada));
        session.set("expires", Part::Text("never".to_owned()));
        for (path, value) in &put {
            session.put(path, value);
        }
        assert_eq!(
            said(session),
            r#"{"user":{"name":{"first":1},"isLoggedIn":true},"expires":"A","a":{"b":{"c":1,"d":true}}}"#
        );
    }

    #[test]
    fn objects_are_merged_and_anything_else_is_replaced_in_its_place() {
        let claim = json!({"deep": {"kept": 1, "old": 1}, "text": "x"});
        let more =
            json!({"user": {"deep": {"old": 2, "new": [3]}, "text": {"y": 1}}, "expires": null, "z": {}});
        let mut session = Members::default();
        session.set("user", Part::Value(&claim));
        session.set("expires", Part::Text("never".to_owned()));
        session.merge(more.as_object().expect("an object"));
        assert_eq!(
            said(session),
            r#"{"user":{"deep":{"kept":1,"old":2,"new":[3]},"text":{"y":1}},"expires":null,"z":{}}"#
        );
    }
}

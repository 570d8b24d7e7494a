//! What a session says of a person: the claims of a sealed token, or the data of a stored session.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::{json, time::Timestamp, user::Profile};

/// JSON members by name, in the order in which they were set.
///
/// NextAuth's own: `name`, `email`, `picture`, `sub`, and in a sealed token `iat`, `exp`, `jti`
/// (protocol notes §4.1). Keyward adds `sid`, the session's id, [`AUTH_TIME`], and in a sealed token `seen`, when its
/// record in the store was last brought up to date, and `ver`, the session's version, once somebody changed it from
/// outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims(Vec<(Name, Value)>);

impl Claims {
    /// The claims of a fresh sign-in.
    #[must_use]
    pub fn of(profile: &Profile, sub: &str, extra: Map<String, Value>) -> Self {
        let mut claims = Self::default();
        for (name, value) in [("name", &profile.name), ("email", &profile.email), ("picture", &profile.image)]
        {
            if let Some(value) = value {
                claims.set(name, value.clone().map_or(Value::Null, Value::String));
            }
        }
        claims.set("sub", sub);
        claims.keep(extra);
        claims
    }

    /// Adds what a back end or provider said. It may not forge what the token itself is made of.
    pub fn keep(&mut self, extra: Map<String, Value>) {
        for (name, value) in extra {
            if !RESERVED.contains(&name.as_str()) {
                self.set(&name, value);
            }
        }
    }

    /// A claim.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(own, _)| own.0 == name).map(|(_, value)| value)
    }

    /// A claim that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Sets a claim.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        match self.0.iter_mut().find(|(own, _)| own.0 == name) {
            Some((_, slot)) => *slot = value.into(),
            None => self.0.push((Name::of(name), value.into())),
        }
    }

    /// Takes a claim away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(own, _)| own.0 != name);
    }

    /// Sets a claim, or with `null` takes it away.
    pub fn patch(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => self.remove(name),
            value => self.set(name, value.clone()),
        }
    }

    /// Takes in what was changed from outside. What the deployment's rules show stands on what was said before: they are
    /// asked again at the next read.
    pub fn change(&mut self, patch: &Map<String, Value>) {
        for (name, value) in patch {
            self.patch(name, value);
        }
        if !patch.is_empty() && self.get(SHOWN).is_some() {
            self.set(STALE, true);
        }
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All claims in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (&*name.0, value))
    }

    /// Writes them as JSON, as [`Serialize`] does.
    pub(crate) fn write(&self, out: &mut String) {
        json::write_members(self.iter(), out, json::write);
    }

    /// Of a repeated name the last value counts, as in JavaScript.
    fn push_parsed(&mut self, name: Name, value: Value) {
        match self.0.iter_mut().find(|(own, _)| *own == name) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((name, value)),
        }
    }

    /// A claim that is a moment in seconds (RFC 7519's NumericDate).
    #[must_use]
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        let value = self.get(name)?;
        value.as_i64().map(Timestamp::from_secs).or_else(|| {
            let seconds = value.as_f64().filter(|s| s.is_finite() && s.abs() < 1e15)?;
            #[expect(clippy::cast_possible_truncation, reason = "bounded on the line above")]
            Some(Timestamp::from_millis((seconds * 1000.0) as i64))
        })
    }
}

// A handful of members, read and written at every request: a list is quicker than a map of hashes, and keeps the
// order in which an application set them.
impl Serialize for Claims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Claims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Claims, A::Error> {
        let mut claims = Claims(Vec::with_capacity(16));
        while let Some((name, value)) = members.next_entry::<Name, Value>()? {
            claims.push_parsed(name, value);
        }
        Ok(claims)
    }
}

impl FromIterator<(String, Value)> for Claims {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(members: T) -> Self {
        let mut claims = Self::default();
        for (name, value) in members {
            claims.push_parsed(Name::of(&name), value);
        }
        claims
    }
}

/// The name of a claim. Those that nearly every session has are not copied out of each token.
#[derive(Clone, Debug, PartialEq)]
struct Name(Cow<'static, str>);

impl Name {
    fn of(name: &str) -> Self {
        const USUAL: [&str; 11] =
            ["name", "email", "picture", "sub", "sid", "seen", AUTH_TIME, AMR, "iat", "exp", "jti"];
        let usual = USUAL.into_iter().find(|usual| *usual == name);
        Self(usual.map_or_else(|| Cow::Owned(name.to_owned()), Cow::Borrowed))
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a member")
            }

            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                Ok(Name::of(name))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// The claim that says when its bearer last proved who they are, in seconds (OpenID Connect Core §2). Renewing a session or
/// adding an account to it proves nothing and leaves it as it is.
pub const AUTH_TIME: &str = "auth_time";

/// The claim that says by what its bearer proved who they are (RFC 8176): see [`crate::policy::assurance`].
pub const AMR: &str = "amr";

/// Claims that describe the token or the session, which neither a back end nor `update()` may set.
pub const RESERVED: [&str; 14] =
    ["sub", "iat", "exp", "nbf", "jti", "sid", "seen", "ver", AUTH_TIME, "iss", SHOWN, STALE, VAULT, AMR];

/// Members that the deployment's rules add to what the session shows, kept until the token changes.
pub const SHOWN: &str = "shown";

/// Set while [`SHOWN`] stands on claims that were changed since.
pub const STALE: &str = "shown_stale";

/// Where the vault keeps the session's foreign tokens (`id`), and from when on a read asks for them (`due`, in
/// milliseconds).
pub const VAULT: &str = "vault";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lesson_45_a_back_end_cannot_set_what_the_token_is_made_of() {
        let extra = serde_json::json!({"sub": "root", "exp": 1, "sid": "x", "auth_time": 9, "amr": ["mfa"], "role": "admin"});
        let claims = Claims::of(&Profile::default(), "u1", extra.as_object().expect("object").clone());
        assert_eq!(claims.text("sub"), Some("u1"));
        assert_eq!(claims.get("exp"), None);
        assert_eq!(claims.get("sid"), None);
        assert_eq!(claims.get("auth_time"), None);
        assert_eq!(claims.get("amr"), None, "nobody but the flows says how sure we are (lesson 63)");
        assert_eq!(claims.text("role"), Some("admin"));
    }

    #[test]
    fn what_a_source_did_not_say_stays_unsaid_and_null_stays_null() {
        let profile = Profile { name: Some(Some("Ada".into())), email: Some(None), image: None };
        let claims = Claims::of(&profile, "u1", Map::new());
        assert_eq!(
            serde_json::to_value(&claims).expect("JSON"),
            serde_json::json!({"name":"Ada","email":null,"sub":"u1"})
        );
    }
}

//! Who the provider says the person is.

use serde::Deserialize;

use crate::{
    fault::{Code, Fault},
    mapping::{Mapping, Source},
};

/// A person as a provider describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The provider's own id of the person: opaque, stable, always a text.
    pub id: String,
    /// Name to show.
    pub name: Option<String>,
    /// E-mail address in lower case, not validated: what a provider says is not yet an address.
    pub email: Option<String>,
    /// Whether the provider says that it verified the address. `None`: it does not say.
    pub email_verified: Option<bool>,
    /// Address of a picture.
    pub image: Option<String>,
}

/// How a provider's profile becomes a [`Profile`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileMapping {
    /// Gives the id; required, and refused where it gives nothing.
    pub id: Mapping,
    /// Gives the name.
    #[serde(default = "nothing")]
    pub name: Mapping,
    /// Gives the e-mail address.
    #[serde(default = "nothing")]
    pub email: Mapping,
    /// Gives whether the address is verified: true, or the text `true`.
    #[serde(default = "nothing")]
    pub email_verified: Mapping,
    /// Gives the picture.
    #[serde(default = "nothing")]
    pub image: Mapping,
}

impl ProfileMapping {
    /// What NextAuth does where a provider says nothing: OpenID Connect's standard claims.
    #[must_use]
    pub fn standard() -> Self {
        let path = |name: &str| Mapping::Path(name.to_owned());
        Self {
            id: Mapping::First(vec![path("sub"), path("id")]),
            name: Mapping::First(vec![path("name"), path("nickname"), path("preferred_username")]),
            email: path("email"),
            email_verified: path("email_verified"),
            image: path("picture"),
        }
    }

    /// The person behind a profile.
    ///
    /// # Errors
    /// [`Code::Profile`] where there is no id: whoever has none would be a new person at every sign-in.
    pub fn apply(&self, source: Source<'_>) -> Result<Profile, Fault> {
        let id = self.id.text(source).ok_or_else(|| Code::Profile.because("the profile has no id"))?;
        if id.len() > MAX_ID {
            return Err(Code::Profile.because("the profile's id is longer than 1,024 bytes"));
        }
        Ok(Profile {
            id,
            name: self.name.text(source),
            // ASCII alone: beyond it are letters whose lower case is an ASCII letter, and so another address.
            email: self.email.text(source).map(|email| email.to_ascii_lowercase()),
            // Apple writes the text "true".
            email_verified: self.email_verified.text(source).map(|said| said == "true"),
            image: self.image.text(source),
        })
    }
}

const MAX_ID: usize = 1024;

fn nothing() -> Mapping {
    Mapping::Nothing(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    fn standard(profile: &Value) -> Result<Profile, Fault> {
        ProfileMapping::standard().apply(Source { profile, tokens: &Map::new(), issuer: "" })
    }

    #[test]
    fn c5_numbers_become_texts_and_addresses_lower_case() {
        let who =
            standard(&json!({"id": 42, "nickname": "Ada", "email": "Ada@Example.COM"})).expect("a person");
        assert_eq!(who.id, "42");
        assert_eq!(who.name.as_deref(), Some("Ada"));
        assert_eq!(who.email.as_deref(), Some("ada@example.com"));
        assert_eq!(who.email_verified, None);
    }

    #[test]
    fn c5_an_address_is_verified_only_where_the_provider_says_so() {
        for (said, verified) in [
            (json!(true), Some(true)),
            (json!("true"), Some(true)),
            (json!(false), Some(false)),
            (json!("yes"), Some(false)),
            (json!(1), Some(false)),
            (json!(null), None),
            (json!([true]), None),
        ] {
            let profile = json!({"sub": "1", "email": "a@example.com", "email_verified": said});
            assert_eq!(standard(&profile).expect("a person").email_verified, verified, "{said}");
        }
    }

    #[test]
    fn a_profile_without_an_id_is_nobody() {
        for profile in [
            json!({}),
            json!({"id": ""}),
            json!({"sub": null}),
            json!({"id": {"x": 1}}),
            json!([]),
            json!("x"),
        ] {
            assert_eq!(standard(&profile).map_err(|fault| fault.code), Err(Code::Profile), "{profile}");
        }
        let long = json!({"sub": "x".repeat(1025)});
        assert_eq!(standard(&long).map_err(|fault| fault.code), Err(Code::Profile));
    }
}

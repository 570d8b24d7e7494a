//! A person whom an embedder's own check knows.

use keyward_core::{
    method::Proof,
    port::uuid,
    user::{AccountKey, Admission, Extra, Profile, UserId},
};
use serde_json::Value;

use crate::random::SystemRandom;

/// Somebody known by an id in the embedder's own system (`source`); becomes the [`Proof`] that a
/// [`CredentialsCheck`](keyward_core::method::CredentialsCheck) answers with.
///
/// ```
/// use keyward::{Person, Proof};
///
/// let proof: Proof = Person::of("staff", "7").name("Ada").email("ada@app.example").keep("role", "admin").into();
/// assert_eq!(proof.sub, "7");
/// ```
#[derive(Clone, Debug)]
pub struct Person {
    key: AccountKey,
    profile: Profile,
    extra: Extra,
}

impl Person {
    /// Who they are: the same source and id are the same person, whichever provider they came by.
    #[must_use]
    pub fn of(source: &str, id: &str) -> Self {
        let key = AccountKey { source: source.to_owned(), id: id.to_owned() };
        Self { key, profile: Profile::default(), extra: Extra::new() }
    }

    /// Their display name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.profile.name = Some(Some(name.to_owned()));
        self
    }

    /// Their e-mail address.
    #[must_use]
    pub fn email(mut self, email: &str) -> Self {
        self.profile.email = Some(Some(email.to_owned()));
        self
    }

    /// The address of their picture.
    #[must_use]
    pub fn image(mut self, image: &str) -> Self {
        self.profile.image = Some(Some(image.to_owned()));
        self
    }

    /// A field that the token keeps beyond these. It is not shown unless the settings or
    /// [`SessionFields`](keyward_core::session::SessionFields) say so.
    #[must_use]
    pub fn keep(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(field.to_owned(), value.into());
        self
    }
}

impl From<Person> for Proof {
    fn from(person: Person) -> Self {
        let Person { key, profile, extra } = person;
        let sub = key.id.clone();
        let new_id = UserId(uuid(&SystemRandom));
        let admission = Admission::Account { key, profile: profile.clone(), new_id };
        Self { admission, sub, profile, extra, tokens: None, opens_session: true }
    }
}

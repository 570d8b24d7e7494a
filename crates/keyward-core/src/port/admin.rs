//! What an operator changes of people.

use async_trait::async_trait;
use serde_json::Value;

use super::StoreError;
pub use crate::overlay::MAX_OWN_CLAIMS;
use crate::{
    event::NewEvent,
    time::Timestamp,
    user::{self, Extra, User, UserId},
};

/// What to change of a user. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserChange {
    /// Display name.
    pub name: Option<Option<String>>,
    /// Address of a picture.
    pub image: Option<Option<String>>,
    /// Whether they are kept out.
    pub disabled: Option<bool>,
    /// Members replace the user's own claims, `null` takes them away.
    pub claims: Extra,
}

impl UserChange {
    /// The user as they are then; `None` if their claims would be longer than [`MAX_OWN_CLAIMS`].
    #[must_use]
    pub fn made_to(&self, user: &User, now: Timestamp) -> Option<User> {
        let mut user = user.clone();
        if let Some(name) = &self.name {
            user.name.clone_from(name);
        }
        if let Some(image) = &self.image {
            user.image.clone_from(image);
        }
        if let Some(disabled) = self.disabled {
            user.disabled = disabled.then(|| user.disabled.unwrap_or(now));
        }
        user::patch(&mut user.claims, &self.claims);
        let length = serde_json::to_string(&user.claims).map_or(0, |text| text.len());
        (length <= MAX_OWN_CLAIMS).then_some(user)
    }

    /// What it changes in each session of theirs.
    #[must_use]
    pub fn of_sessions(&self) -> Extra {
        let mut patch = self.claims.clone();
        for (claim, value) in [("name", &self.name), ("picture", &self.image)] {
            if let Some(value) = value {
                patch.insert(claim.to_owned(), value.clone().map_or(Value::Null, Value::String));
            }
        }
        patch
    }
}

/// What came of a change from outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Altered<T> {
    /// It stands.
    Done(T),
    /// There is no such user or session; nothing was written.
    NotFound,
    /// The claims would be longer than [`MAX_OWN_CLAIMS`]; nothing was written.
    TooLarge,
}

/// The operator's side of the directory.
#[async_trait]
pub trait Administration: Send + Sync {
    /// Changes a user and, in the same transition, all their sessions: what they say follows, each with a version of
    /// its own, and a user who is disabled has none left. A session in which so much was changed before that it would
    /// be [too large](Altered::TooLarge) is ended. Changes and endings are remembered until `until`. `events` go into the
    /// outbox with it. Answers with the user as they are then.
    async fn change_user(
        &self,
        id: &UserId,
        change: &UserChange,
        now: Timestamp,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<Altered<User>, StoreError>;

    /// Deletes a user with their accounts and sessions (lesson 56). False if there is none. Sealed sessions are
    /// remembered as ended until `until`.
    async fn remove_user(
        &self,
        id: &UserId,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<bool, StoreError>;
}

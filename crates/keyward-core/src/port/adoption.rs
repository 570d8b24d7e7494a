//! Sessions that another implementation sealed: NextAuth before Keyward took over, or an application. They get a record
//! when they are first read, so that they are listed and ended like any other.

use async_trait::async_trait;
use keyward_jose::digest::sha256;

use super::{SessionId, StoreError};
use crate::{time::Timestamp, user::UserId};

/// A session of another implementation's, about to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// Made of what its token says, so that everybody who reads the token comes to the same.
    pub id: SessionId,
    /// When it was sealed.
    pub sealed: Timestamp,
    /// When its record ends unless it is renewed.
    pub expires: Timestamp,
    /// Until when an ending is remembered that was made when it was sealed. What is remembered as long or longer was
    /// made since, and ends it.
    pub outlived_by: Timestamp,
    /// The person's id, as the token says it: a user's, or that of an account at whatever source.
    pub subject: Option<String>,
    /// The person's normalised address, as the token says it.
    pub email: Option<String>,
    /// The browser that it was first read for, as [`super::NewSession::user_agent`].
    pub user_agent: Option<String>,
    /// The network that it was first read from, as [`super::NewSession::address`].
    pub address: Option<String>,
}

impl Adoption {
    /// What the token calls its person.
    #[must_use]
    pub fn names(&self) -> Vec<PersonName> {
        let id = self.subject.as_deref().map(PersonName::id);
        id.into_iter().chain(self.email.as_deref().map(PersonName::address)).collect()
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adopted {
    /// It has a record, since now or since before.
    Alive {
        /// When the record was last brought up to date.
        seen: Timestamp,
    },
    /// It is over; nothing was written.
    Over,
}

/// What a person is called in tokens of others. Hashed, because it is remembered for a while after the person is gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PersonName(String);

impl PersonName {
    /// An id.
    #[must_use]
    pub fn id(text: &str) -> Self {
        Self::of("id", text)
    }

    /// A normalised address.
    #[must_use]
    pub fn address(text: &str) -> Self {
        Self::of("address", text)
    }

    /// What a user may be called: by their id, that of an account of theirs, or their address, if that is proven. An
    /// unproven one may be somebody else's, whose sessions are none of theirs.
    pub fn of_user<'a>(
        id: &'a UserId,
        accounts: impl IntoIterator<Item = &'a str>,
        proven_address: Option<&str>,
    ) -> Vec<Self> {
        let ids = [id.0.as_str()].into_iter().chain(accounts).map(Self::id);
        ids.chain(proven_address.map(Self::address)).collect()
    }

    /// 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(kind: &str, text: &str) -> Self {
        Self(hex::encode(sha256(&[kind.as_bytes(), b"\0", text.as_bytes()])))
    }
}

/// The ledger's part in it.
///
/// A record that was adopted belongs to every user who is [called](PersonName::of_user) by one of its names, now or later:
/// it is among their sessions when they are listed or ended. It says nothing of theirs, so what changes what their sessions
/// say ends it. It is nobody's where it is asked who may do something.
///
/// Whatever ends or changes all sessions of a user, or all but one, is remembered under these names as long as the endings
/// of sessions are: a token that was sealed before, and was never read here, is over too.
#[async_trait]
pub trait Adoptions: Send + Sync {
    /// Records a session that was seen `now`, unless it has a record. It is [over](Adopted::Over) if it was ended, if
    /// one of its names was since it was sealed, or if an operator keeps out who is called so.
    async fn adopt(&self, what: &Adoption, now: Timestamp) -> Result<Adopted, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_and_an_address_of_the_same_text_are_two_names() {
        assert_ne!(PersonName::id("a@b.example"), PersonName::address("a@b.example"));
        assert_eq!(PersonName::id("7"), PersonName::of_user(&UserId("u".to_owned()), ["7"], None)[1]);
        assert_eq!(PersonName::id("7").as_str().len(), 64);
    }
}

//! Refresh tokens: one family for each session that was opened for a program.

use std::time::Duration;

use async_trait::async_trait;

use super::{SessionId, StoreError, TokenHash};
use crate::{event::NewEvent, time::Timestamp, user::UserId};

/// A family of refresh tokens about to be begun, together with its session. It ends when the session does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGrant {
    /// The application that it is bound to (lesson 24); `None` for one without a credential.
    pub client: Option<String>,
    /// What it allows, in JSON; the store does not look into it.
    pub terms: String,
    /// The first refresh token.
    pub token: TokenHash,
}

/// A family as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose session it is.
    pub user: UserId,
    /// [`NewGrant::terms`].
    pub terms: String,
}

/// A refresh token that is given for its successor.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// Whose family.
    pub session: SessionId,
    /// The application that gives it.
    pub client: Option<String>,
    /// The token that was given. It was made here: whoever asks has checked that.
    pub given: TokenHash,
    /// What it is to become.
    pub next: TokenHash,
    /// What `next` was made with, kept for those who come with the same token within the grace.
    pub salt: [u8; 32],
    /// Now.
    pub now: Timestamp,
    /// How long a token that was used is answered with the same successor.
    pub grace: Duration,
    /// When the session ends unless the next token is used.
    pub expires: Timestamp,
    /// Until when the session is remembered as ended, should this be a reuse.
    pub until: Timestamp,
    /// Written if this is a reuse.
    pub events: Vec<NewEvent>,
}

/// What came of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// The token is used up, and `next` is the current one.
    Done(Grant),
    /// Somebody was quicker, within the grace: the successor is what this salt makes of the token. Nothing was written.
    Already {
        /// The family.
        grant: Grant,
        /// [`Rotation::salt`] of who was quicker.
        salt: [u8; 32],
        /// [`Rotation::next`] of who was quicker.
        next: TokenHash,
    },
    /// It was used before the grace: somebody has a copy. The session is ended (lesson 22).
    Reused(UserId),
    /// It is bound to another application (lesson 24). Nothing was written.
    OtherClient,
    /// The family is over, or never was. Nothing was written.
    Gone,
}

/// Families of refresh tokens.
#[async_trait]
pub trait Grants: Send + Sync {
    /// The family of a session, whether or not the session has expired.
    async fn grant(&self, session: &SessionId) -> Result<Option<Grant>, StoreError>;

    /// Gives a token for its successor. Of many at once with one token, in all processes, one is [`Rotated::Done`] and
    /// the others are [`Rotated::Already`] with what the one wrote (lessons 21, 22).
    async fn rotate_grant(&self, rotation: &Rotation) -> Result<Rotated, StoreError>;
}

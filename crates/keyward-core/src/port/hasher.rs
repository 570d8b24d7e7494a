//! Passwords: hashed, checked, judged.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    policy::strength::{Strength, score},
    secret::Secret,
};

/// What a password turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not the password.
    NoMatch,
    /// The password.
    Match,
    /// The password, hashed with parameters that are no longer ours: hash it again.
    MatchOutdated,
}

/// Why a password was not hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The queue is full. Nothing was hashed.
    #[error("too many passwords are waiting to be checked")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The stored hash cannot be read, or hashing failed.
    #[error("the password could not be hashed")]
    Failed,
}

/// What passwords cost, on a bounded pool (invariant 10).
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// One hash, as a PHC string.
    async fn hash(&self, password: &Secret) -> Result<String, HashError>;

    /// Exactly one hash, also with `against: None` (nobody has that address), which never matches.
    async fn verify(&self, password: &Secret, against: Option<&str>) -> Result<Verdict, HashError>;

    /// How hard a password is to guess ([`score`]): chosen with care, one costs as much as a hash or more.
    async fn score(&self, password: &Secret, about: &[&str]) -> Result<Strength, HashError> {
        Ok(score(password.expose(), about))
    }

    /// Whether a password is on a list of breached ones ([`crate::policy::breached`]): reads files where there are any.
    async fn is_breached(&self, _password: &Secret) -> Result<bool, HashError> {
        Ok(false)
    }
}

//! People and their sessions from outside: for operators, by the admin API, the command line, or an embedder's code.

use crate::{
    claims::RESERVED,
    deployment::Deployment,
    error::{Code, Refusal},
    event::NewEvent,
    port::{Altered, Ending, SessionEntry, SessionId, UserChange, Which},
    session,
    user::{Extra, User, UserId},
};

/// Longest display name, in characters.
const MAX_NAME: usize = 200;
/// Longest address of a picture, in characters.
const MAX_IMAGE: usize = 2048;
/// Longest name of a claim, in characters.
const MAX_CLAIM: usize = 64;

/// Claims that say what the directory says: they are changed there.
const OF_PROFILE: [&str; 3] = ["name", "email", "picture"];

/// What an operator does to people, on a deployment that runs. What it changes shows in this process at once, and in
/// every other one within a second.
pub struct People<'d> {
    deployment: &'d Deployment,
}

impl<'d> People<'d> {
    pub(crate) const fn of(deployment: &'d Deployment) -> Self {
        Self { deployment }
    }

    /// Changes a user and all their sessions. `events` are written with it.
    ///
    /// # Errors
    /// [`Code::UserUnknown`], [`Code::InvalidField`], [`Code::ClaimReserved`], [`Code::ClaimsTooLarge`],
    /// [`Code::StoreUnavailable`].
    pub async fn change(
        &self,
        id: &UserId,
        change: &UserChange,
        events: &[NewEvent],
    ) -> Result<User, Refusal> {
        check(change)?;
        let (now, until) = self.now_and_until();
        let changed = self.deployment.store().change_user(id, change, now, until, events).await?;
        session::take_over_changes(self.deployment, now).await;
        done(changed, Code::UserUnknown)
    }

    /// Deletes a user with all that is theirs.
    ///
    /// # Errors
    /// [`Code::UserUnknown`], [`Code::StoreUnavailable`].
    pub async fn delete(&self, id: &UserId, events: &[NewEvent]) -> Result<(), Refusal> {
        let (now, until) = self.now_and_until();
        let deleted = self.deployment.store().remove_user(id, until, events).await?;
        session::take_over_changes(self.deployment, now).await;
        if deleted { Ok(()) } else { Err(Refusal::new(Code::UserUnknown)) }
    }

    /// A user's sessions that are alive, the one seen last first.
    ///
    /// # Errors
    /// [`Code::StoreUnavailable`].
    pub async fn sessions(&self, id: &UserId) -> Result<Vec<SessionEntry>, Refusal> {
        Ok(self.deployment.store().sessions_of(id, self.deployment.now()).await?)
    }

    /// Ends sessions of a user. Says how many.
    ///
    /// # Errors
    /// [`Code::StoreUnavailable`].
    pub async fn end_sessions(
        &self,
        id: &UserId,
        which: &Which,
        events: &[NewEvent],
    ) -> Result<u64, Refusal> {
        let (now, until) = self.now_and_until();
        let ended = self.deployment.store().end_sessions(id, which, None, until, events).await?;
        session::take_over_changes(self.deployment, now).await;
        Ok(ended.unwrap_or_default())
    }

    /// Ends a session of which it is not known whose it is. It need not be there.
    ///
    /// # Errors
    /// [`Code::StoreUnavailable`].
    pub async fn end_session(&self, id: &SessionId, events: &[NewEvent]) -> Result<(), Refusal> {
        let (now, until) = self.now_and_until();
        self.deployment.store().end_session(&Ending::Id(id.clone()), until, events).await?;
        session::take_over_changes(self.deployment, now).await;
        Ok(())
    }

    /// Changes what a session says: members of `patch` replace claims, `null` takes them away.
    ///
    /// # Errors
    /// [`Code::SessionUnknown`], [`Code::ClaimReserved`], [`Code::ClaimsTooLarge`], [`Code::StoreUnavailable`].
    pub async fn change_session(
        &self,
        id: &SessionId,
        patch: &Extra,
        events: &[NewEvent],
    ) -> Result<(), Refusal> {
        check_claims(patch)?;
        let (now, until) = self.now_and_until();
        let changed = self.deployment.store().change_session(id, patch, until, events).await?;
        session::take_over_changes(self.deployment, now).await;
        done(changed, Code::SessionUnknown)
    }

    fn now_and_until(&self) -> (crate::time::Timestamp, crate::time::Timestamp) {
        let now = self.deployment.now();
        (now, session::remembered_until(now, self.deployment.settings().session.max_age))
    }
}

/// Whether a change may be made at all.
///
/// # Errors
/// [`Code::InvalidField`] or [`Code::ClaimReserved`].
pub fn check(change: &UserChange) -> Result<(), Refusal> {
    let is_long = |text: &Option<Option<String>>, most| {
        text.as_ref().and_then(Option::as_ref).is_some_and(|text| !is_plain(text, most))
    };
    if is_long(&change.name, MAX_NAME) || is_long(&change.image, MAX_IMAGE) {
        return Err(Refusal::new(Code::InvalidField).because("a text is too long, or no plain text"));
    }
    check_claims(&change.claims)
}

/// What the token itself is made of is nobody's to set (lesson 45), nor what the directory says.
fn check_claims(claims: &Extra) -> Result<(), Refusal> {
    for name in claims.keys() {
        if RESERVED.contains(&name.as_str()) || OF_PROFILE.contains(&name.as_str()) {
            return Err(Refusal::new(Code::ClaimReserved).because(name.clone()));
        }
        if name.is_empty() || !is_plain(name, MAX_CLAIM) {
            return Err(Refusal::new(Code::InvalidField).because("the name of a claim is none"));
        }
    }
    Ok(())
}

fn is_plain(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(char::is_control)
}

fn done<T>(altered: Altered<T>, unknown: Code) -> Result<T, Refusal> {
    match altered {
        Altered::Done(done) => Ok(done),
        Altered::NotFound => Err(Refusal::new(unknown)),
        Altered::TooLarge => Err(Refusal::new(Code::ClaimsTooLarge)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused(change: &UserChange) -> Option<&'static str> {
        check(change).err().map(|refusal| refusal.code.as_str())
    }

    #[test]
    fn lesson_45_an_operator_sets_nothing_that_a_token_is_made_of() {
        let with = |name: &str| UserChange {
            claims: Extra::from_iter([(name.to_owned(), Value::Null)]),
            ..UserChange::default()
        };
        for name in RESERVED.into_iter().chain(OF_PROFILE) {
            assert_eq!(refused(&with(name)), Some("claim_reserved"), "{name}");
        }
        for name in ["", "a\nb", &"x".repeat(65)] {
            assert_eq!(refused(&with(name)), Some("invalid_field"), "{name}");
        }
        for name in ["role", "accessToken", &"x".repeat(64), "ключ"] {
            assert_eq!(refused(&with(name)), None, "{name}");
        }
    }

    #[test]
    fn texts_have_an_end() {
        let named = |name: &str| UserChange { name: Some(Some(name.to_owned())), ..UserChange::default() };
        assert_eq!(refused(&named(&"é".repeat(200))), None);
        assert_eq!(refused(&named(&"é".repeat(201))), Some("invalid_field"));
        assert_eq!(refused(&named("a\0")), Some("invalid_field"));
        let image = json!("x".repeat(2049));
        let image = UserChange { image: Some(image.as_str().map(str::to_owned)), ..UserChange::default() };
        assert_eq!(refused(&image), Some("invalid_field"));
        assert_eq!(
            refused(&UserChange { name: Some(None), image: Some(None), ..UserChange::default() }),
            None
        );
    }
}

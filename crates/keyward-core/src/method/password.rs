//! Keyward's own accounts: sign-up and sign-in with an e-mail address and a password (F1).

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Map;

use super::{CredentialsCheck, OpensTo, Proof, Submitted};
pub use crate::policy::strength::{Strength, score};
use crate::{
    error::{Code, Refusal},
    policy::email,
    port::{Limit, PasswordHasher, Random, Store, Verdict, uuid},
    secret::Secret,
    user::{Admission, NewUser, Profile, User, UserId},
};

/// Longest password, in bytes. Long enough for any phrase; what hashing costs does not depend on it.
pub const MAX_PASSWORD: usize = 1024;

/// Longest display name, in characters.
const MAX_NAME: usize = 200;

/// Signs in to an account of the directory.
///
/// An unknown address and a wrong password give the same answer after the same work: exactly one hash.
pub struct PasswordSignIn {
    /// Where the accounts are.
    pub store: Arc<dyn Store>,
    /// Hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
}

#[async_trait]
impl CredentialsCheck for PasswordSignIn {
    async fn check(&self, submitted: &Submitted) -> Result<Proof, Refusal> {
        let password = password_of(submitted)?;
        // An address that is none is an address that nobody has.
        let account = match email::normalise(required(submitted, "email")?) {
            Some(address) => self.store.password_by_email(&address).await?,
            None => None,
        };
        let hash = account.as_ref().map(|account| account.hash.as_str());
        let verdict = self.hasher.verify(&password, hash).await?;
        let (Some(account), Verdict::Match | Verdict::MatchOutdated) = (account, verdict) else {
            return Err(Refusal::new(Code::CredentialsSignin));
        };
        let mut hash = account.hash;
        if verdict == Verdict::MatchOutdated {
            hash = self.rehash(&account.user, hash, &password).await?;
        }
        let admission = Admission::Password { user: account.user.id.clone(), hash };
        Ok(Proof { admission, ..proof_of(account.user) })
    }

    fn opens_to(&self) -> OpensTo<'_> {
        OpensTo::Password
    }
}

impl PasswordSignIn {
    /// Replaces a hash made with parameters that are no longer ours, and says which one stands now. Can wait for
    /// the next sign-in if it fails.
    async fn rehash(&self, user: &User, from: String, password: &Secret) -> Result<String, Refusal> {
        let Ok(to) = self.hasher.hash(password).await else { return Ok(from) };
        match self.store.replace_password(&user.id, &from, &to).await {
            Ok(true) => return Ok(to),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "an outdated password hash could not be replaced"),
        }
        // Or it was, by who signs in at the same moment, or the answer was lost: by the old one nobody would be let in.
        let email = user.email.as_deref().unwrap_or_default();
        let stands = self.store.password_by_email(email).await?;
        match stands.filter(|stands| stands.user.id == user.id && stands.hash != from) {
            Some(stands) if self.hasher.verify(password, Some(&stands.hash)).await? == Verdict::Match => {
                Ok(stands.hash)
            }
            _ => Ok(from),
        }
    }
}

fn proof_of(user: User) -> Proof {
    Proof {
        sub: user.subject().to_owned(),
        profile: Profile { name: Some(user.name), email: Some(user.email), image: user.image.map(Some) },
        admission: Admission::User(user.id),
        extra: Map::new(),
        tokens: None,
        opens_session: true,
    }
}

/// Makes an account in the directory and signs in to it.
pub struct PasswordSignUp {
    /// Hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Draws user ids.
    pub random: Arc<dyn Random>,
    /// What is asked of a new password.
    pub strength: Strength,
    /// True: an address that somebody has is refused as such, and a new one is signed in at once. False: both
    /// are answered alike and the person is asked to sign in.
    pub reveals_existing: bool,
}

#[async_trait]
impl CredentialsCheck for PasswordSignUp {
    async fn check(&self, submitted: &Submitted) -> Result<Proof, Refusal> {
        let password = password_of(submitted)?;
        let address = email::normalise(required(submitted, "email")?)
            .ok_or_else(|| Refusal::new(Code::InvalidEmail))?;
        let name = submitted.text("name").map(str::trim).filter(|name| !name.is_empty());
        let name: Option<String> =
            name.map(|name| name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect());
        let local = address.split('@').next().unwrap_or_default();
        let about = [address.as_str(), local, name.as_deref().unwrap_or_default()];
        judge_new(self.hasher.as_ref(), self.strength, &password, &about).await?;
        let password_hash = self.hasher.hash(&password).await?;
        let id = UserId(uuid(self.random.as_ref()));
        let mut proof =
            proof_of(User { email: Some(address.clone()), name: name.clone(), ..User::new(id.clone()) });
        // What somebody typed proves nothing.
        let user = NewUser { id, email: Some(address), email_verified: false, name, image: None };
        proof.admission = Admission::NewUser { user, password_hash };
        proof.opens_session = self.reveals_existing;
        Ok(proof)
    }

    fn limit(&self) -> Limit {
        Limit::SignUpPerAddress
    }
}

/// Whether a password may be chosen, at sign-up, change and reset alike: hard to guess for somebody who knows `about`
/// the person, and on no list of breached ones.
///
/// # Errors
/// [`Code::PasswordTooLong`], [`Code::WeakPassword`], [`Code::BreachedPassword`], and those of the hasher.
pub async fn judge_new(
    hasher: &dyn PasswordHasher,
    strength: Strength,
    password: &Secret,
    about: &[&str],
) -> Result<(), Refusal> {
    if password.expose().len() > MAX_PASSWORD {
        return Err(Refusal::new(Code::PasswordTooLong));
    }
    if hasher.score(password, about).await? < strength {
        return Err(Refusal::new(Code::WeakPassword));
    }
    if hasher.is_breached(password).await? {
        return Err(Refusal::new(Code::BreachedPassword));
    }
    Ok(())
}

fn required<'a>(submitted: &'a Submitted, name: &str) -> Result<&'a str, Refusal> {
    let value = submitted.text(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| Refusal::new(Code::MissingField).because(format!("{name:?} was not submitted")))
}

fn password_of(submitted: &Submitted) -> Result<Secret, Refusal> {
    let password = required(submitted, "password")?;
    if password.len() > MAX_PASSWORD {
        return Err(Refusal::new(Code::PasswordTooLong));
    }
    Ok(Secret::from(password))
}

//! One sign-in attempt between the request that starts it and the callback that ends it, sealed into a cookie.
//!
//! NextAuth keeps state, nonce and verifier in a cookie each. Here one sealed cookie holds all of an attempt: its
//! parts cannot be exchanged one by one, and it is bound to provider, purpose, redirect address and expiry. Nobody
//! but us reads it. Which cookie that is, says [`keyward_core::dialect::attempts`].

use std::time::Duration;

pub use keyward_core::method::redirect::Purpose;
use keyward_core::{port::Random, secret::Secret, time::Timestamp};
use keyward_jose::{
    jwe::{self, ContentKey, Encryption, IV_LEN},
    kdf::hkdf_sha256,
};
use serde::{Deserialize, Serialize};

use crate::{
    checks::Checks,
    fault::{Code, Fault},
};

/// How long a person may take at the provider.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// An attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// The provider's id in this deployment.
    pub provider: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The redirect address that was sent; the token request repeats it.
    pub redirect_uri: String,
    /// Where the person wants to land.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landing: Option<String>,
    /// What ties the answer to it.
    pub checks: Checks,
    /// Seconds since the epoch.
    pub expires: i64,
}

/// Seals attempts and opens them, with keys of their own.
#[derive(Debug)]
pub struct Sealer {
    /// The first seals; all open.
    keys: Vec<ContentKey>,
}

impl Sealer {
    /// Derives a key from each of the deployment's secrets, the current one first.
    #[must_use]
    pub fn new(secrets: &[Secret]) -> Self {
        let key = |secret: &Secret| {
            let bytes = hkdf_sha256::<32>(secret.expose().as_bytes(), b"", b"Keyward provider attempt");
            ContentKey::new(Encryption::A256Gcm, bytes.as_slice()).expect("A256GCM takes 32 bytes")
        };
        Self { keys: secrets.iter().map(key).collect() }
    }

    /// The cookie's value.
    ///
    /// # Errors
    /// [`Code::BadRequest`] without any secret, or where the attempt is too long to seal.
    pub fn seal(&self, attempt: &Attempt, random: &dyn Random) -> Result<String, Fault> {
        let fault = || Code::BadRequest.because("the attempt could not be sealed");
        let mut iv = [0; IV_LEN];
        random.fill(&mut iv);
        let text = serde_json::to_vec(attempt).map_err(|_| fault())?;
        jwe::encrypt(self.keys.first().ok_or_else(fault)?, &text, iv).map_err(|_| fault())
    }

    /// The attempt in a cookie, if it is of this provider and not over. The caller compares the purpose.
    ///
    /// # Errors
    /// [`Code::BadAttempt`] for anything else.
    pub fn open(&self, cookie: &str, provider: &str, now: Timestamp) -> Result<Attempt, Fault> {
        let text = self.keys.iter().find_map(|key| jwe::decrypt(key, cookie).ok());
        let text = text.ok_or_else(|| Code::BadAttempt.because("the attempt's cookie cannot be opened"))?;
        let attempt: Attempt = serde_json::from_slice(&text)
            .map_err(|_| Code::BadAttempt.because("the attempt's cookie is of another form"))?;
        attempt.must_be_of(provider, now)?;
        Ok(attempt)
    }
}

impl Attempt {
    /// Lesson 28: an attempt counts for the provider that it was begun with, and for a while.
    pub(crate) fn must_be_of(&self, provider: &str, now: Timestamp) -> Result<(), Fault> {
        if self.provider != provider {
            return Err(Code::BadAttempt.because("the attempt was begun with another provider"));
        }
        if self.expires <= now.secs() {
            return Err(Code::BadAttempt.because("the attempt took too long"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use keyward_testkit::{FakeClock, SeededRandom};

    use keyward_core::port::Clock;

    use super::*;

    fn attempt(now: Timestamp) -> Attempt {
        Attempt {
            provider: "github".to_owned(),
            purpose: Purpose::Link { user: "u1".to_owned(), session: "s1".to_owned() },
            redirect_uri: "https://app.example/api/auth/callback/github".to_owned(),
            landing: Some("https://app.example/dash".to_owned()),
            checks: Checks {
                state: "s".to_owned(),
                nonce: Some("n".to_owned()),
                code_verifier: Some("v".to_owned()),
            },
            expires: now.plus(LIFETIME).secs(),
        }
    }

    #[test]
    fn an_attempt_comes_back_as_it_was_sealed_also_after_a_rotation() {
        let (clock, random) = (FakeClock::default(), SeededRandom::default());
        let (old, new) = (Secret::from("old secret"), Secret::from("new secret"));
        let cookie =
            Sealer::new(std::slice::from_ref(&old)).seal(&attempt(clock.now()), &random).expect("sealed");
        let opened = Sealer::new(&[new.clone(), old]).open(&cookie, "github", clock.now());
        assert_eq!(opened, Ok(attempt(clock.now())));
        assert!(!cookie.contains("github"));
        assert_eq!(
            Sealer::new(&[new]).open(&cookie, "github", clock.now()).map_err(|f| f.code),
            Err(Code::BadAttempt)
        );
    }

    #[test]
    fn lesson_28_an_attempt_is_refused_for_another_provider_after_its_time_or_when_changed() {
        let (clock, random) = (FakeClock::default(), SeededRandom::default());
        let sealer = Sealer::new(&[Secret::from("secret")]);
        let cookie = sealer.seal(&attempt(clock.now()), &random).expect("sealed");
        let code = |cookie: &str, provider: &str, now| {
            sealer.open(cookie, provider, now).map_err(|fault| fault.code)
        };

        assert_eq!(code(&cookie, "google", clock.now()), Err(Code::BadAttempt));
        let late = clock.now().plus(LIFETIME);
        assert_eq!(code(&cookie, "github", late), Err(Code::BadAttempt));
        for length in 0..cookie.len() {
            assert_eq!(code(&cookie[..length], "github", clock.now()), Err(Code::BadAttempt), "{length}");
        }
    }

    #[test]
    fn lesson_54_a_session_token_of_the_same_secret_is_no_attempt() {
        let clock = FakeClock::default();
        let session_key = hkdf_sha256::<32>(b"secret", b"", b"NextAuth.js Generated Encryption Key");
        let key = ContentKey::new(Encryption::A256Gcm, session_key.as_slice()).expect("a key");
        let text = serde_json::to_vec(&attempt(clock.now())).expect("JSON");
        let token = jwe::encrypt(&key, &text, [1; IV_LEN]).expect("a token");
        let opened = Sealer::new(&[Secret::from("secret")]).open(&token, "github", clock.now());
        assert_eq!(opened.map_err(|fault| fault.code), Err(Code::BadAttempt));
    }
}

//! Seals small texts that come back to us: through the browser, or out of the store.

use keyward_jose::{
    jwe::{self, ContentKey, Encryption, IV_LEN},
    kdf::hkdf_sha256,
};
use serde::{Deserialize, Serialize};

use crate::{port::Random, secret::Secret, time::Timestamp};

/// Seals texts and opens them, with a key of its own.
pub struct Sealer {
    /// The first seals; all open.
    keys: Vec<ContentKey>,
}

/// What a sealed text is for. Sealed for something else it opens nothing (invariant 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// The secret of an authenticator app, in the store; of its user.
    App,
    /// The secret of an authenticator app that is being set up, in a form; of a session.
    SetUp,
    /// What a sign-in that waits for its second factor would say; of its ticket.
    Pending,
    /// What the session of who adds an account says; of its ticket.
    Linking,
    /// A passkey's challenge, in a cookie; of nobody yet.
    Challenge,
}

impl Sealed {
    const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::SetUp => "set-up",
            Self::Pending => "pending",
            Self::Linking => "linking",
            Self::Challenge => "challenge",
        }
    }
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Content {
    purpose: String,
    of: String,
    text: String,
    /// The last moment at which it is good, in milliseconds; `None`: for good.
    until: Option<i64>,
}

impl Sealer {
    /// Derives a key from each secret, the current one first.
    #[must_use]
    pub fn new(secrets: &[Secret]) -> Self {
        let key = |secret: &Secret| {
            let bytes = hkdf_sha256::<32>(secret.expose().as_bytes(), b"", b"Keyward second factors");
            ContentKey::new(Encryption::A256Gcm, bytes.as_slice()).expect("A256GCM takes 32 bytes")
        };
        Self { keys: secrets.iter().map(key).collect() }
    }

    /// Seals a text for a purpose, `of` whom or what it is alone. `None` if it is too long for a token.
    #[must_use]
    pub fn seal(
        &self,
        purpose: Sealed,
        of: &str,
        text: &str,
        until: Option<Timestamp>,
        random: &dyn Random,
    ) -> Option<String> {
        let content = Content {
            purpose: purpose.as_str().to_owned(),
            of: of.to_owned(),
            text: text.to_owned(),
            until: until.map(Timestamp::millis),
        };
        let mut iv = [0; IV_LEN];
        random.fill(&mut iv);
        jwe::encrypt(self.keys.first()?, &serde_json::to_vec(&content).ok()?, iv).ok()
    }

    /// The text, if it was sealed for this, of this, with a key that is still there, and its time is not over.
    #[must_use]
    pub fn open(&self, purpose: Sealed, of: &str, sealed: &str, now: Timestamp) -> Option<Secret> {
        let text = self.keys.iter().find_map(|key| jwe::decrypt(key, sealed).ok())?;
        let content: Content = serde_json::from_slice(&text).ok()?;
        let is_alive = content.until.is_none_or(|until| now.millis() <= until);
        (content.purpose == purpose.as_str() && content.of == of && is_alive).then(|| content.text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;
    impl Random for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn lesson_54_a_text_opens_for_its_own_purpose_and_owner_and_in_time_alone() {
        let now = Timestamp::from_secs(1_780_000_000);
        let (old, new) = (Secret::from("old secret"), Secret::from("new secret"));
        let sealer = Sealer::new(std::slice::from_ref(&old));
        let sealed = sealer.seal(Sealed::SetUp, "s1", "hidden", Some(now), &Sevens).expect("sealed");
        let opens = |sealer: &Sealer, purpose, of, now| sealer.open(purpose, of, &sealed, now).is_some();
        assert!(opens(&sealer, Sealed::SetUp, "s1", now));
        assert!(opens(&Sealer::new(&[new.clone(), old]), Sealed::SetUp, "s1", now), "after a rotation");
        assert!(!opens(&sealer, Sealed::App, "s1", now));
        assert!(!opens(&sealer, Sealed::SetUp, "s2", now));
        assert!(!opens(&sealer, Sealed::SetUp, "s1", now.plus(std::time::Duration::from_millis(1))));
        assert!(!opens(&Sealer::new(&[new]), Sealed::SetUp, "s1", now), "the key is gone");
        for length in 0..sealed.len() {
            assert!(sealer.open(Sealed::SetUp, "s1", &sealed[..length], now).is_none(), "{length}");
        }
    }
}

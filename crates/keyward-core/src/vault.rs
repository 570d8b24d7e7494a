//! The vault: tokens of others, sealed for the store. A copy of the database alone opens none of them.
//!
//! An account's are those that its provider handed out at the last sign-in. A session's are kept fresh ([`Keeper`]).

mod entry;
mod foreign;
mod keeper;

use keyward_jose::{
    jwe::{self, ContentKey, Encryption, IV_LEN},
    kdf::hkdf_sha256,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::{
    foreign::{BEFORE, Foreign, ForeignTokens, REFRESH_ERROR, RefreshFault, Refresher, TokenSource},
    keeper::{Held, Keeper, Lost, Trouble},
};
use crate::{port::Random, secret::Secret, user::AccountKey};

/// Seals tokens and opens them, with keys of its own.
pub struct Vault {
    /// The first seals; all open.
    keys: Vec<ContentKey>,
    /// As `keys`, for sessions' tokens.
    entry_keys: Vec<ContentKey>,
}

/// Members of a token response that are kept: those that Auth.js keeps (protocol notes §5.6).
const KEPT: [&str; 7] =
    ["access_token", "id_token", "refresh_token", "expires_at", "scope", "token_type", "session_state"];

/// Longest sealed tokens, in bytes. With more the provider is odd, and the database would grow at its will.
const LONGEST: usize = 64 * 1024;

/// What is sealed. With the account's key in it, a row that was moved to another account opens as nothing.
#[derive(Serialize, Deserialize)]
struct Content {
    source: String,
    id: String,
    tokens: Map<String, Value>,
}

impl Vault {
    /// Derives a key from each secret, the current one first.
    #[must_use]
    pub fn new(secrets: &[Secret]) -> Self {
        let keys = |purpose: &[u8]| {
            let key = |secret: &Secret| {
                let bytes = hkdf_sha256::<32>(secret.expose().as_bytes(), b"", purpose);
                ContentKey::new(Encryption::A256Gcm, bytes.as_slice()).expect("A256GCM takes 32 bytes")
            };
            secrets.iter().map(key).collect()
        };
        Self { keys: keys(b"Keyward provider tokens"), entry_keys: keys(b"Keyward session tokens") }
    }

    /// Seals what an account's token response holds. `None` if that is more than can be kept.
    #[must_use]
    pub fn seal(
        &self,
        key: &AccountKey,
        account: &Map<String, Value>,
        random: &dyn Random,
    ) -> Option<Vec<u8>> {
        let kept = |name: &str| Some((name.to_owned(), account.get(name)?.clone()));
        let tokens = KEPT.into_iter().filter_map(kept).collect();
        let content = Content { source: key.source.clone(), id: key.id.clone(), tokens };
        let mut iv = [0; IV_LEN];
        random.fill(&mut iv);
        let text = serde_json::to_vec(&content).ok()?;
        let sealed = jwe::encrypt(self.keys.first()?, &text, iv).ok()?;
        (sealed.len() <= LONGEST).then(|| sealed.into_bytes())
    }

    /// The tokens of this account, if they were sealed with a key that is still there.
    #[must_use]
    pub fn open(&self, key: &AccountKey, sealed: &[u8]) -> Option<Map<String, Value>> {
        let sealed = std::str::from_utf8(sealed).ok()?;
        let text = self.keys.iter().find_map(|key| jwe::decrypt(key, sealed).ok())?;
        let content: Content = serde_json::from_slice(&text).ok()?;
        (content.source == key.source && content.id == key.id).then_some(content.tokens)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Sevens;
    impl Random for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn key(id: &str) -> AccountKey {
        AccountKey { source: "github".to_owned(), id: id.to_owned() }
    }

    fn account() -> Map<String, Value> {
        let account = json!({"access_token": "at", "id_token": "it", "provider": "github", "odd": "x"});
        account.as_object().expect("an object").clone()
    }

    #[test]
    fn tokens_come_back_for_their_own_account_also_after_a_rotation() {
        let (old, new) = (Secret::from("old secret"), Secret::from("new secret"));
        let sealed =
            Vault::new(std::slice::from_ref(&old)).seal(&key("1"), &account(), &Sevens).expect("sealed");
        assert!(!String::from_utf8_lossy(&sealed).contains("at\""));
        let vault = Vault::new(&[new.clone(), old]);
        let tokens = vault.open(&key("1"), &sealed).expect("opened");
        assert_eq!(Value::Object(tokens), json!({"access_token": "at", "id_token": "it"}));
        assert_eq!(vault.open(&key("2"), &sealed), None, "moved to another account");
        assert_eq!(Vault::new(&[new]).open(&key("1"), &sealed), None, "the key is gone");
    }

    #[test]
    fn lesson_34_tokens_that_were_cut_or_are_too_many_are_none() {
        let vault = Vault::new(&[Secret::from("secret")]);
        let sealed = vault.seal(&key("1"), &account(), &Sevens).expect("sealed");
        for length in 0..sealed.len() {
            assert_eq!(vault.open(&key("1"), &sealed[..length]), None, "{length}");
        }
        let huge = json!({"access_token": "x".repeat(LONGEST)});
        assert_eq!(vault.seal(&key("1"), huge.as_object().expect("an object"), &Sevens), None);
    }
}

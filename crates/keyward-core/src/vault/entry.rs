//! A session's foreign tokens, sealed for their entry.

use keyward_jose::jwe::{self, IV_LEN};
use serde::{Deserialize, Serialize};

use super::{ForeignTokens, LONGEST, Vault};
use crate::{
    port::{EntryId, Random},
    secret::Secret,
    time::Timestamp,
};

/// What is sealed. With the entry's id in it, a row that was moved to another entry opens as nothing.
#[derive(Serialize, Deserialize)]
struct Content {
    entry: String,
    access_token: String,
    refresh_token: Option<String>,
    expires: Option<i64>,
}

impl Vault {
    /// Seals tokens for an entry. `None` if they are more than can be kept.
    #[must_use]
    pub fn seal_entry(&self, id: &EntryId, tokens: &ForeignTokens, random: &dyn Random) -> Option<Vec<u8>> {
        let content = Content {
            entry: id.0.clone(),
            access_token: tokens.access_token.expose().to_owned(),
            refresh_token: tokens.refresh_token.as_ref().map(|token| token.expose().to_owned()),
            expires: tokens.expires.map(Timestamp::millis),
        };
        let mut iv = [0; IV_LEN];
        random.fill(&mut iv);
        let text = serde_json::to_vec(&content).ok()?;
        let sealed = jwe::encrypt(self.entry_keys.first()?, &text, iv).ok()?;
        (sealed.len() <= LONGEST).then(|| sealed.into_bytes())
    }

    /// The tokens of this entry, if they were sealed with a key that is still there.
    #[must_use]
    pub fn open_entry(&self, id: &EntryId, sealed: &[u8]) -> Option<ForeignTokens> {
        let sealed = std::str::from_utf8(sealed).ok()?;
        let text = self.entry_keys.iter().find_map(|key| jwe::decrypt(key, sealed).ok())?;
        let content: Content = serde_json::from_slice(&text).ok()?;
        (content.entry == id.0).then(|| ForeignTokens {
            access_token: Secret::from(content.access_token),
            refresh_token: content.refresh_token.map(Secret::from),
            expires: content.expires.map(Timestamp::from_millis),
        })
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

    fn entry(id: &str) -> EntryId {
        EntryId(id.to_owned())
    }

    fn tokens() -> ForeignTokens {
        ForeignTokens {
            access_token: Secret::from("at"),
            refresh_token: Some(Secret::from("rt")),
            expires: Some(Timestamp::from_millis(1_234)),
        }
    }

    #[test]
    fn tokens_come_back_for_their_own_entry_also_after_a_rotation() {
        let (old, new) = (Secret::from("old secret"), Secret::from("new secret"));
        let sealed = Vault::new(std::slice::from_ref(&old)).seal_entry(&entry("1"), &tokens(), &Sevens);
        let sealed = sealed.expect("sealed");
        let vault = Vault::new(&[new.clone(), old]);
        let opened = vault.open_entry(&entry("1"), &sealed).expect("opened");
        assert_eq!(opened.access_token.expose(), "at");
        assert_eq!(opened.refresh_token.expect("kept").expose(), "rt");
        assert_eq!(opened.expires, Some(Timestamp::from_millis(1_234)));
        assert!(vault.open_entry(&entry("2"), &sealed).is_none(), "moved to another entry");
        assert!(Vault::new(&[new]).open_entry(&entry("1"), &sealed).is_none(), "the key is gone");
    }

    #[test]
    fn lesson_34_what_was_cut_or_is_too_much_is_none() {
        let vault = Vault::new(&[Secret::from("secret")]);
        let sealed = vault.seal_entry(&entry("1"), &tokens(), &Sevens).expect("sealed");
        for length in 0..sealed.len() {
            assert!(vault.open_entry(&entry("1"), &sealed[..length]).is_none(), "{length}");
        }
        let huge = ForeignTokens { access_token: Secret::from("x".repeat(LONGEST)), ..tokens() };
        assert!(vault.seal_entry(&entry("1"), &huge, &Sevens).is_none());
    }

    #[test]
    fn a_sessions_tokens_and_an_accounts_tokens_are_sealed_with_keys_of_their_own() {
        let vault = Vault::new(&[Secret::from("secret")]);
        let sealed = vault.seal_entry(&entry("1"), &tokens(), &Sevens).expect("sealed");
        let sealed = std::str::from_utf8(&sealed).expect("text");
        assert!(jwe::decrypt(&vault.keys[0], sealed).is_err());
        assert!(!format!("{:?}", tokens()).contains("rt"));
    }
}

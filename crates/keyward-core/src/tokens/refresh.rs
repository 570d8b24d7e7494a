//! Refresh tokens: opaque, known as ours by a code in them, each made of the one before.
//!
//! `base64url(version ‖ session ‖ secret ‖ code)`: the code, an HMAC, tells a token that was made here from a guess
//! without asking the store, so that nobody who merely knows a session's id can end it by guessing (lesson 34). The
//! successor's secret is an HMAC of the token and a salt, which is kept in the store for the time of the grace: everybody
//! who has the token gets the same successor, and a copy of the database alone makes none.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use keyward_jose::{digest::sha256, kdf::hkdf_sha256, mac::hmac_sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    port::{Random, SessionId, TokenHash},
    secret::{Secret, same},
};

/// Makes refresh tokens and knows them again.
pub struct RefreshKeys {
    /// The first makes; all know.
    keys: Vec<Key>,
}

/// One half makes successors, the other codes.
type Key = Zeroizing<[u8; 64]>;

/// A refresh token that was made here. Whether it still is good the store knows.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    text: Secret,
    /// Whose family.
    pub session: SessionId,
}

const VERSION: u8 = 1;
const SESSION: usize = 16;
const SECRET: usize = 32;
const CODE: usize = 32;
/// A multiple of three: base64 of it has one spelling.
const WHOLE: usize = 1 + SESSION + SECRET + CODE;

impl RefreshKeys {
    /// Derives a key from each secret, the current one first.
    #[must_use]
    pub fn derive(secrets: &[Secret]) -> Self {
        let key = |secret: &Secret| hkdf_sha256(secret.expose().as_bytes(), b"", b"Keyward refresh tokens");
        Self { keys: secrets.iter().map(key).collect() }
    }

    /// The first token of a session's family. `None` for a session whose id is not one of ours.
    #[must_use]
    pub fn first(&self, session: &SessionId, random: &dyn Random) -> Option<RefreshToken> {
        let mut secret = Zeroizing::new([0; SECRET]);
        random.fill(&mut *secret);
        made(self.keys.first()?, session, &secret)
    }

    /// What a token becomes with this salt.
    #[must_use]
    pub fn successor(&self, token: &RefreshToken, salt: &[u8; 32]) -> Option<RefreshToken> {
        successor(self.keys.first()?, token, salt)
    }

    /// What a token became with this salt, in whichever process: the one that the store knows. `None` only if it was made
    /// with a secret that is not ours.
    #[must_use]
    pub fn successor_known_as(
        &self,
        hash: TokenHash,
        token: &RefreshToken,
        salt: &[u8; 32],
    ) -> Option<RefreshToken> {
        let made = self.keys.iter().filter_map(|key| successor(key, token, salt));
        made.into_iter().find(|made| made.hash() == hash)
    }

    /// The token behind a text, if it was made here.
    #[must_use]
    pub fn known(&self, text: &str) -> Option<RefreshToken> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let (body, code) = bytes.split_at_checked(WHOLE - CODE)?;
        if body.first() != Some(&VERSION) || code.len() != CODE {
            return None;
        }
        let known = self.keys.iter().any(|key| same(&code_of(key, body), code));
        let session = Uuid::from_slice(body.get(1..=SESSION)?).ok()?;
        known.then(|| RefreshToken { text: Secret::from(text), session: SessionId(session.to_string()) })
    }
}

fn successor(key: &Key, token: &RefreshToken, salt: &[u8; 32]) -> Option<RefreshToken> {
    let secret = Zeroizing::new(hmac_sha256(&key[..32], &[salt, token.text.expose().as_bytes()]));
    made(key, &token.session, &secret)
}

fn made(key: &Key, session: &SessionId, secret: &[u8; SECRET]) -> Option<RefreshToken> {
    let id = Uuid::parse_str(&session.0).ok().filter(|id| id.to_string() == session.0)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(WHOLE));
    bytes.push(VERSION);
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(secret);
    let code = code_of(key, &bytes);
    bytes.extend_from_slice(&code);
    let text = Secret::from(URL_SAFE_NO_PAD.encode(&*bytes));
    Some(RefreshToken { text, session: session.clone() })
}

impl RefreshToken {
    /// What the store knows it by.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(sha256(&[self.text.expose().as_bytes()]))
    }

    /// The token itself, for who it belongs to.
    #[must_use]
    pub fn text(&self) -> &Secret {
        &self.text
    }
}

fn code_of(key: &Key, body: &[u8]) -> [u8; CODE] {
    hmac_sha256(&key[32..], &[body])
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

    fn keys(secrets: &[&str]) -> RefreshKeys {
        RefreshKeys::derive(&secrets.iter().map(|secret| Secret::from(*secret)).collect::<Vec<_>>())
    }

    fn session() -> SessionId {
        SessionId("6f2b1a54-8d3a-4a73-9d52-2a8a3f1c9b10".to_owned())
    }

    #[test]
    fn f2_a_token_names_its_session_and_is_known_again_after_the_secret_changed() {
        let old = keys(&["old"]).first(&session(), &Sevens).expect("made");
        let known = keys(&["new", "old"]).known(old.text().expose()).expect("known");
        assert_eq!((known.session.clone(), known.hash()), (session(), old.hash()));
        assert!(keys(&["new"]).known(old.text().expose()).is_none());
    }

    #[test]
    fn f2_everybody_with_one_token_and_one_salt_gets_the_same_successor() {
        let keys = keys(&["secret"]);
        let token = keys.first(&session(), &Sevens).expect("made");
        let next = |salt| keys.successor(&token, &[salt; 32]).expect("made");
        assert_eq!(next(1).hash(), next(1).hash());
        assert_ne!(next(1).hash(), next(2).hash());
        assert_ne!(next(1).hash(), token.hash());
        assert_eq!(keys.known(next(1).text().expose()).expect("known").session, session());
        let other = self::keys(&["other"]).successor(&token, &[1; 32]).expect("made");
        assert_ne!(other.hash(), next(1).hash(), "salt and token alone make no successor");
    }

    #[test]
    fn f2_a_successor_is_found_also_where_another_process_has_a_newer_secret() {
        let (old, both) = (keys(&["old"]), keys(&["new", "old"]));
        let token = old.first(&session(), &Sevens).expect("made");
        let next = old.successor(&token, &[1; 32]).expect("made");
        assert_ne!(both.successor(&token, &[1; 32]).expect("made").hash(), next.hash());
        let found = both.successor_known_as(next.hash(), &token, &[1; 32]).expect("found");
        assert_eq!(found.text().expose(), next.text().expose());
        assert!(keys(&["new"]).successor_known_as(next.hash(), &token, &[1; 32]).is_none());
    }

    #[test]
    fn lesson_34_every_changed_byte_and_every_cut_makes_it_no_token() {
        let keys = keys(&["secret"]);
        let token = keys.first(&session(), &Sevens).expect("made");
        let text = token.text().expose();
        for length in 0..text.len() {
            assert!(keys.known(&text[..length]).is_none(), "{length}");
        }
        for at in 0..text.len() {
            for other in [b'A', b'B', b'-', b'=', b' ', b'+'] {
                let mut bytes = text.as_bytes().to_vec();
                if bytes[at] != other {
                    bytes[at] = other;
                    assert!(keys.known(str::from_utf8(&bytes).expect("ASCII")).is_none(), "{at} {other}");
                }
            }
        }
        assert!(keys.known(&format!("{text}=")).is_none() && keys.known(&format!("{text}AAAA")).is_none());
    }

    #[test]
    fn a_session_with_a_foreign_id_has_no_token() {
        let made = |id: &str| keys(&["secret"]).first(&SessionId(id.to_owned()), &Sevens).is_some();
        assert!(made(&session().0));
        assert!(!made("s1") && !made(&session().0.to_uppercase()) && !made(""));
    }
}

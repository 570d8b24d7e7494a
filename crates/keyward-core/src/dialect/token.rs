//! The sealed session token of each generation (protocol notes §4.1).
//!
//! | generation | serialisation | key: HKDF-SHA256 of the secret with salt, info |
//! |---|---|---|
//! | 3 | JWS HS512 | no salt, `NextAuth.js Generated Signing Key` |
//! | 4 | JWE dir A256GCM | no salt, `NextAuth.js Generated Encryption Key` |
//! | 5 | JWE dir A256CBC-HS512 with `kid` | cookie name, `Auth.js Generated Encryption Key (<cookie name>)` |

use std::time::Duration;

use keyward_jose::{
    jwe::{self, ContentKey, Encryption},
    jwk,
    jws::{self, MacAlgorithm, MacKey},
    kdf,
};

use super::Dialect;
use crate::{claims::Claims, port::Random, secret::Secret, time::Timestamp};

/// Seals and opens session tokens. Holds parsed keys: deriving them costs more than using them.
pub struct TokenKeys {
    dialect: Dialect,
    /// Newest first; the first seals.
    keys: Vec<Key>,
}

enum Key {
    Mac(Box<MacKey>),
    Content(Box<ContentKey>),
}

/// Longest sealed token, in bytes: eight pieces. A browser that held twice as much could ask for nothing any more,
/// not even to sign out, because servers read headers of 64 KiB at most.
pub(super) const LONGEST: usize = 32 * 1024;

/// Room for the claims of most sessions, in bytes.
const USUAL: usize = 512;

/// A token would be longer than the headers of a request can carry along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session's data is too large for a cookie")]
pub struct TooLarge;

impl TokenKeys {
    /// Derives the keys for the session cookie of this name.
    #[must_use]
    pub fn derive(dialect: Dialect, secrets: &[Secret], cookie_name: &str) -> Self {
        // Generations 3 and 4 have no key id, so only one secret can open a token.
        let used = if dialect == Dialect::AuthJs5 { secrets.len() } else { 1 };
        let mut keys = Vec::new();
        for secret in secrets.iter().take(used) {
            let ikm = secret.expose().as_bytes();
            match dialect {
                Dialect::NextAuth3 => {
                    let key = kdf::hkdf_sha256::<64>(ikm, b"", b"NextAuth.js Generated Signing Key");
                    keys.push(Key::Mac(Box::new(
                        MacKey::new(MacAlgorithm::Hs512, &*key).expect("64 bytes suit HS512"),
                    )));
                }
                Dialect::NextAuth4 => {
                    let key = kdf::hkdf_sha256::<32>(ikm, b"", b"NextAuth.js Generated Encryption Key");
                    keys.push(content_key(Encryption::A256Gcm, &*key, None));
                }
                Dialect::AuthJs5 => {
                    let info = format!("Auth.js Generated Encryption Key ({cookie_name})");
                    let key = kdf::hkdf_sha256::<64>(ikm, cookie_name.as_bytes(), info.as_bytes());
                    let kid = jwk::oct_thumbprint_sha512(&*key);
                    keys.push(content_key(Encryption::A256CbcHs512, &*key, Some(&kid)));
                    // Auth.js also opens A256GCM, with the first half of the same derivation.
                    let kid = jwk::oct_thumbprint_sha256(&key[..32]);
                    keys.push(content_key(Encryption::A256Gcm, &key[..32], Some(&kid)));
                }
            }
        }
        Self { dialect, keys }
    }

    /// Seals claims into a token that lives for `max_age`. `iat` and `exp` are set, and `jti` where the
    /// generation has one; all other claims are kept in their order.
    pub fn seal(
        &self,
        claims: &mut Claims,
        now: Timestamp,
        max_age: Duration,
        random: &dyn Random,
    ) -> Result<String, TooLarge> {
        claims.set("iat", now.secs());
        claims.set("exp", now.plus(max_age).secs());
        let mut noise = [0; 32];
        random.fill(&mut noise);
        let (jti, iv) = noise.split_at(16);
        if self.dialect != Dialect::NextAuth3 {
            let jti = uuid::Builder::from_random_bytes(jti.try_into().expect("16 of 32 bytes")).into_uuid();
            claims.set("jti", &*jti.hyphenated().encode_lower(&mut [0; 36]));
        }
        let mut text = String::with_capacity(USUAL);
        claims.write(&mut text);
        let sealed = match self.keys.first().expect("a key for each secret, and there is a secret") {
            Key::Mac(key) => jws::sign(key, text.as_bytes()),
            Key::Content(key) => jwe::encrypt(key, text.as_bytes(), iv.try_into().expect("16 of 32 bytes")),
        };
        sealed.ok().filter(|token| token.len() <= LONGEST).ok_or(TooLarge)
    }

    /// Opens a token; `None` for anything that is not a session of this deployment, alive now.
    #[must_use]
    pub fn open(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let text = match self.key_of(token)? {
            Key::Mac(key) => jws::verify(key, token),
            Key::Content(key) => jwe::decrypt(key, token),
        };
        // As a text, so that not each text in it is checked by itself.
        let claims = serde_json::from_str::<Claims>(str::from_utf8(&text.ok()?).ok()?).ok()?;
        (self.is_alive(&claims, now) && is_session(&claims)).then_some(claims)
    }

    fn key_of(&self, token: &str) -> Option<&Key> {
        let own = self.keys.iter().find(|key| match key {
            Key::Mac(_) => true,
            Key::Content(key) => key.has_header_of(token),
        });
        own.or_else(|| {
            // Written by another implementation: its header may be spelt differently or lack the `kid`.
            let header = jwe::peek(token).ok()?;
            self.keys.iter().find(|key| match key {
                Key::Mac(_) => false,
                Key::Content(key) => {
                    header.encryption() == Some(key.encryption())
                        && (header.kid.is_none() || header.kid.as_deref() == key.kid())
                }
            })
        })
    }

    /// `exp` must be there (lesson 39). Generations 4 and 5 allow clocks to differ by 15 seconds.
    fn is_alive(&self, claims: &Claims, now: Timestamp) -> bool {
        let tolerance = Duration::from_secs(if self.dialect == Dialect::NextAuth3 { 0 } else { 15 });
        claims.time("exp").is_some_and(|exp| now < exp.plus(tolerance))
            && claims
                .get("nbf")
                .is_none_or(|_| claims.time("nbf").is_some_and(|nbf| nbf.minus(tolerance) <= now))
    }
}

/// A session names a person. The other tokens that NextAuth seals with the same secret (PKCE, state, nonce)
/// do not, and must not pass for one (lesson 54).
fn is_session(claims: &Claims) -> bool {
    let names_somebody = ["sub", "email", "name"].iter().any(|name| claims.get(name).is_some());
    names_somebody && claims.get("code_verifier").is_none()
}

fn content_key(encryption: Encryption, key: &[u8], kid: Option<&str>) -> Key {
    let key = ContentKey::new(encryption, key).expect("derived to the length that the encryption takes");
    Key::Content(Box::new(match kid {
        Some(kid) => key.with_kid(kid),
        None => key,
    }))
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;

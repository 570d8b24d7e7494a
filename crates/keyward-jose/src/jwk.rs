//! JSON Web Keys for signatures (RFC 7517; RFC 7518 section 6, RFC 8037 section 2) and thumbprints (RFC 7638).
//!
//! ```
//! use keyward_jose::jwk::Jwks;
//! use keyward_jose::jws::{Algorithm, SigningKey};
//!
//! let key = SigningKey::generate(Algorithm::Es256)?.with_kid("2026-01");
//! let document = serde_json::json!({"keys": [key.public_jwk().to_json()]}).to_string();
//! let token = key.sign(Some("JWT"), br#"{"sub":"user-1"}"#)?;
//!
//! let (_, payload) = Jwks::parse(document.as_bytes())?.verify(&token, &[Algorithm::Es256])?;
//! assert_eq!(payload, br#"{"sub":"user-1"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod set;

use aws_lc_rs::digest::{Algorithm as HashAlgorithm, Context, SHA256, SHA512};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::key::{Algorithm, Members, PublicKey, VerifyingKey};
use crate::{KeyError, compact, digest};

pub use crate::key::MAX_DOCUMENT_LEN;
pub use set::{Jwks, MAX_KEYS};

/// A public key that verifies signatures, with its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    key: PublicKey,
    alg: Option<Algorithm>,
    kid: Option<String>,
}

impl Jwk {
    /// Parses one key. Members of a private key, and unknown ones, are ignored.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] for anything but one JSON object with what its kind of key needs, each in its one
    /// spelling; [`KeyError::Unsupported`] for a symmetric key, an unknown kind, curve or `alg`, an `alg` that is not
    /// the key's, a `use` or `key_ops` other than signatures; and the others for numbers that are no good.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        Self::from_members(&Members::parse(json)?, "verify")
    }

    /// `operation` is the one of `key_ops` that the key must allow where it has that member.
    pub(crate) fn from_members(members: &Members, operation: &str) -> Result<Self, KeyError> {
        members.check_use(operation)?;
        let key = PublicKey::from_members(members)?;
        let kid = members.text("kid")?.map(str::to_owned);
        let alg = match members.text("alg")? {
            None => None,
            Some(name) => Some(Algorithm::from_name(name).ok_or(KeyError::Unsupported)?),
        };
        let jwk = Self { key, alg, kid };
        jwk.verifying_key(jwk.algorithm())?; // notices a point off its curve, and an `alg` that is not the key's
        Ok(jwk)
    }

    pub(crate) fn new(key: PublicKey) -> Self {
        Self { key, alg: None, kid: None }
    }

    pub(crate) fn with_algorithm(self, algorithm: Algorithm) -> Self {
        Self { alg: Some(algorithm), ..self }
    }

    pub(crate) fn with_kid(self, kid: &str) -> Self {
        Self { kid: Some(kid.to_owned()), ..self }
    }

    /// The label by which tokens name the key.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The key's algorithm: its `alg`, or the one of its curve, or RS256.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.alg.unwrap_or(self.key.algorithms()[0])
    }

    /// The key, ready to verify with one algorithm.
    ///
    /// [`algorithm`](Self::algorithm) is always possible. Only an RSA key without `alg` leaves a choice, which is the
    /// caller's and never a token's.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] for an algorithm that is not this key's.
    pub fn verifying_key(&self, algorithm: Algorithm) -> Result<VerifyingKey, KeyError> {
        VerifyingKey::new(self.key_for(algorithm)?, algorithm, self.kid.clone())
    }

    /// The numbers, for an algorithm that is the key's.
    pub(crate) fn key_for(&self, algorithm: Algorithm) -> Result<&PublicKey, KeyError> {
        if self.algorithms().contains(&algorithm) { Ok(&self.key) } else { Err(KeyError::Unsupported) }
    }

    /// Every algorithm that the key may serve.
    fn algorithms(&self) -> &[Algorithm] {
        self.alg.as_ref().map_or(self.key.algorithms(), std::slice::from_ref)
    }

    /// The length of the key's signatures in bytes.
    pub(crate) fn signature_len(&self) -> usize {
        self.key.signature_len()
    }

    /// The key as a member of a JWK set's `keys`: its numbers, `use`, and `alg` and `kid` where it has them.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut members: serde_json::Map<String, Value> =
            self.key.members().into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
        members.insert("use".to_owned(), "sig".into());
        if let Some(alg) = self.alg {
            members.insert("alg".to_owned(), alg.name().into());
        }
        if let Some(kid) = &self.kid {
            members.insert("kid".to_owned(), kid.as_str().into());
        }
        Value::Object(members)
    }

    /// The SHA-256 thumbprint in base64url (RFC 7638 section 3): a label that follows from the key.
    #[must_use]
    pub fn thumbprint_sha256(&self) -> String {
        // Names and base64url need no escapes.
        let members: Vec<String> =
            self.key.members().iter().map(|(name, text)| format!(r#""{name}":"{text}""#)).collect();
        compact::encode(&digest::sha256(&[b"{", members.join(",").as_bytes(), b"}"]))
    }
}

/// The SHA-512 thumbprint of a symmetric key, in base64url.
///
/// Auth.js 5 writes it as `kid` on tokens with a 64-byte key (A256CBC-HS512).
#[must_use]
pub fn oct_thumbprint_sha512(key: &[u8]) -> String {
    oct_thumbprint(&SHA512, key)
}

/// The SHA-256 thumbprint of a symmetric key, in base64url.
///
/// Auth.js 5 chooses the hash by the key's length, so this is the `kid` of a 32-byte key (A256GCM).
#[must_use]
pub fn oct_thumbprint_sha256(key: &[u8]) -> String {
    oct_thumbprint(&SHA256, key)
}

/// Hashes `{"k":"…","kty":"oct"}`: the required members in the order of their names, without spaces.
fn oct_thumbprint(hash: &'static HashAlgorithm, key: &[u8]) -> String {
    let k = Zeroizing::new(compact::encode(key));
    let mut context = Context::new(hash);
    context.update(br#"{"k":""#);
    context.update(k.as_bytes());
    context.update(br#"","kty":"oct"}"#);
    compact::encode(context.finish().as_ref())
}

#[cfg(test)]
mod tests;

//! Signed tokens in compact form (RFC 7515).
//!
//! With a shared key ([`MacKey`], RFC 7518 section 3.2): [`sign`] and [`verify`]. With a key pair ([`SigningKey`],
//! [`VerifyingKey`], RFC 7518 sections 3.3 to 3.5, RFC 8037): their methods. The two kinds of key are two kinds of
//! type, so a public key can't be taken for a shared secret.

mod signing;

use std::fmt;

use aws_lc_rs::hmac;

use crate::digest::Hash;
use crate::{KeyError, TokenError, compact};

pub use crate::header::Header;
pub use crate::key::{Algorithm, VerifyingKey};
pub use signing::SigningKey;

/// A signature by a shared key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-512; what NextAuth 3 signs its sessions with.
    Hs512,
}

impl MacAlgorithm {
    /// The registered name, as in the `alg` member.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs512 => "HS512",
        }
    }

    /// The length of a signature, and the least of a key, in bytes.
    #[must_use]
    pub fn output_len(self) -> usize {
        match self {
            Self::Hs256 => 32,
            Self::Hs512 => 64,
        }
    }

    /// The hash inside it.
    #[must_use]
    pub fn hash(self) -> Hash {
        match self {
            Self::Hs256 => Hash::Sha256,
            Self::Hs512 => Hash::Sha512,
        }
    }
}

/// The longest signature of any [`MacAlgorithm`].
const MAX_OUTPUT_LEN: usize = 64;

/// A shared key that signs and verifies with one algorithm.
pub struct MacKey {
    algorithm: MacAlgorithm,
    /// Boxed, so that moving the key leaves no copies of it behind.
    key: Box<hmac::Key>,
    /// The encoded protected header of every token that this key signs.
    header: String,
}

impl MacKey {
    /// Takes a key of at least [`MacAlgorithm::output_len`] bytes.
    ///
    /// # Errors
    /// [`KeyError::TooShort`] for a shorter one.
    pub fn new(algorithm: MacAlgorithm, key: &[u8]) -> Result<Self, KeyError> {
        let minimum = algorithm.output_len();
        if key.len() < minimum {
            return Err(KeyError::TooShort { algorithm: algorithm.name(), minimum, actual: key.len() });
        }
        let hash = match algorithm {
            MacAlgorithm::Hs256 => hmac::HMAC_SHA256,
            MacAlgorithm::Hs512 => hmac::HMAC_SHA512,
        };
        let header = compact::encode(format!(r#"{{"alg":"{}"}}"#, algorithm.name()).as_bytes());
        Ok(Self { algorithm, key: Box::new(hmac::Key::new(hash, key)), header })
    }

    /// The key's algorithm.
    #[must_use]
    pub fn algorithm(&self) -> MacAlgorithm {
        self.algorithm
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MacKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// Signs a payload: `header.payload.signature`.
///
/// # Errors
/// [`TokenError::TooLong`] where the token would pass [`MAX_TOKEN_LEN`](crate::MAX_TOKEN_LEN).
pub fn sign(key: &MacKey, payload: &[u8]) -> Result<String, TokenError> {
    let mut token = compact::buffer(&key.header, &[payload.len(), key.algorithm.output_len()])?;
    token.push_str(&key.header);
    compact::push(&mut token, payload);
    let signature = hmac::sign(&key.key, token.as_bytes());
    compact::push(&mut token, signature.as_ref());
    Ok(token)
}

/// Verifies a token and gives its payload. Claims, `exp` among them, are not looked at.
///
/// # Errors
/// [`TokenError`]: see its variants; the header's algorithm must be the key's.
pub fn verify(key: &MacKey, token: &str) -> Result<Vec<u8>, TokenError> {
    let [header, payload, signature] = compact::split(token)?;
    if header != key.header {
        let header = Header::parse(header)?;
        if header.zip || header.alg != key.algorithm.name() {
            return Err(TokenError::Unsupported);
        }
    }

    let mut given = [0; MAX_OUTPUT_LEN];
    let given = &mut given[..key.algorithm.output_len()];
    compact::decode_exact(signature, given)?;
    let signed = &token[..token.len() - signature.len() - 1];
    hmac::verify(&key.key, signed.as_bytes(), given).map_err(|_| TokenError::NotAuthentic)?;
    compact::decode(payload)
}

/// Reads a token's header without verifying the token, to find its key.
///
/// # Errors
/// [`TokenError`] for what is not three parts with a header; the other parts are not looked at.
pub fn peek(token: &str) -> Result<Header, TokenError> {
    Header::peek::<3>(token)
}

#[cfg(test)]
mod tests;

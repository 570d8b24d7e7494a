//! Verifying with a public key (RFC 7515 section 5.2).

use std::fmt;

use aws_lc_rs::signature::{ED25519, ParsedPublicKey, RsaPublicKeyComponents};

use super::{Algorithm, PublicKey, Scheme};
use crate::header::Header;
use crate::{KeyError, TokenError, compact};

/// The longest signature there is: of an RSA key with 8192 bits.
const MAX_SIGNATURE_LEN: usize = 1024;

/// A public key that verifies with one algorithm. Made by [`Jwk::verifying_key`](crate::jwk::Jwk::verifying_key).
pub struct VerifyingKey {
    algorithm: Algorithm,
    key: ParsedPublicKey,
    signature_len: usize,
    kid: Option<String>,
}

impl VerifyingKey {
    /// Prepares a key for an algorithm of its kind.
    pub(crate) fn new(key: &PublicKey, algorithm: Algorithm, kid: Option<String>) -> Result<Self, KeyError> {
        let parsed = match (key, algorithm.scheme()) {
            (PublicKey::Rsa { n, e }, Scheme::Rsa(parameters, _)) => {
                RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters)
            }
            (PublicKey::Ec { curve, point }, Scheme::Ec(wanted)) if *curve == wanted => {
                ParsedPublicKey::new(curve.verification(), point)
            }
            (PublicKey::Ed25519 { x }, Scheme::Ed25519) => ParsedPublicKey::new(&ED25519, x),
            _ => return Err(KeyError::Unsupported),
        };
        let parsed = parsed.map_err(|_| KeyError::Inconsistent)?;
        Ok(Self { algorithm, key: parsed, signature_len: key.signature_len(), kid })
    }

    /// The key's algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The label that the key's document gives it.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Verifies a token and gives its payload. Claims, `exp` among them, are not looked at; neither are the header's
    /// `kid` and `typ`.
    ///
    /// # Errors
    /// [`TokenError`]: see its variants; the header's algorithm must be the key's.
    pub fn verify(&self, token: &str) -> Result<Vec<u8>, TokenError> {
        let [header, payload, signature] = compact::split(token)?;
        let header = Header::parse(header)?;
        if header.zip || Algorithm::from_name(&header.alg) != Some(self.algorithm) {
            return Err(TokenError::Unsupported);
        }

        let mut given = [0; MAX_SIGNATURE_LEN];
        let given = &mut given[..self.signature_len];
        compact::decode_exact(signature, given)?;
        let signed = &token[..token.len() - signature.len() - 1];
        self.key.verify_sig(signed.as_bytes(), given).map_err(|_| TokenError::NotAuthentic)?;
        compact::decode(payload)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

//! Sets of public keys (RFC 7517 section 5).

use super::Jwk;
use crate::header::Header;
use crate::key::{Algorithm, Members, VerifyingKey};
use crate::{KeyError, TokenError};

/// The most keys that a set may have, usable ones or not.
pub const MAX_KEYS: usize = 64;

/// The public keys of an issuer, parsed once.
#[derive(Debug)]
pub struct Jwks {
    /// An RSA key without `alg` stands here once for each algorithm.
    keys: Vec<VerifyingKey>,
}

impl Jwks {
    /// Parses a document. A key that this crate can't use for signatures is left out, as RFC 7517 section 5 wants it:
    /// a symmetric one, one for encryption, an unknown kind, curve or algorithm, one whose numbers are no good.
    ///
    /// # Errors
    /// [`KeyError::TooLarge`] for more than [`MAX_DOCUMENT_LEN`](super::MAX_DOCUMENT_LEN) or [`MAX_KEYS`];
    /// [`KeyError::Malformed`] for anything but one JSON object with an array of objects as `keys`, and for a member
    /// that occurs twice, wherever it is.
    pub fn parse(document: &[u8]) -> Result<Self, KeyError> {
        let members = Members::parse(document)?.take_objects("keys")?;
        if members.len() > MAX_KEYS {
            return Err(KeyError::TooLarge);
        }
        let usable = members.iter().filter_map(|members| Jwk::from_members(members, "verify").ok());
        let keys = usable.flat_map(|jwk| {
            let keys: Vec<_> =
                jwk.algorithms().iter().filter_map(|&alg| jwk.verifying_key(alg).ok()).collect();
            keys
        });
        Ok(Self { keys: keys.collect() })
    }

    /// The keys with this label and algorithm. Without a label all keys of the algorithm are candidates; a key
    /// without a label is a candidate only then.
    ///
    /// The algorithm is what the caller accepts from the issuer: asking for PS256, say, lets an RSA key without
    /// `alg` serve PS256.
    pub fn find<'a>(
        &'a self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &'a VerifyingKey> {
        self.keys
            .iter()
            .filter(move |key| key.algorithm() == algorithm && (kid.is_none() || key.kid() == kid))
    }

    /// Verifies a token with the key that it names, and gives that key and the payload. Claims are not looked at.
    ///
    /// The token chooses among keys, each of which has its algorithm; and only `allowed` algorithms count.
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`] where the set has no such key, and the others as
    /// [`VerifyingKey::verify`].
    pub fn verify(&self, token: &str, allowed: &[Algorithm]) -> Result<(&VerifyingKey, Vec<u8>), TokenError> {
        let header = Header::peek::<3>(token)?;
        let algorithm = Algorithm::from_name(&header.alg).filter(|algorithm| allowed.contains(algorithm));
        let algorithm = algorithm.ok_or(TokenError::Unsupported)?;
        let mut refusal = TokenError::UnknownKey;
        for key in self.find(header.kid.as_deref(), algorithm) {
            match key.verify(token) {
                Ok(payload) => return Ok((key, payload)),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }
}

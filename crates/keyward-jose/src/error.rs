//! What can go wrong. No variant carries anything out of a token or a key.

/// Why bytes can't be a key, or a document no set of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The algorithm takes keys of one length only.
    #[error("a key for {algorithm} has {expected} bytes, this one has {actual}")]
    Length {
        /// The algorithm's registered name.
        algorithm: &'static str,
        /// Bytes the algorithm needs.
        expected: usize,
        /// Bytes that were given.
        actual: usize,
    },
    /// Shorter than the algorithm's hash, which RFC 7518 section 3.2 forbids.
    #[error("a key for {algorithm} has at least {minimum} bytes, this one has {actual}")]
    TooShort {
        /// The algorithm's registered name.
        algorithm: &'static str,
        /// Bytes the algorithm needs at least.
        minimum: usize,
        /// Bytes that were given.
        actual: usize,
    },
    /// Not in the form that it should have: broken JSON, PEM, DER or base64url, or a member that is missing, occurs
    /// twice or is of the wrong kind.
    #[error("the key is malformed")]
    Malformed,
    /// A kind of key, a curve or an algorithm that this crate does not have, an algorithm that is not this key's, or
    /// a key for another use than signatures.
    #[error("the key is of a kind, or for a use, that is not accepted here")]
    Unsupported,
    /// Too weak, which RFC 7518 section 3.3 forbids, or too large to be worth its time.
    #[error("an RSA key has 2048 to 8192 bits, this one has {bits}")]
    RsaSize {
        /// The length of the modulus.
        bits: usize,
    },
    /// Its numbers make no key: a point that is not on its curve, a private part that is not the public one's.
    #[error("the key's numbers do not fit together")]
    Inconsistent,
    /// Longer than [`MAX_DOCUMENT_LEN`](crate::jwk::MAX_DOCUMENT_LEN), or more keys than
    /// [`MAX_KEYS`](crate::jwk::MAX_KEYS).
    #[error("the document is larger than the limit for keys")]
    TooLarge,
    /// A fresh key could not be made, or a key not be written; only where memory or the system's randomness fails.
    #[error("the key could not be made")]
    Failed,
}

/// Why a token is refused, or can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`MAX_TOKEN_LEN`](crate::MAX_TOKEN_LEN).
    #[error("the token is longer than the limit")]
    TooLong,
    /// Not a compact token, or not in its one canonical spelling.
    #[error("the token is malformed")]
    Malformed,
    /// The header asks for something that this key or this crate does not do: another algorithm, `zip`, `crit`.
    #[error("the token asks for an algorithm or extension that is not accepted here")]
    Unsupported,
    /// Made with another key, or changed since it was made.
    #[error("the token is not authentic")]
    NotAuthentic,
    /// No key of the set has the token's `kid` and algorithm: time to fetch the set again, once.
    #[error("the token names a key that is not in the set")]
    UnknownKey,
    /// The signature could not be made; only where memory or the system's randomness fails.
    #[error("the token could not be signed")]
    Failed,
}

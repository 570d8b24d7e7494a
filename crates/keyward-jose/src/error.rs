//! What can go wrong. No variant carries anything out of a token or a key.

/// Why bytes can't be a key.
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
}

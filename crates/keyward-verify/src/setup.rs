//! What can be wrong with a verifier.

/// Why there can be no such verifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The issuer, or the address of its keys, is no `https` or `http` address.
    #[error("{0:?} is no http or https address")]
    Address(String),
    /// The issuer ends with a slash; Keyward's never does, and it is compared to the character.
    #[error("the issuer {0:?} ends with a slash, which no token's does")]
    Slash(String),
    /// The audience is empty, or has characters that no challenge can carry.
    #[error("{0:?} can't be an audience, which is printable ASCII")]
    Audience(String),
}

//! What can be wrong with a token.

/// Why a token is refused. None says anything of what the token holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Not a signed token in its one canonical spelling, or no claims in it.
    #[error("the access token is malformed")]
    Malformed,
    /// Its header's `typ` is not `at+jwt`: an ID token, say.
    #[error("this is not an access token")]
    WrongType,
    /// An algorithm that no issuer's key has here (`none`, a shared key), or an extension that must be understood.
    #[error("the access token is signed in a way that is not accepted")]
    Unsupported,
    /// It names no key, or none of the issuer's.
    #[error("the access token is signed with an unknown key")]
    UnknownKey,
    /// Changed since it was signed, or signed with another key.
    #[error("the signature of the access token is wrong")]
    NotAuthentic,
    /// A claim that every access token has is missing, or of the wrong type (RFC 9068 section 2.2).
    #[error("the access token lacks {0}")]
    Claim(&'static str),
    /// Another issuer's.
    #[error("the access token is of another issuer")]
    WrongIssuer,
    /// For others.
    #[error("the access token is for another audience")]
    WrongAudience,
    /// Past its time.
    #[error("the access token has expired")]
    Expired,
    /// Its time is yet to come.
    #[error("the access token is not valid yet")]
    NotYetValid,
}

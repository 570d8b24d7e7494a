//! Reading protected headers (RFC 7515 section 4, RFC 7516 section 4).

use serde_json::Value;

use crate::{TokenError, compact, json};

/// The members of a token's protected header that matter here; others are ignored.
///
/// Nothing in it is authenticated before the token has been opened: use it to find the key, and for nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `alg`: how the content key is found (JWE), or the token signed (JWS).
    pub alg: String,
    /// `enc`: the content's encryption; only JWE has it.
    pub enc: Option<String>,
    /// `kid`: which key.
    pub kid: Option<String>,
    /// `typ`: what the token says it is, such as `JWT` or `logout+jwt`.
    pub typ: Option<String>,
    /// Whether there is a `zip` member. Such a token can be looked at, but is never opened.
    pub zip: bool,
}

impl Header {
    /// Parses the header of a token of `N` parts. The other parts are not looked at.
    pub(crate) fn peek<const N: usize>(token: &str) -> Result<Self, TokenError> {
        Self::parse(compact::split::<N>(token)?[0])
    }

    /// Parses an encoded header.
    ///
    /// # Errors
    /// [`TokenError::Malformed`] for anything but one JSON object with a textual `alg` and no member twice;
    /// [`TokenError::Unsupported`] for one with `crit`.
    pub(crate) fn parse(encoded: &str) -> Result<Self, TokenError> {
        let mut members = json::object(&compact::decode(encoded)?).ok_or(TokenError::Malformed)?;
        if members.contains_key("crit") {
            return Err(TokenError::Unsupported);
        }
        let mut text = |name| match members.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(TokenError::Malformed),
        };
        Ok(Self {
            alg: text("alg")?.ok_or(TokenError::Malformed)?,
            enc: text("enc")?,
            kid: text("kid")?,
            typ: text("typ")?,
            zip: members.contains_key("zip"),
        })
    }
}

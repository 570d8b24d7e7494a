//! Reading protected headers (RFC 7515 section 4, RFC 7516 section 4).

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::{TokenError, compact};

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
    /// Whether there is a `zip` member. Such a token can be looked at, but is never opened.
    pub zip: bool,
}

impl Header {
    /// Parses an encoded header.
    ///
    /// # Errors
    /// [`TokenError::Malformed`] for anything but one JSON object with a textual `alg` and no member twice;
    /// [`TokenError::Unsupported`] for one with `crit`.
    pub(crate) fn parse(encoded: &str) -> Result<Self, TokenError> {
        let json = String::from_utf8(compact::decode(encoded)?).map_err(|_| TokenError::Malformed)?;
        let Members { alg, enc, kid, zip, crit } =
            serde_json::from_str(&json).map_err(|_| TokenError::Malformed)?;
        if crit {
            return Err(TokenError::Unsupported);
        }
        Ok(Self { alg: alg.ok_or(TokenError::Malformed)?, enc, kid, zip })
    }
}

/// The members as they were found.
#[derive(Default)]
struct Members {
    alg: Option<String>,
    enc: Option<String>,
    kid: Option<String>,
    zip: bool,
    crit: bool,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// By hand, because a derived one notices only the doubles of members that it knows.
struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Members::default();
        let mut seen = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "alg" => members.alg = Some(map.next_value()?),
                "enc" => members.enc = Some(map.next_value()?),
                "kid" => members.kid = Some(map.next_value()?),
                other => {
                    members.zip |= other == "zip";
                    members.crit |= other == "crit";
                    map.next_value::<IgnoredAny>()?;
                }
            }
            if !seen.insert(name) {
                return Err(A::Error::custom("a member occurs twice"));
            }
        }
        Ok(members)
    }
}

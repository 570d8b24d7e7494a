//! The public address: one type, made in one place.

use std::{fmt, sync::Arc};

use url::Url;

/// Where people reach Keyward: an origin (`https://app.example`) and a base path (`/api/auth`).
///
/// Cheap to clone: every request carries one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: Arc<str>,
    base: Arc<str>,
}

/// Why a text is not a public address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an absolute URL.
    #[error("{0:?} is not an absolute URL such as https://app.example")]
    NotAbsolute(String),
    /// Neither http nor https.
    #[error("{0:?} is neither http nor https")]
    Scheme(String),
    /// With a query, a fragment, a user name or a password.
    #[error("{0:?} must be scheme, host, port and path alone")]
    Extra(String),
    /// A base path that does not start with a slash, ends with one, or needs encoding.
    #[error("the base path {0:?} must start with a slash, not end with one, and hold plain characters only")]
    BasePath(String),
}

impl PublicUrl {
    /// From an address and the base path to use where the address has no path of its own.
    ///
    /// As with `NEXTAUTH_URL`, a path in the address (`https://app.example/custom/auth`) is the base path.
    pub fn new(address: &str, default_base: &str) -> Result<Self, AddressError> {
        let url = Url::parse(address).map_err(|_| AddressError::NotAbsolute(address.to_owned()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressError::Scheme(address.to_owned()));
        }
        if url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some()
        {
            return Err(AddressError::Extra(address.to_owned()));
        }
        let base = match url.path().trim_end_matches('/') {
            "" => default_base,
            path => path,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
        if !base.starts_with('/') || base.ends_with('/') || base.contains("//") || !base.chars().all(plain) {
            return Err(AddressError::BasePath(base.to_owned()));
        }
        Ok(Self { origin: url.origin().ascii_serialization().into(), base: base.into() })
    }

    /// Scheme, host and port: `https://app.example`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Path of the routes: `/api/auth`.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base
    }

    /// Absolute address of a route: `page("signin")`.
    #[must_use]
    pub fn route(&self, path: &str) -> String {
        format!("{}{}/{path}", self.origin, self.base)
    }

    /// True for https: cookies are `Secure` and carry prefixes.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// Host and port as people read it.
    #[must_use]
    pub fn host(&self) -> &str {
        self.origin.split_once("://").map_or("", |(_, host)| host)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_address_is_the_base_path() {
        let url = PublicUrl::new("https://App.Example:443/custom/auth/", "/api/auth").expect("valid");
        assert_eq!(url.to_string(), "https://app.example/custom/auth");
        let url = PublicUrl::new("http://localhost:3000", "/api/auth").expect("valid");
        assert_eq!(url.route("csrf"), "http://localhost:3000/api/auth/csrf");
        assert_eq!(url.host(), "localhost:3000");
    }

    #[test]
    fn an_address_with_anything_more_is_refused() {
        for bad in [
            "app.example",
            "ftp://a.b",
            "https://a.b/?x=1",
            "https://u@a.b",
            "https://a.b/a%20b",
            "https://a.b//x",
        ] {
            assert!(PublicUrl::new(bad, "/api/auth").is_err(), "{bad}");
        }
        assert!(PublicUrl::new("https://a.b", "api").is_err());
    }
}

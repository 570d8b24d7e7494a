//! Where a person may be sent: the one maker of landing places (invariant 4, C6).

use url::Url;

use crate::address::PublicUrl;

/// An absolute address at which a person may land. Only [`landing`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing(String);

impl Landing {
    /// The address, safe to stand in a `Location` header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A callback address that is none: neither a path nor an http(s) URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCallbackUrl;

/// Where to land: the submitted address (body before query), else the remembered one, else the origin.
///
/// NextAuth's default rule (protocol notes §8.1): a value with a leading slash stays on the origin; one on the
/// origin, or on an origin of the allow-list, is kept; a foreign one becomes the origin. A *submitted* value
/// that is no address is an error; a *remembered* one (a cookie) is forgotten, so that a broken cookie cannot
/// lock a browser out (protocol notes, appendix F 6).
pub fn landing(
    public: &PublicUrl,
    allowed_origins: &[String],
    submitted: Option<&str>,
    remembered: Option<&str>,
) -> Result<Landing, InvalidCallbackUrl> {
    if let Some(value) = submitted.filter(|value| !value.is_empty()) {
        return resolve(public, allowed_origins, value).ok_or(InvalidCallbackUrl);
    }
    let remembered = remembered.and_then(|value| resolve(public, allowed_origins, value));
    Ok(remembered.unwrap_or_else(|| Landing(public.origin().to_owned())))
}

fn resolve(public: &PublicUrl, allowed_origins: &[String], value: &str) -> Option<Landing> {
    let absolute =
        if value.starts_with('/') { format!("{}{value}", public.origin()) } else { value.to_owned() };
    if is_plainly_on(public.origin(), &absolute) {
        return Some(Landing(absolute));
    }
    let url = Url::parse(&absolute).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let origin = url.origin().ascii_serialization();
    let own = origin == public.origin() || allowed_origins.contains(&origin);
    if !own || !url.username().is_empty() || url.password().is_some() {
        return Some(Landing(public.origin().to_owned()));
    }
    // As it was written where that is safe, else as parsed.
    let as_written = absolute.starts_with(&origin) && is_plain(&absolute);
    Some(Landing(if as_written { absolute } else { url.into() }))
}

/// True if there is nothing to parse: the address's host ends where the origin's does.
fn is_plainly_on(origin: &str, address: &str) -> bool {
    let rest = address.strip_prefix(origin);
    rest.is_some_and(|rest| (rest.is_empty() || rest.starts_with(['/', '?', '#'])) && is_plain(rest))
}

/// True for what is safe in a header and reads the same to every parser.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

    use super::*;

    fn public() -> PublicUrl {
        PublicUrl::new("https://app.test", "/api/auth").expect("valid")
    }

    fn land(value: &str) -> Option<String> {
        landing(&public(), &["https://docs.test".to_owned()], Some(value), None).ok().map(|l| l.0)
    }

    #[test]
    fn c6_a_landing_place_is_on_the_origin_or_on_the_list() {
        let table = [
            ("/dash", "https://app.test/dash"),
            ("/dash?a=b#c", "https://app.test/dash?a=b#c"),
            ("https://app.test/x", "https://app.test/x"),
            ("https://app.test", "https://app.test"),
            ("https://app.test?a", "https://app.test?a"),
            ("https://app.test:443/x", "https://app.test:443/x"),
            ("https://app.test:444/x", "https://app.test"),
            ("https://docs.test/x", "https://docs.test/x"),
            ("//evil.test", "https://app.test//evil.test"),
            ("/\\evil.test", "https://app.test//evil.test"),
            ("https://evil.test/x", "https://app.test"),
            ("https://app.test.evil.test", "https://app.test"),
            ("https://app.test@evil.test", "https://app.test"),
            ("https://user:pw@app.test/", "https://app.test"),
            ("http://app.test/x", "https://app.test"),
            ("https://APP.test/x", "https://app.test/x"),
            ("/a b\r\nSet-Cookie: x", "https://app.test/a%20bSet-Cookie:%20x"),
            ("/ü", "https://app.test/%C3%BC"),
        ];
        for (value, expected) in table {
            assert_eq!(land(value).as_deref(), Some(expected), "{value:?}");
        }
    }

    #[test]
    fn lesson_6_a_callback_address_that_is_none_is_an_error_and_never_a_panic() {
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "dash",
            "http://",
            "http://[",
            "ftp://app.test",
            "\\\\evil",
        ] {
            assert_eq!(land(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_broken_remembered_address_is_forgotten() {
        let at = |remembered| landing(&public(), &[], None, remembered).expect("an address").0;
        assert_eq!(at(Some("javascript:alert(1)")), "https://app.test");
        assert_eq!(at(Some("/kept")), "https://app.test/kept");
        assert_eq!(at(None), "https://app.test");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn lesson_2_whatever_is_submitted_the_landing_is_on_an_own_origin(tail in any::<String>(), head in "(/|//|https?://|https://app.test|)") {
            if let Some(landed) = land(&format!("{head}{tail}")) {
                let url = Url::parse(&landed).expect("absolute");
                let origin = url.origin().ascii_serialization();
                prop_assert!(origin == "https://app.test" || origin == "https://docs.test");
                prop_assert!(landed.bytes().all(|b| b.is_ascii_graphic()));
            }
        }
    }
}

//! Reading the `Authorization` header, strictly (RFC 6750 section 2.1, RFC 9110 section 11.4).

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::refusal::Reason;

const SCHEME: &str = "Bearer";

/// The token of the request's only `Authorization` header.
///
/// The scheme is spelled `Bearer`, with one space after it, and the token has the characters of RFC 6750. What
/// stands in the query or in a form is not looked at.
pub(crate) fn token(headers: &HeaderMap) -> Result<&str, Reason> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Reason::Missing)?;
    if values.next().is_some() {
        return Err(Reason::InvalidRequest); // which of them counts is for nobody to guess
    }
    let value = value.to_str().map_err(|_| Reason::InvalidRequest)?;
    match value.strip_prefix(SCHEME).and_then(|rest| rest.strip_prefix(' ')) {
        Some(token) if is_token(token) => Ok(token),
        Some(_) => Err(Reason::InvalidRequest),
        None if is_other_scheme(value) => Err(Reason::Missing),
        None => Err(Reason::InvalidRequest),
    }
}

/// `b64token`: its characters, at least one, then padding.
fn is_token(text: &str) -> bool {
    let unpadded = text.trim_end_matches('=');
    !unpadded.is_empty()
        && unpadded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

/// Whether these are credentials of another kind, `Basic` say.
fn is_other_scheme(value: &str) -> bool {
    let scheme = value.split([' ', '\t', ',']).next().unwrap_or_default();
    !scheme.is_empty() && !scheme.eq_ignore_ascii_case(SCHEME)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<String, Reason> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).expect("a header's bytes"));
        }
        token(&headers).map(str::to_owned)
    }

    #[test]
    fn lesson_20_only_the_one_spelling_of_bearer_is_read() {
        assert_eq!(read(&[b"Bearer a.b-c_~+/9=="]), Ok("a.b-c_~+/9==".to_owned()));
        let bad: [&[u8]; 15] = [
            b"bearer abc",
            b"BEARER abc",
            b"Bearer",
            b"Bearer ",
            b"Bearer  abc",
            b"Bearer\tabc",
            b"Bearer abc ",
            b"Bearer abc def",
            b"Bearer abc, Bearer def",
            b"Bearer =",
            b"Bearer a=b",
            b"Bearer \"abc\"",
            b"Bearer a\xc3\xa9",
            b"Bearer,abc",
            b" Bearer abc",
        ];
        for value in bad {
            assert_eq!(read(&[value]), Err(Reason::InvalidRequest), "{}", value.escape_ascii());
        }
    }

    #[test]
    fn lesson_7_of_two_authorization_headers_none_counts() {
        assert_eq!(read(&[b"Bearer abc", b"Bearer abc"]), Err(Reason::InvalidRequest));
        assert_eq!(read(&[b"Basic eDp5", b"Bearer abc"]), Err(Reason::InvalidRequest));
    }

    #[test]
    fn no_header_and_other_schemes_are_no_bearer() {
        assert_eq!(read(&[]), Err(Reason::Missing));
        for value in ["Basic eDp5", "DPoP abc", "Bearerabc", "BearerX abc"] {
            assert_eq!(read(&[value.as_bytes()]), Err(Reason::Missing), "{value}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_the_rest_of_the_value(value in "(Bearer|bearer|Basic)?[ \t]{0,2}[a-z=,. ]{0,9}") {
            if let Ok(value) = HeaderValue::from_str(&value) {
                let headers = HeaderMap::from_iter([(AUTHORIZATION, value.clone())]);
                if let Ok(token) = token(&headers) {
                    prop_assert_eq!(format!("Bearer {token}"), value.to_str().expect("ASCII"));
                    prop_assert!(!token.contains([' ', '\t', ',']));
                }
            }
        }
    }
}

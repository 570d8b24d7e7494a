//! Path and parameters.

use keyward_core::request::Pairs;
use url::form_urlencoded;

use super::{MAX_PARAMETERS, decode_component};
use crate::refuse::EdgeRefusal;

/// The decoded segments after the base path. A path has one spelling: no empty or dot segments, no slash or
/// control character hidden in an escape, nothing that does not decode (lessons 9, 10, 11).
pub(super) fn path(path: &str, base: &str) -> Result<Vec<String>, EdgeRefusal> {
    let rest = path.strip_prefix(base).ok_or(EdgeRefusal::BadRequest)?;
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let segments = rest.strip_prefix('/').ok_or(EdgeRefusal::BadRequest)?;
    segments.split('/').map(|segment| decode_segment(segment).ok_or(EdgeRefusal::BadRequest)).collect()
}

/// Query or form parameters, decoded as `URLSearchParams` does: what does not decode stays or is replaced.
/// A zero byte is refused: no field has one, and not every database can keep it.
pub(super) fn parameters(text: &[u8]) -> Result<Pairs, EdgeRefusal> {
    let mut pairs = Vec::new();
    for (name, value) in form_urlencoded::parse(text) {
        if pairs.len() == MAX_PARAMETERS {
            return Err(EdgeRefusal::TooManyParameters);
        }
        if name.contains('\0') || value.contains('\0') {
            return Err(EdgeRefusal::BadRequest);
        }
        pairs.push((name.into_owned(), value.into_owned()));
    }
    Ok(Pairs(pairs))
}

fn decode_segment(segment: &str) -> Option<String> {
    let decoded = decode_component(segment)?;
    let is_hidden = |c: char| matches!(c, '/' | '\\') || c.is_control();
    let is_plain = !matches!(&*decoded, "" | "." | "..") && !decoded.contains(is_hidden);
    is_plain.then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_decoded_one_by_one() {
        assert_eq!(path("/api/auth", "/api/auth"), Ok(vec![]));
        assert_eq!(
            path("/api/auth/callback/my%20login", "/api/auth").expect("fine"),
            ["callback", "my login"]
        );
        assert_eq!(path("/api/auth/-/signup", "/api/auth").expect("fine"), ["-", "signup"]);
    }

    #[test]
    fn lesson_9_a_path_has_one_spelling() {
        let others = [
            "/api/auth/",
            "/api/auth//session",
            "/api/auth/session/",
            "/api/auth/./session",
            "/api/auth/x/../session",
            "/api/auth/%2e%2e/session",
            "/api/auth/%2E/session",
            "/api/auth/signin%2Flogin",
            "/api/auth/signin%5Clogin",
            "/api/authsession",
            "/API/auth/session",
            "//api/auth/session",
            "/api/auth/a%00",
            "/api/auth/a%0a",
            "/api/auth/%ff",
            "/api/auth/%",
        ];
        for other in others {
            assert_eq!(path(other, "/api/auth"), Err(EdgeRefusal::BadRequest), "{other}");
        }
    }

    #[test]
    fn lesson_11_an_escaped_fragment_or_query_is_part_of_the_segment() {
        assert_eq!(path("/b/session%23x", "/b").expect("fine"), ["session#x"]);
        assert_eq!(path("/b/session%3Fx", "/b").expect("fine"), ["session?x"]);
    }

    #[test]
    fn lesson_6_broken_encoding_in_parameters_is_read_leniently() {
        let pairs = parameters(b"a=%zz&b=%ff&c=x+y&d&=e&callbackUrl=%").expect("lenient");
        assert_eq!(pairs.get("a"), Some("%zz"));
        assert_eq!(pairs.get("b"), Some("\u{fffd}"));
        assert_eq!(pairs.get("c"), Some("x y"));
        assert_eq!(pairs.get("d"), Some(""));
        assert_eq!(pairs.get("callbackUrl"), Some("%"));
    }

    #[test]
    fn zero_bytes_and_too_many_parameters_are_refused() {
        assert_eq!(parameters(b"a=%00"), Err(EdgeRefusal::BadRequest));
        assert_eq!(parameters(b"%00=a"), Err(EdgeRefusal::BadRequest));
        let most = "a=1&".repeat(MAX_PARAMETERS);
        assert_eq!(parameters(most.as_bytes()).expect("the most").0.len(), MAX_PARAMETERS);
        let more = "a=1&".repeat(MAX_PARAMETERS + 1);
        assert_eq!(parameters(more.as_bytes()), Err(EdgeRefusal::TooManyParameters));
    }
}

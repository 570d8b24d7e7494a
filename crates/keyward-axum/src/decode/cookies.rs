//! The `Cookie` header, read as npm's `cookie` reads it for the original (protocol notes §2.1).

use http::{HeaderMap, header};
use keyward_core::request::Pairs;
use memchr::memchr_iter;

use super::{decode_component, text};

/// All cookies in order, so that of a repeated name the first counts. A value is percent-decoded if all of it
/// can be, and kept as it came otherwise: no cookie makes a request bad.
pub(crate) fn cookies(headers: &HeaderMap) -> Pairs {
    let mut pairs = Vec::with_capacity(4);
    for line in headers.get_all(header::COOKIE) {
        let line = text(line);
        let mut start = 0;
        // A session token is long: `split(';')` looks at it byte by byte.
        for end in memchr_iter(b';', line.as_bytes()).chain([line.len()]) {
            let pair = &line[start..end];
            start = end + 1;
            let Some((name, value)) = pair.split_once('=') else { continue };
            let value = unquoted(value.trim());
            let value = decode_component(value).unwrap_or(value.into());
            pairs.push((name.trim().to_owned(), value.into_owned()));
        }
    }
    Pairs(pairs)
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&[u8]]) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, http::HeaderValue::from_bytes(line).expect("a header"));
        }
        cookies(&headers).0
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_first_of_a_repeated_name_wins_also_across_headers() {
        let cookies = Pairs(read(&[b"a=1; b=2;a=3", b"b=4; c=5"]));
        for (name, value) in [("a", "1"), ("b", "2"), ("c", "5")] {
            assert_eq!(cookies.get(name), Some(value));
        }
    }

    #[test]
    fn values_are_decoded_where_they_decode_and_kept_raw_where_they_do_not() {
        let line = b"t=a%7Cb; raw=%zz%41; cut=%C3; plus=a+b; quoted=\"x y\"; half=\"x; eq=a=b; none; empty=";
        let expected = [
            ("t", "a|b"),
            ("raw", "%zz%41"),
            ("cut", "%C3"),
            ("plus", "a+b"),
            ("quoted", "x y"),
            ("half", "\"x"),
            ("eq", "a=b"),
            ("empty", ""),
        ];
        assert_eq!(read(&[line]), pairs(&expected));
    }

    #[test]
    fn lesson_82_bytes_that_are_no_text_are_replaced_not_refused() {
        assert_eq!(read(&[b"a=\xff\xfe; b=1"]), pairs(&[("a", "\u{fffd}\u{fffd}"), ("b", "1")]));
    }
}

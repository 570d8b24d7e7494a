//! Percent-decoding as `decodeURIComponent` does it: all of it, or not at all.

use std::borrow::Cow;

use memchr::memchr;

/// The decoded text; `None` for a stray `%` or bytes that are not UTF-8 (lesson 82).
pub(crate) fn decode_component(text: &str) -> Option<Cow<'_, str>> {
    let bytes = text.as_bytes();
    let Some(first) = memchr(b'%', bytes) else { return Some(Cow::Borrowed(text)) };
    let mut decoded = Vec::with_capacity(bytes.len());
    let (mut plain, mut rest) = bytes.split_at(first);
    loop {
        decoded.extend_from_slice(plain);
        let Some((escape, more)) = rest.split_first_chunk::<3>() else {
            return if rest.is_empty() { String::from_utf8(decoded).ok().map(Cow::Owned) } else { None };
        };
        decoded.push(digit(escape[1])? << 4 | digit(escape[2])?);
        (plain, rest) = more.split_at(memchr(b'%', more).unwrap_or(more.len()));
    }
}

/// A hexadecimal digit's value.
fn digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lesson_82_a_text_decodes_as_a_whole_or_not_at_all() {
        assert_eq!(decode_component("a%7Cb+c").as_deref(), Some("a|b+c"), "a plus is a plus");
        assert_eq!(decode_component("%C3%A9").as_deref(), Some("é"));
        for bad in ["%", "a%", "%4", "%zz", "%4g", "%%41", "%ff", "%C3", "%ed%a0%80", "é%"] {
            assert_eq!(decode_component(bad), None, "{bad}");
        }
    }
}

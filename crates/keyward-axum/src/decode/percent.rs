//! Percent-decoding as `decodeURIComponent` does it: all of it, or not at all.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The decoded text; `None` for a stray `%` or bytes that are not UTF-8 (lesson 82).
pub(crate) fn decode_component(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let is_escape =
        |rest: &str| rest.as_bytes().get(..2).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit));
    if !text.split('%').skip(1).all(is_escape) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok()
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

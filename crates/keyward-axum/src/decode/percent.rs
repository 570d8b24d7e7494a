//! Percent-decoding as `decodeURIComponent` does it: all of it, or not at all.

use std::borrow::Cow;

/// The decoded text; `None` for a stray `%` or bytes that are not UTF-8 (lesson 82).
pub(crate) fn decode_component(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut parts = text.as_bytes().split(|byte| *byte == b'%');
    decoded.extend_from_slice(parts.next().unwrap_or_default());
    for part in parts {
        let (escape, rest) = part.split_at_checked(2)?;
        decoded.push(escape.iter().try_fold(0, |byte, digit| {
            let digit = char::from(*digit).to_digit(16)?;
            u8::try_from(u32::from(byte) << 4 | digit).ok()
        })?);
        decoded.extend_from_slice(rest);
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
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

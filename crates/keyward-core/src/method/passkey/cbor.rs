//! CBOR as far as authenticators write it (CTAP 2.1 §8), and nothing else.
//!
//! Refused are: indefinite lengths, members that occur twice, floats, tags, deep nesting, and whatever stands after the
//! end. Numbers may be longer than they need be: some password managers write them so, and nothing here is compared
//! as it was written.

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item<'b> {
    /// A number, negative ones too.
    Number(i64),
    Bytes(&'b [u8]),
    Text(&'b str),
    List(Vec<Item<'b>>),
    Map(Vec<(Item<'b>, Item<'b>)>),
    /// `false`, `true`, `null`: nothing here needs to tell them apart.
    Simple(u8),
}

/// Items within items.
const DEEPEST: u8 = 4;

/// Reads one item and says what is left after it.
pub(super) fn read(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    item(bytes, DEEPEST)
}

impl<'b> Item<'b> {
    /// The member of a map under a number.
    pub(super) fn number(&self, key: i64) -> Option<&Self> {
        self.member(&Item::Number(key))
    }

    /// The member of a map under a text.
    pub(super) fn text(&self, key: &str) -> Option<&Self> {
        self.member(&Item::Text(key))
    }

    pub(super) fn bytes(&self) -> Option<&'b [u8]> {
        match self {
            Item::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn member(&self, key: &Item<'_>) -> Option<&Self> {
        match self {
            Item::Map(members) => members.iter().find(|(known, _)| known == key).map(|(_, value)| value),
            _ => None,
        }
    }
}

fn item(bytes: &[u8], deeper: u8) -> Option<(Item<'_>, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (major, info) = (first >> 5, first & 31);
    if major == 7 {
        return matches!(info, 20..=22).then_some((Item::Simple(info), rest));
    }
    let (argument, rest) = argument(info, rest)?;
    let length = usize::try_from(argument).ok()?;
    let signed = i64::try_from(argument).ok();
    match major {
        0 => Some((Item::Number(signed?), rest)),
        1 => Some((Item::Number(-1 - signed?), rest)),
        2 => rest.split_at_checked(length).map(|(bytes, rest)| (Item::Bytes(bytes), rest)),
        3 => {
            let (text, rest) = rest.split_at_checked(length)?;
            Some((Item::Text(std::str::from_utf8(text).ok()?), rest))
        }
        4 | 5 => several(major == 5, length, rest, deeper.checked_sub(1)?),
        _ => None,
    }
}

/// A list or a map. Its length is a stranger's word: nothing is reserved for it.
fn several(is_map: bool, length: usize, mut rest: &[u8], deeper: u8) -> Option<(Item<'_>, &[u8])> {
    let (mut list, mut map) = (Vec::new(), Vec::new());
    for _ in 0..length {
        let (first, after) = item(rest, deeper)?;
        rest = after;
        if is_map {
            let (value, after) = item(rest, deeper)?;
            rest = after;
            if map.iter().any(|(known, _)| *known == first) {
                return None;
            }
            map.push((first, value));
        } else {
            list.push(first);
        }
    }
    Some((if is_map { Item::Map(map) } else { Item::List(list) }, rest))
}

/// The number behind an item's first byte.
fn argument(info: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    if info < 24 {
        return Some((u64::from(info), rest));
    }
    // 1, 2, 4 or 8 bytes.
    let length = 1_usize << (info - 24);
    let (bytes, rest) = rest.split_at_checked(length).filter(|_| info <= 27)?;
    Some((bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

    use super::*;

    fn whole(digits: &str) -> Option<String> {
        let bytes = hex::decode(digits).expect("hexadecimal");
        let (item, rest) = read(&bytes)?;
        rest.is_empty().then(|| format!("{item:?}"))
    }

    #[test]
    fn what_authenticators_write_is_read() {
        let table = [
            ("00", "Number(0)"),
            ("17", "Number(23)"),
            ("1818", "Number(24)"),
            ("26", "Number(-7)"),
            ("390100", "Number(-257)"),
            ("1817", "Number(23)"),
            ("590001ff", "Bytes([255])"),
            ("1b0000000100000000", "Number(4294967296)"),
            ("43010203", "Bytes([1, 2, 3])"),
            ("63666d74", "Text(\"fmt\")"),
            ("a10126", "Map([(Number(1), Number(-7))])"),
            ("8201f5", "List([Number(1), Simple(21)])"),
        ];
        for (digits, expected) in table {
            assert_eq!(whole(digits).unwrap_or_default(), expected, "{digits}");
        }
    }

    #[test]
    fn lesson_34_what_is_cut_or_has_no_end_is_refused() {
        let table = [
            ("", "nothing"),
            ("1b00000001000000", "cut"),
            ("1f", "no number at all"),
            ("5f4101ff", "an indefinite length"),
            ("9fff", "the same"),
            ("a201020103", "a member twice"),
            ("a20102180103", "the same, written otherwise"),
            ("430102", "cut"),
            ("62c328", "no UTF-8"),
            ("c074323031", "a tag"),
            ("f90000", "a float"),
            ("1bffffffffffffffff", "a number beyond all"),
            ("9affffffff", "a list as long as it says"),
            ("818181818100", "deeper than anything"),
        ];
        for (digits, why) in table {
            assert_eq!(whole(digits), None, "{why}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]
        #[test]
        fn whatever_comes_is_read_or_refused_and_what_is_left_is_its_end(bytes in any::<Vec<u8>>()) {
            if let Some((_, rest)) = read(&bytes) {
                prop_assert!(bytes.ends_with(rest) && rest.len() < bytes.len());
            }
        }
    }
}

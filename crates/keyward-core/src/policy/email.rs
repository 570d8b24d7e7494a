//! One grammar for e-mail addresses: normalised first, then checked (lessons 72 to 75).

use unicode_normalization::UnicodeNormalization;

/// Longest address that a mail server must take (RFC 5321 §4.5.3.1.3).
const MAX_LEN: usize = 254;
/// Longest local part (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// Normalises an address (NFKC, trimmed, lower case) and checks it; `None` if it is none.
///
/// Stricter than the RFCs on purpose: no quoted local parts, no comments, no lists, and a domain with a dot.
/// What passes has one reading only, so whatever parses it later agrees.
///
/// ```
/// use keyward_core::policy::email::normalise;
///
/// assert_eq!(normalise(" Ada@Example.COM "), Some("ada@example.com".to_owned()));
/// assert_eq!(normalise("a@b.c,d@e.f"), None);
/// ```
#[must_use]
pub fn normalise(address: &str) -> Option<String> {
    // Before NFKC, which may lengthen a text many times over.
    if address.len() > 4 * MAX_LEN {
        return None;
    }
    let address = address.nfkc().collect::<String>().trim().to_lowercase();
    let (local, domain) = address.split_once('@')?;
    let sound = address.len() <= MAX_LEN
        && !local.is_empty()
        && local.len() <= MAX_LOCAL
        && local.chars().all(allowed_in_local)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && is_domain(domain);
    sound.then_some(address)
}

fn allowed_in_local(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

fn is_domain(domain: &str) -> bool {
    domain.contains('.')
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn lesson_72_two_addresses_in_one_field_are_none() {
        for bad in
            ["a@b.c,d@e.f", "a@b.c;d@e.f", "a@b.c d@e.f", "a@b.c\nd@e.f", "a@b@c.d", "<a@b.c>", "\"a\"@b.c"]
        {
            assert_eq!(normalise(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn lesson_73_a_full_width_at_sign_counts_after_normalisation() {
        assert_eq!(normalise("ada\u{ff20}example.com"), Some("ada@example.com".to_owned()));
        assert_eq!(normalise("a@b.c\u{ff20}d.e"), None);
        assert_eq!(normalise("a\u{ff0c}b@c.d"), None);
    }

    #[test]
    fn an_address_without_local_part_or_dotted_domain_is_none() {
        for bad in [
            "", "@", "a@", "@b.c", "a@b", "a@.b", "a@b.", "a@b..c", ".a@b.c", "a..b@c.d", "a@-b.c", "a\0@b.c",
        ] {
            assert_eq!(normalise(bad), None, "{bad:?}");
        }
        assert_eq!(normalise(&format!("{}@b.c", "a".repeat(65))), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn lesson_75_what_passes_is_a_fixed_point_with_one_at_sign(text in any::<String>()) {
            if let Some(address) = normalise(&text) {
                prop_assert_eq!(normalise(&address), Some(address.clone()));
                prop_assert_eq!(address.matches('@').count(), 1);
                prop_assert!(!address.chars().any(|c| c.is_whitespace() || c.is_control()));
            }
        }
    }
}

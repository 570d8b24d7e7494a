//! Recovery codes: ten, each good once, for who has lost their authenticator app.

use keyward_jose::digest::sha256_hex;

use crate::{port::Random, secret::Secret, user::UserId};

/// How many a person has.
pub const COUNT: usize = 10;

/// Letters and digits of a code: 80 bits, which nobody guesses, neither here nor with the hash in hand.
const LENGTH: usize = 16;

/// Crockford's base 32: nothing in it looks like something else.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// New codes, as people see them: `4f7q-x2mb-…`. They are shown once.
#[must_use]
pub fn draw(random: &dyn Random) -> Vec<Secret> {
    (0..COUNT).map(|_| one(random)).collect()
}

/// What the store keeps of a code; `None` for what is none. As people write it: capital letters, spaces and hyphens
/// make no difference.
#[must_use]
pub fn hash_of(user: &UserId, code: &str) -> Option<String> {
    let plain: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let plain = plain.to_ascii_lowercase();
    let is_code = plain.len() == LENGTH && plain.bytes().all(|byte| ALPHABET.contains(&byte));
    is_code.then(|| sha256_hex(&[b"recovery code ", user.0.as_bytes(), b"\0", plain.as_bytes()]))
}

fn one(random: &dyn Random) -> Secret {
    let mut bytes = [0; LENGTH];
    random.fill(&mut bytes);
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Secret::from(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        sync::atomic::{AtomicU8, Ordering},
    };

    use keyward_jose::digest::sha256;

    use super::*;

    /// Digests of a counter.
    struct Counting(AtomicU8);

    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            let digest = sha256(&[&[self.0.fetch_add(1, Ordering::Relaxed)]]);
            bytes.copy_from_slice(&digest[..bytes.len()]);
        }
    }

    #[test]
    fn ten_codes_are_drawn_and_each_is_known_again_however_it_is_written() {
        let ada = UserId("ada".to_owned());
        let codes = draw(&Counting(0.into()));
        let hashes: HashSet<_> =
            codes.iter().map(|code| hash_of(&ada, code.expose()).expect("a code")).collect();
        assert_eq!((codes.len(), hashes.len()), (COUNT, COUNT));
        let first = codes[0].expose();
        assert_eq!(first.len(), LENGTH + 3);
        for written in
            [first.to_uppercase(), first.replace('-', ""), first.replace('-', " - "), format!(" {first}\n")]
        {
            assert_eq!(hash_of(&ada, &written), hash_of(&ada, first), "{written:?}");
        }
        assert_ne!(hash_of(&ada, first), hash_of(&UserId("bob".to_owned()), first), "nobody else's");
    }

    #[test]
    fn lesson_64_what_is_no_code_has_no_hash() {
        let ada = UserId("ada".to_owned());
        for bad in [
            "",
            "----",
            "0000-0000-0000-000",
            "0000-0000-0000-00000",
            "000u-0000-0000-0000",
            "0000.0000.0000.0000",
        ] {
            assert_eq!(hash_of(&ada, bad), None, "{bad:?}");
        }
    }
}

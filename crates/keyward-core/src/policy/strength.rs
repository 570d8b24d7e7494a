//! How hard a new password must be to guess (F1).

/// What is asked of a new password: zxcvbn's score, 0 (trivial) to 4 (very hard to guess).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strength(pub u8);

impl Default for Strength {
    /// 3: about 10⁸ guesses and more, out of reach of guessing through the front door.
    fn default() -> Self {
        Self(3)
    }
}

/// zxcvbn's score of a password, 0 to 4, for somebody who knows `about` the person. Costs as much as a hash: a server
/// asks its [hasher](crate::port::PasswordHasher::score).
#[must_use]
pub fn score(password: &str, about: &[&str]) -> Strength {
    let mut end = password.len().min(MAX_ESTIMATED);
    while !password.is_char_boundary(end) {
        end -= 1;
    }
    Strength(zxcvbn::zxcvbn(&password[..end], about).score().into())
}

/// Bytes of a password that the strength estimate looks at. Its work grows much faster than the length: a hundred
/// bytes of `4@8({[<…`, where every letter may stand for several, keep a processor busy for a second. What is longer
/// is not easier to guess than its beginning.
const MAX_ESTIMATED: usize = 32;

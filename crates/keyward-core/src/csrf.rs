//! The CSRF double submit that all generations share (protocol notes §3).

use keyward_jose::digest::sha256;

use crate::{
    port::Random,
    secret::{Secret, same},
};

/// The CSRF state of one exchange.
#[derive(Clone, Debug)]
pub struct Csrf {
    /// What forms and clients send back.
    pub token: String,
    /// The cookie to set: `token|hash`. `None` if the one that came is good.
    pub cookie: Option<String>,
    /// True if the cookie was good and the request carried the same token.
    pub verified: bool,
}

impl Csrf {
    /// Checks the cookie and the submitted token, or draws a new token where there is no good cookie.
    #[must_use]
    pub fn of(cookie: Option<&str>, submitted: Option<&str>, secret: &Secret, random: &dyn Random) -> Self {
        if let Some((token, hash)) = cookie.and_then(|value| value.split_once('|'))
            && same(hash.as_bytes(), &hash_of(token, secret))
        {
            let verified = submitted.is_some_and(|given| same(given.as_bytes(), token.as_bytes()));
            return Self { token: token.to_owned(), cookie: None, verified };
        }
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        let token = text(&digits(&bytes)).to_owned();
        let cookie = [&*token, "|", text(&hash_of(&token, secret))].concat();
        Self { token, cookie: Some(cookie), verified: false }
    }
}

fn hash_of(token: &str, secret: &Secret) -> [u8; 64] {
    digits(&sha256(&[token.as_bytes(), secret.expose().as_bytes()]))
}

/// In hexadecimal. Far quicker than `hex::encode`, which goes digit by digit.
fn digits(bytes: &[u8; 32]) -> [u8; 64] {
    let mut digits = [0; 64];
    hex::encode_to_slice(bytes, &mut digits).expect("two digits for each of 32 bytes");
    digits
}

fn text(digits: &[u8; 64]) -> &str {
    str::from_utf8(digits).expect("digits are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;
    impl Random for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn secret() -> Secret {
        Secret::from("keyward-test-secret-0123456789abcdef")
    }

    const COOKIE: &str = "0000000000000000000000000000000000000000000000000000000000000001|c043b233eb75367518c9e459d756c6fa67f593dd90171e97ff46165fdb1f3ba3";

    #[test]
    fn the_recorded_cookie_is_accepted_with_its_own_token_alone() {
        let token = COOKIE.split('|').next();
        assert!(Csrf::of(Some(COOKIE), token, &secret(), &Sevens).verified);
        assert!(!Csrf::of(Some(COOKIE), Some("0"), &secret(), &Sevens).verified);
        assert!(!Csrf::of(Some(COOKIE), None, &secret(), &Sevens).verified);
        assert!(Csrf::of(Some(COOKIE), token, &secret(), &Sevens).cookie.is_none());
    }

    #[test]
    fn a_cookie_with_a_wrong_hash_is_replaced_and_verifies_nothing() {
        for bad in ["", "|", "a|b", "x", &COOKIE[..COOKIE.len() - 1]] {
            let csrf = Csrf::of(Some(bad), Some("a"), &secret(), &Sevens);
            assert!(!csrf.verified, "{bad}");
            let cookie = csrf.cookie.expect("a new cookie");
            assert!(Csrf::of(Some(&cookie), Some(&csrf.token), &secret(), &Sevens).verified);
        }
    }
}

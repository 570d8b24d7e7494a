//! Codes of authenticator apps: TOTP (RFC 6238) as every app computes it, with SHA-1, six digits and 30 seconds.

use keyward_jose::mac::hmac_sha1;
use zeroize::Zeroize;

use crate::{
    port::Random,
    secret::{Secret, same},
    time::Timestamp,
};

/// What a deployment decides about second factors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorSettings {
    /// False where nobody can set up an authenticator app here. Who has one is asked for it all the same.
    pub enabled: bool,
    /// What apps call this site. Empty: the host of the public address.
    pub issuer: String,
}

impl Default for FactorSettings {
    fn default() -> Self {
        Self { enabled: true, issuer: String::new() }
    }
}

/// How long a code is shown, in seconds.
pub const PERIOD: i64 = 30;

/// Digits of a code.
const DIGITS: usize = 6;

/// Codes of so many periods before and after the present one are good, too: clocks of phones differ, and people are
/// slow (RFC 6238 §5.2).
const WINDOW: i64 = 1;

/// Bytes of a secret: as many as the hash has (RFC 4226 §4).
const LENGTH: usize = 20;

/// The alphabet of RFC 4648 §6, in which apps take secrets.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an app and Keyward share.
#[derive(Clone)]
pub struct TotpSecret([u8; LENGTH]);

impl TotpSecret {
    /// A new one.
    #[must_use]
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = [0; LENGTH];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// As [`Self::base32`] wrote it. `None` for anything else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut bytes = [0; LENGTH];
        let (mut bits, mut held, mut at) = (0_u32, 0, 0);
        for letter in text.bytes() {
            let value = BASE32.iter().position(|known| *known == letter)?;
            bits = (bits << 5) | u32::try_from(value).ok()?;
            held += 5;
            if held >= 8 {
                held -= 8;
                *bytes.get_mut(at)? = u8::try_from((bits >> held) & 0xff).ok()?;
                at += 1;
            }
        }
        (at == LENGTH && held == 0).then_some(Self(bytes))
    }

    /// For people who type it instead of scanning it: 32 letters and digits.
    #[must_use]
    pub fn base32(&self) -> Secret {
        let mut text = String::with_capacity(32);
        for group in self.0.chunks_exact(5) {
            let bits = group.iter().fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
            text.extend((0..8).rev().map(|place| {
                let value = (bits >> (5 * place)) & 31;
                char::from(BASE32[usize::try_from(value).unwrap_or_default()])
            }));
        }
        Secret::from(text)
    }

    /// What the QR code holds: who it is for, and the secret (the `otpauth` scheme that apps read).
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> Secret {
        let encode = crate::dialect::cookies::encode_component;
        // A colon parts the two.
        let (issuer, account) = (encode(&issuer.replace(':', " ")), encode(&account.replace(':', " ")));
        let secret = self.base32();
        Secret::from(format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", secret.expose()))
    }

    /// The period whose code this is, if it is one of those about now and comes after `last`: a code that was used, or
    /// one before it, is good for nothing any more (RFC 6238 §5.2; lesson 64).
    #[must_use]
    pub fn step_of(&self, code: &str, now: Timestamp, last: i64) -> Option<i64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if code.len() != DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let present = now.secs().div_euclid(PERIOD);
        let mut found = None;
        // All of them, so that the time tells nothing of which it was.
        for step in present - WINDOW..=present + WINDOW {
            if same(self.code(step).as_bytes(), code.as_bytes()) && step > last && found.is_none() {
                found = Some(step);
            }
        }
        found
    }

    /// The code of a period (RFC 4226 §5.3).
    #[must_use]
    pub fn code(&self, step: i64) -> String {
        let mac = hmac_sha1(&self.0, &step.to_be_bytes());
        let offset = usize::from(mac[19] & 15);
        let word = [mac[offset] & 0x7f, mac[offset + 1], mac[offset + 2], mac[offset + 3]];
        format!("{:06}", u32::from_be_bytes(word) % 1_000_000)
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

impl Drop for TotpSecret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's test vectors.
    fn published() -> TotpSecret {
        TotpSecret(*b"12345678901234567890")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    #[test]
    fn rfc_6238_appendix_b() {
        // Its codes have eight digits; apps show the last six.
        let table = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, code) in table {
            assert_eq!(published().code(seconds / PERIOD), code);
            assert_eq!(published().step_of(code, at(seconds), -1), Some(seconds / PERIOD));
        }
    }

    #[test]
    fn a_code_is_good_one_period_early_and_late_and_no_longer() {
        let code = published().code(1000);
        for (seconds, good) in
            [(29_969, false), (29_970, true), (30_000, true), (30_059, true), (30_060, false)]
        {
            assert_eq!(published().step_of(&code, at(seconds), -1).is_some(), good, "{seconds}");
        }
    }

    #[test]
    fn lesson_64_a_step_that_was_used_and_every_step_before_it_is_refused() {
        let (before, now) = (published().code(999), published().code(1000));
        assert_eq!(published().step_of(&now, at(30_000), 999), Some(1000));
        assert_eq!(published().step_of(&now, at(30_000), 1000), None, "the same again");
        assert_eq!(published().step_of(&before, at(30_000), 1000), None, "an earlier one after it");
    }

    #[test]
    fn lesson_64_what_is_no_code_is_refused() {
        for code in ["", " ", "28708", "2870822", "28708a", "２８７０８２", "287082 287082"] {
            assert_eq!(published().step_of(code, at(59), -1), None, "{code:?}");
        }
        assert!(published().step_of(" 287 082 ", at(59), -1).is_some(), "as apps show it");
    }

    #[test]
    fn a_secret_is_written_as_apps_read_it_and_never_printed() {
        let secret = published();
        assert_eq!(secret.base32().expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let read = TotpSecret::read(secret.base32().expose()).expect("read");
        assert_eq!(read.0, secret.0);
        for bad in
            ["", "GEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGE", "gezdgnbvgy3tqojqgezdgnbvgy3tqojq"]
        {
            assert!(TotpSecret::read(bad).is_none(), "{bad}");
        }
        assert_eq!(
            secret.uri("Shop: east", "ada@example.org").expose(),
            "otpauth://totp/Shop%20%20east:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Shop%20%20east"
        );
        assert!(!format!("{secret:?}").contains("1234"));
    }
}

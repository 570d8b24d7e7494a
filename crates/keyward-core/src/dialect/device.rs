//! The cookie by which a device is known to the accounts whose owners signed in on it: guesses from elsewhere hold it back
//! in nothing (`policy/abuse.rs`).

use super::attempts::line;
use crate::{port::Random, request::Pairs, secret::same};

/// A device, and proof of the accounts that know it: its random name, and a keyed hash of that and each account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    name: String,
    proofs: Vec<String>,
}

/// What proves that a device is known to an account: a keyed hash of both.
pub type Proof<'p> = &'p dyn Fn(&str) -> String;

/// Bytes behind a name, and hexadecimal digits of a name and of a proof.
const BYTES: usize = 16;
const DIGITS: usize = 2 * BYTES;

/// Accounts that one browser is known to: a family's. The one that signed in last comes first.
const MOST: usize = 4;

impl Device {
    /// The device that sent these cookies, whatever it claims to be.
    #[must_use]
    pub fn of(sent: &Pairs, secure: bool) -> Option<Self> {
        let mut parts = sent.get(cookie_name(secure))?.split('.').map(str::to_owned);
        let name = parts.next()?;
        let proofs: Vec<_> = parts.collect();
        let sound = |text: &String| text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        (sound(&name) && proofs.len() <= MOST && proofs.iter().all(sound)).then_some(Self { name, proofs })
    }

    /// A device that nobody knows yet.
    #[must_use]
    pub fn new(random: &dyn Random) -> Self {
        let mut bytes = [0; BYTES];
        random.fill(&mut bytes);
        Self { name: hex::encode(bytes), proofs: Vec::new() }
    }

    /// What tells it from others.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True if it brings the proof.
    #[must_use]
    pub fn is_known(&self, proof: Proof<'_>) -> bool {
        let wanted = proof(&self.name);
        self.proofs.iter().any(|given| same(given.as_bytes(), wanted.as_bytes()))
    }

    /// As it is once an account's owner has signed in on it.
    #[must_use]
    pub fn known_to(mut self, proof: Proof<'_>) -> Self {
        let wanted = proof(&self.name);
        self.proofs.retain(|given| *given != wanted);
        self.proofs.insert(0, wanted);
        self.proofs.truncate(MOST);
        self
    }

    /// Its cookie.
    pub(super) fn line(&self, max_age: u32, secure: bool) -> String {
        let parts: Vec<&str> = std::iter::once(&self.name).chain(&self.proofs).map(String::as_str).collect();
        line(cookie_name(secure), &parts.join("."), max_age, false, secure)
    }
}

const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-keyward.device" } else { "keyward.device" }
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

    fn proof(account: &str) -> impl Fn(&str) -> String {
        let account = account.to_owned();
        move |name| {
            keyward_jose::digest::sha256_hex(&[name.as_bytes(), account.as_bytes()])[..DIGITS].to_owned()
        }
    }

    fn sent(line: &str) -> Pairs {
        let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
        Pairs(vec![(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_device_is_known_to_the_accounts_whose_owners_signed_in_on_it() {
        let ada = proof("ada");
        let device = Device::new(&Sevens);
        assert!(!device.is_known(&ada));
        let line = device.known_to(&ada).known_to(&proof("bob")).line(60, true);
        assert!(line.ends_with("; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax"), "{line}");
        let back = Device::of(&sent(&line), true).expect("its cookie");
        assert!(back.is_known(&ada) && back.is_known(&proof("bob")) && !back.is_known(&proof("eve")));
        assert_eq!(Device::of(&sent(&line), false), None, "each protocol has a name of its own");
    }

    #[test]
    fn it_forgets_the_accounts_that_were_not_used_for_longest() {
        let accounts = ["a", "b", "c", "d", "e"].map(proof);
        let known = |device: Device, which: usize| device.known_to(&accounts[which]);
        let device = (0..5).fold(Device::new(&Sevens), known);
        assert!(
            !device.is_known(&accounts[0]) && device.is_known(&accounts[1]) && device.is_known(&accounts[4])
        );
        let again = known(device.clone(), 4);
        assert_eq!(again, device, "who comes again takes no place twice");
    }

    #[test]
    fn lesson_34_a_cookie_that_was_changed_anywhere_proves_nothing() {
        let ada = proof("ada");
        let line = Device::new(&Sevens).known_to(&ada).line(60, false);
        let Pairs(pairs) = sent(&line);
        let (name, value) = &pairs[0];
        for at in 0..value.len() {
            let mut other = value.clone().into_bytes();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            let other = String::from_utf8(other).expect("ASCII");
            let cut = value[..at].to_owned();
            for value in [other, cut] {
                let device = Device::of(&Pairs(vec![(name.clone(), value)]), false);
                assert!(!device.is_some_and(|device| device.is_known(&ada)), "{at}");
            }
        }
    }
}

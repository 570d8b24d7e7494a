//! The cookie by which the browser that asked for a link is known again: it needs no second step (lesson 37).

use keyward_jose::digest::sha256_hex;

use super::attempts::line;
use crate::{
    port::Random,
    request::Pairs,
    secret::{Secret, same},
};

/// A browser that asked for links. One name serves all the links that it asks for.
#[derive(Clone, Debug)]
pub struct Asker(Secret);

/// Bytes behind a name; it is written in hexadecimal digits.
const BYTES: usize = 16;

impl Asker {
    /// The browser that sent these cookies; a new name if it has none.
    #[must_use]
    pub fn of(sent: &Pairs, secure: bool, random: &dyn Random) -> Self {
        let known = sent.get(cookie_name(secure)).filter(|name| is_name(name));
        Self(known.map_or_else(|| fresh(random), Secret::from))
    }

    /// What a ticket keeps of it.
    #[must_use]
    pub fn hash(&self) -> String {
        hash_of(self.0.expose())
    }

    /// True if these cookies are of the browser whose hash a ticket keeps.
    #[must_use]
    pub fn is(sent: &Pairs, secure: bool, kept: &str) -> bool {
        let name = sent.get(cookie_name(secure)).filter(|name| is_name(name));
        name.is_some_and(|name| same(hash_of(name).as_bytes(), kept.as_bytes()))
    }

    /// Its cookie, for as long as the link lives.
    pub(super) fn line(&self, max_age: u32, secure: bool) -> String {
        line(cookie_name(secure), self.0.expose(), max_age, false, secure)
    }
}

const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-keyward.asker" } else { "keyward.asker" }
}

fn is_name(text: &str) -> bool {
    text.len() == 2 * BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn fresh(random: &dyn Random) -> Secret {
    let mut bytes = [0; BYTES];
    random.fill(&mut bytes);
    Secret::from(hex::encode(bytes))
}

fn hash_of(name: &str) -> String {
    sha256_hex(&[b"asker ", name.as_bytes()])
}

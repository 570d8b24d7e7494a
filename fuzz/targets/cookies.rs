//! Session cookies from strangers: pieces in any order and number, and what is written comes back whole.
#![no_main]

use keyward_core::{
    dialect::{
        Dialect,
        cookies::{CookieChanges, SessionCookie},
    },
    request::Pairs,
    time::Timestamp,
};
use libfuzzer_sys::fuzz_target;

const NOW: Timestamp = Timestamp::from_secs(1_780_000_000);

fuzz_target!(|text: &str| {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let sent = Pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    for dialect in [Dialect::NextAuth3, Dialect::NextAuth4, Dialect::AuthJs5] {
        for secure in [false, true] {
            let names = dialect.cookie_names(secure);
            let token = dialect.session_token(&sent, &names);
            let cleared = CookieChanges { session: SessionCookie::Clear, ..CookieChanges::default() };
            assert!(token.is_none() || !dialect.set_cookies(&cleared, &sent, secure, NOW).is_empty());

            // Tokens are base64url and dots.
            let token: String =
                text.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
            let token = token.repeat(1 + text.len() % 64);
            if token.is_empty() {
                continue;
            }
            let session = SessionCookie::Set { token: token.clone(), expires: NOW };
            let changes = CookieChanges { session, ..CookieChanges::default() };
            let mut kept = sent.0.clone();
            for line in dialect.set_cookies(&changes, &sent, secure, NOW) {
                let (name, rest) = line.split_once('=').expect("name=value");
                let value = rest.split(';').next().expect("a value");
                kept.retain(|(other, _)| other != name);
                if !rest.contains("Max-Age=0") {
                    kept.push((name.to_owned(), value.to_owned()));
                }
            }
            assert_eq!(dialect.session_token(&Pairs(kept), &names).as_deref(), Some(token.as_str()));
        }
    }
});

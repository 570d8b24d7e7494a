//! The cookies of attempts at other sites: one each, so that two tabs do not overwrite each other.
//!
//! NextAuth keeps state, nonce and verifier in a cookie each. Here one sealed cookie holds all of an attempt.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use keyward_jose::digest::sha256;

use crate::request::Pairs;

/// How long a browser keeps an attempt, in seconds: as long as a person may take at the provider.
pub const MAX_AGE: u32 = 15 * 60;

/// Attempts that a browser may have at once. Each is some 600 bytes in every request.
pub const MOST: usize = 5;

/// What an exchange does to the cookie of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptChange {
    /// Sets it.
    Begin {
        /// The `state` that names it.
        state: String,
        /// The sealed attempt.
        sealed: String,
        /// It has to come along with a form post from another site.
        cross_site: bool,
    },
    /// Removes it: it is used up, whatever came of it.
    End {
        /// The `state` that names it.
        state: String,
        /// As it was set.
        cross_site: bool,
    },
}

/// The sealed attempt that a response names by its `state`.
#[must_use]
pub fn attempt<'r>(sent: &'r Pairs, secure: bool, state: &str) -> Option<&'r str> {
    sent.get(&cookie_name(secure, state))
}

/// The values of `Set-Cookie` for these changes, and for the oldest attempts of a browser that has too many.
pub(super) fn lines(changes: &[AttemptChange], sent: &Pairs, secure: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for change in changes {
        match change {
            AttemptChange::Begin { state, sealed, cross_site } => {
                // Browsers send the oldest first (RFC 6265 §5.4).
                let begun: Vec<&str> = sent
                    .iter()
                    .map(|(name, _)| name)
                    .filter(|name| name.starts_with(prefix(secure)))
                    .collect();
                let too_many = (begun.len() + 1).saturating_sub(MOST);
                lines.extend(begun.iter().take(too_many).map(|name| line(name, "", 0, false, secure)));
                lines.push(line(&cookie_name(secure, state), sealed, MAX_AGE, *cross_site, secure));
            }
            AttemptChange::End { state, cross_site } => {
                lines.push(line(&cookie_name(secure, state), "", 0, *cross_site, secure));
            }
        }
    }
    lines
}

/// `__Host-`: no other host of the same domain can plant an attempt of its own.
const fn prefix(secure: bool) -> &'static str {
    if secure { "__Host-keyward.attempt." } else { "keyward.attempt." }
}

fn cookie_name(secure: bool, state: &str) -> String {
    [prefix(secure), &attempt_name(state)].concat()
}

/// Twelve characters that tell attempts apart by their `state` without showing it.
fn attempt_name(state: &str) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(sha256(&[b"attempt ", state.as_bytes()]));
    text.truncate(12);
    text
}

/// Browsers take `SameSite=None` with `Secure` alone; on the loopback interface they take that over http too.
pub(super) fn line(name: &str, value: &str, max_age: u32, cross_site: bool, secure: bool) -> String {
    let secure = if secure || cross_site { "; Secure" } else { "" };
    let same_site = if cross_site { "None" } else { "Lax" };
    format!("{name}={value}; Max-Age={max_age}; Path=/; HttpOnly{secure}; SameSite={same_site}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(state: &str, cross_site: bool) -> [AttemptChange; 1] {
        [AttemptChange::Begin { state: state.to_owned(), sealed: "a.b".to_owned(), cross_site }]
    }

    #[test]
    fn an_attempts_cookie_is_bound_to_its_host_and_goes_along_from_other_sites_only_where_it_must() {
        let name = attempt_name("s");
        let none = Pairs::default();
        assert_eq!(
            lines(&begin("s", false), &none, true),
            [format!(
                "__Host-keyward.attempt.{name}=a.b; Max-Age=900; Path=/; HttpOnly; Secure; SameSite=Lax"
            )]
        );
        assert_eq!(
            lines(&begin("s", false), &none, false),
            [format!("keyward.attempt.{name}=a.b; Max-Age=900; Path=/; HttpOnly; SameSite=Lax")]
        );
        assert_eq!(
            lines(&begin("s", true), &none, false),
            [format!("keyward.attempt.{name}=a.b; Max-Age=900; Path=/; HttpOnly; Secure; SameSite=None")]
        );
        let end = [AttemptChange::End { state: "s".to_owned(), cross_site: true }];
        assert_eq!(
            lines(&end, &none, true),
            [format!("__Host-keyward.attempt.{name}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=None")]
        );
    }

    #[test]
    fn the_oldest_attempts_of_a_browser_give_way() {
        let name = |number: usize| cookie_name(false, &number.to_string());
        let mut sent: Vec<_> = (0..7).map(|number| (name(number), "x".to_owned())).collect();
        sent.insert(0, ("next-auth.csrf-token".to_owned(), "x".to_owned()));
        let written = lines(&begin("new", false), &Pairs(sent.clone()), false);
        let over: Vec<_> = written.iter().filter(|line| line.contains("Max-Age=0")).collect();
        assert_eq!(over.len(), 3, "4 old and the new one stay");
        assert!((0..3).all(|number| over[number].starts_with(&name(number))), "{over:?}");
        sent.truncate(MOST);
        assert_eq!(lines(&begin("new", false), &Pairs(sent), false).len(), 1);
    }

    #[test]
    fn lesson_28_an_attempt_is_found_by_its_state_alone() {
        let sent = Pairs(vec![(cookie_name(true, "s"), "sealed".to_owned())]);
        assert_eq!(attempt(&sent, true, "s"), Some("sealed"));
        assert_eq!(attempt(&sent, true, "t"), None);
        assert_eq!(attempt(&sent, false, "s"), None);
    }
}

//! Cookies of our own that one browser holds for a few minutes: all generations share them.

use super::attempts::line;
use crate::request::Pairs;

/// Which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnCookie {
    /// The secret of a sign-in that waits for its second factor. It is no session and opens none by itself.
    Pending,
    /// The challenge that a passkey is to answer, sealed.
    Challenge,
    /// What was typed into a sign-up that was refused, sealed; no password.
    Typed,
}

/// What becomes of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnChange {
    /// Which.
    pub cookie: OwnCookie,
    /// Its value; `None`: it is removed.
    pub value: Option<String>,
}

impl OwnCookie {
    /// How long a browser keeps it, in seconds.
    #[must_use]
    pub const fn max_age(self) -> u32 {
        match self {
            Self::Pending => 10 * 60,
            Self::Challenge | Self::Typed => 5 * 60,
        }
    }

    /// Its value, if the browser sent it.
    #[must_use]
    pub fn read(self, sent: &Pairs, secure: bool) -> Option<&str> {
        sent.get(self.name(secure)).filter(|value| !value.is_empty())
    }

    /// `__Host-`: no other host of the same domain can plant one.
    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Pending, true) => "__Host-keyward.pending",
            (Self::Pending, false) => "keyward.pending",
            (Self::Challenge, true) => "__Host-keyward.challenge",
            (Self::Challenge, false) => "keyward.challenge",
            (Self::Typed, true) => "__Host-keyward.typed",
            (Self::Typed, false) => "keyward.typed",
        }
    }
}

/// The values of `Set-Cookie` for these changes.
pub(super) fn lines(changes: &[OwnChange], secure: bool) -> impl Iterator<Item = String> {
    changes.iter().map(move |OwnChange { cookie, value }| match value {
        Some(value) => line(cookie.name(secure), value, cookie.max_age(), false, secure),
        None => line(cookie.name(secure), "", 0, false, secure),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_cookies_are_bound_to_their_host_and_read_by_no_script() {
        let set = OwnChange { cookie: OwnCookie::Pending, value: Some("a.b".to_owned()) };
        let gone = OwnChange { cookie: OwnCookie::Challenge, value: None };
        assert_eq!(
            lines(&[set, gone], true).collect::<Vec<_>>(),
            [
                "__Host-keyward.pending=a.b; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax",
                "__Host-keyward.challenge=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
            ]
        );
        let sent = Pairs(vec![("keyward.pending".to_owned(), "x".to_owned())]);
        assert_eq!(OwnCookie::Pending.read(&sent, false), Some("x"));
        assert_eq!(OwnCookie::Pending.read(&sent, true), None);
    }
}

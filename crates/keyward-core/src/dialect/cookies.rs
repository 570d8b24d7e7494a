//! Cookies: names, attributes, chunks (protocol notes §2).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Dialect,
    asker::Asker,
    attempts::{self, AttemptChange},
    device::Device,
    own_cookies::{self, OwnChange},
    token,
};
use crate::{request::Pairs, secret::Secret, time::Timestamp};

/// The names of one deployment's cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieNames {
    /// The session's token.
    pub session: &'static str,
    /// Where to land after a sign-in.
    pub callback_url: &'static str,
    /// The CSRF token with its hash.
    pub csrf: &'static str,
}

/// What an exchange does to the browser's cookies.
#[derive(Clone, Debug, Default)]
pub struct CookieChanges {
    /// The session cookie.
    pub session: SessionCookie,
    /// New value of the callback address.
    pub callback_url: Option<String>,
    /// New value of the CSRF cookie.
    pub csrf: Option<String>,
    /// Attempts at other sites that begin or end.
    pub attempts: Vec<AttemptChange>,
    /// Cookies of our own for half-finished sign-ins and challenges.
    pub own: Vec<OwnChange>,
    /// The browser asked for a link, and is to be known again for so many seconds.
    pub asker: Option<(Asker, u32)>,
    /// The device, with the accounts that know it, and for how many seconds they do.
    pub device: Option<(Device, u32)>,
    /// The browser held its cookies back: a session that is set replaces every piece that may be there unseen.
    pub unsent: bool,
}

/// What becomes of the session cookie.
#[derive(Clone, Debug, Default)]
pub enum SessionCookie {
    /// Left as it is.
    #[default]
    Keep,
    /// Set, in pieces where it is long.
    Set {
        /// The token.
        token: String,
        /// Until when the browser keeps it.
        expires: Timestamp,
    },
    /// Every piece that the browser sent is removed.
    Clear,
    /// Left as it is: the session was opened for a program, which gets this refresh token instead.
    Program(Secret),
}

/// What `encodeURIComponent` leaves as it is.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// As JavaScript's `encodeURIComponent`.
#[must_use]
pub fn encode_component(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

impl Dialect {
    /// The cookies' names. Over https they carry the prefixes that bind them to it.
    #[must_use]
    pub const fn cookie_names(self, secure: bool) -> CookieNames {
        match (self, secure) {
            (Self::NextAuth3 | Self::NextAuth4, false) => CookieNames {
                session: "next-auth.session-token",
                callback_url: "next-auth.callback-url",
                csrf: "next-auth.csrf-token",
            },
            (Self::NextAuth3 | Self::NextAuth4, true) => CookieNames {
                session: "__Secure-next-auth.session-token",
                callback_url: "__Secure-next-auth.callback-url",
                csrf: "__Host-next-auth.csrf-token",
            },
            (Self::AuthJs5, false) => CookieNames {
                session: "authjs.session-token",
                callback_url: "authjs.callback-url",
                csrf: "authjs.csrf-token",
            },
            (Self::AuthJs5, true) => CookieNames {
                session: "__Secure-authjs.session-token",
                callback_url: "__Secure-authjs.callback-url",
                csrf: "__Host-authjs.csrf-token",
            },
        }
    }

    /// Longest piece of a session token in one cookie, in characters; `None`: never cut (generation 3).
    const fn chunk_budget(self) -> Option<usize> {
        match self {
            Self::NextAuth3 => None,
            Self::NextAuth4 => Some(4096 - 163),
            Self::AuthJs5 => Some(4096 - 160),
        }
    }

    /// The session token that a browser sent, put together from its pieces. `None` if it sent none.
    ///
    /// Pieces are ordered by the number after the last dot, `.2` before `.10`; a whole cookie comes first.
    #[must_use]
    pub fn session_token<'c>(self, cookies: &'c Pairs, names: &CookieNames) -> Option<Cow<'c, str>> {
        if self.chunk_budget().is_none() {
            return cookies.get(names.session).filter(|value| !value.is_empty()).map(Cow::Borrowed);
        }
        let mut pieces: Vec<(u32, &str)> = Vec::new();
        for (name, value) in cookies.iter() {
            if let Some(place) = piece_number(name, names.session)
                && !pieces.iter().any(|(other, _)| *other == place)
            {
                pieces.push((place, value));
            }
        }
        pieces.sort_by_key(|(place, _)| *place);
        let token = match *pieces {
            [(_, whole)] => Cow::Borrowed(whole),
            _ => pieces.into_iter().map(|(_, value)| value).collect(),
        };
        (!token.is_empty()).then_some(token)
    }

    /// The values of `Set-Cookie` for these changes.
    #[must_use]
    pub fn set_cookies(
        self,
        changes: &CookieChanges,
        sent: &Pairs,
        secure: bool,
        now: Timestamp,
    ) -> Vec<String> {
        let names = self.cookie_names(secure);
        let mut lines = attempts::lines(&changes.attempts, sent, secure);
        lines.extend(own_cookies::lines(&changes.own, secure));
        if let Some((asker, max_age)) = &changes.asker {
            lines.push(asker.line(*max_age, secure));
        }
        if let Some((device, max_age)) = &changes.device {
            lines.push(device.line(*max_age, secure));
        }
        if let Some(value) = &changes.csrf {
            lines.push(line(names.csrf, value, "", secure));
        }
        if let Some(value) = &changes.callback_url {
            lines.push(line(names.callback_url, value, "", secure));
        }
        match &changes.session {
            SessionCookie::Keep | SessionCookie::Program(_) => {}
            SessionCookie::Clear => self.clear_pieces(&mut lines, sent, &names, &[], secure, now),
            SessionCookie::Set { token, expires } => {
                let pieces = self.pieces(names.session, token);
                let unseen = changes.unsent.then(|| self.any_pieces(names.session));
                self.clear_pieces(&mut lines, unseen.as_ref().unwrap_or(sent), &names, &pieces, secure, now);
                let expires = ["; Expires=", &expires.http_date()].concat();
                lines.extend(pieces.iter().map(|(name, value)| line(name, value, &expires, secure)));
            }
        }
        lines
    }

    /// Removes what the browser sent and `kept` does not overwrite.
    fn clear_pieces(
        self,
        lines: &mut Vec<String>,
        sent: &Pairs,
        names: &CookieNames,
        kept: &[(Cow<'_, str>, &str)],
        secure: bool,
        now: Timestamp,
    ) {
        let over = match self {
            // Generation 3 says it twice.
            Self::NextAuth3 => Cow::Owned(format!("; Max-Age=0; Expires={}", now.http_date())),
            Self::NextAuth4 | Self::AuthJs5 => Cow::Borrowed("; Max-Age=0"),
        };
        for (name, _) in sent.iter() {
            let ours = match self.chunk_budget() {
                None => name == names.session,
                Some(_) => piece_number(name, names.session).is_some(),
            };
            if ours && !kept.iter().any(|(other, _)| other == name) {
                let cleared = line(name, "", &over, secure);
                if !lines.contains(&cleared) {
                    lines.push(cleared);
                }
            }
        }
    }

    /// Every piece that a session may have been cut into.
    fn any_pieces(self, name: &str) -> Pairs {
        let most = self.chunk_budget().map_or(0, |budget| token::LONGEST.div_ceil(budget));
        let pieces = (0..most).map(|place| format!("{name}.{place}"));
        Pairs(std::iter::once(name.to_owned()).chain(pieces).map(|piece| (piece, String::new())).collect())
    }

    fn pieces<'t>(self, name: &'t str, token: &'t str) -> Vec<(Cow<'t, str>, &'t str)> {
        let budget = self.chunk_budget().unwrap_or(usize::MAX);
        if token.len() <= budget {
            return vec![(name.into(), token)];
        }
        let mut pieces = Vec::new();
        let mut rest = token;
        while !rest.is_empty() {
            // Tokens are base64url and dots, so every place is a boundary of characters.
            let (piece, tail) = rest.split_at_checked(budget).unwrap_or((rest, ""));
            pieces.push((format!("{name}.{}", pieces.len()).into(), piece));
            rest = tail;
        }
        pieces
    }
}

/// The place of a session cookie's piece: 0 for the whole cookie, 1 for `.0`, 2 for `.1` …
fn piece_number(cookie: &str, session: &str) -> Option<u32> {
    match cookie.strip_prefix(session)? {
        "" => Some(0),
        rest => rest.strip_prefix('.')?.parse::<u16>().ok().map(|n| u32::from(n) + 1),
    }
}

fn line(name: &str, value: &str, lifetime: &str, secure: bool) -> String {
    // A token needs no encoding, and telling so is far quicker than encoding nothing: base64url and dots, to the end in any
    // case, so that the compiler may look at many bytes at once.
    let is_other =
        |byte: u8| !byte.is_ascii_alphanumeric() & (byte != b'-') & (byte != b'_') & (byte != b'.');
    let is_token = value.bytes().fold(0, |seen, byte| seen | u8::from(is_other(byte))) == 0;
    let value = if is_token { value.into() } else { Cow::from(utf8_percent_encode(value, COMPONENT)) };
    let secure = if secure { "; Secure" } else { "" };
    [name, "=", &value, lifetime, "; Path=/; HttpOnly", secure, "; SameSite=Lax"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(784_111_777);

    fn sent(pairs: &[(&str, &str)]) -> Pairs {
        Pairs(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    fn set(token: String) -> CookieChanges {
        CookieChanges {
            session: SessionCookie::Set { token, expires: Timestamp::from_secs(784_111_777) },
            ..CookieChanges::default()
        }
    }

    #[test]
    fn a_cookie_carries_the_attributes_of_the_original() {
        let lines = Dialect::NextAuth4.set_cookies(&set("a.b".into()), &Pairs::default(), true, NOW);
        assert_eq!(
            lines,
            [
                "__Secure-next-auth.session-token=a.b; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Path=/; HttpOnly; Secure; SameSite=Lax"
            ]
        );
        let changes = CookieChanges { csrf: Some("a|b".into()), ..CookieChanges::default() };
        assert_eq!(
            Dialect::AuthJs5.set_cookies(&changes, &Pairs::default(), false, NOW),
            ["authjs.csrf-token=a%7Cb; Path=/; HttpOnly; SameSite=Lax"]
        );
    }

    #[test]
    fn a_long_token_is_cut_and_put_together_again() {
        for (dialect, sizes) in
            [(Dialect::NextAuth4, [3933, 3933, 1134]), (Dialect::AuthJs5, [3936, 3936, 1128])]
        {
            let token = "x".repeat(9000);
            let pieces = dialect.pieces("s", &token);
            assert_eq!(pieces.iter().map(|(_, v)| v.len()).collect::<Vec<_>>(), sizes);
            assert_eq!(pieces[2].0, "s.2");
        }
        assert_eq!(Dialect::NextAuth3.pieces("s", &"x".repeat(9000)).len(), 1);
    }

    #[test]
    fn pieces_are_ordered_by_number_and_the_first_of_a_name_wins() {
        let names = Dialect::NextAuth4.cookie_names(false);
        let n = names.session;
        let name = |i: usize| format!("{n}.{i}");
        let (ten, two, zero) = (name(10), name(2), name(0));
        let cookies =
            sent(&[(&ten, "c"), (&two, "b"), (&zero, "a"), (&zero, "z"), ("next-auth.session-tokenx", "q")]);
        assert_eq!(Dialect::NextAuth4.session_token(&cookies, &names).as_deref(), Some("abc"));
        assert_eq!(Dialect::NextAuth4.session_token(&sent(&[(n, "")]), &names), None);
    }

    #[test]
    fn a_token_that_shrinks_clears_its_old_pieces() {
        let dialect = Dialect::NextAuth4;
        let n = dialect.cookie_names(false).session;
        let (zero, one) = (format!("{n}.0"), format!("{n}.1"));
        let lines = dialect.set_cookies(&set("a".into()), &sent(&[(&zero, "x"), (&one, "y")]), false, NOW);
        assert_eq!(lines.iter().filter(|l| l.contains("Max-Age=0")).count(), 2);
        assert!(lines.last().is_some_and(|l| l.starts_with(&format!("{n}=a; Expires"))));
        let changes = CookieChanges { session: SessionCookie::Clear, ..CookieChanges::default() };
        assert_eq!(dialect.set_cookies(&changes, &sent(&[(&zero, "x"), (&one, "y")]), false, NOW).len(), 2);
    }
}

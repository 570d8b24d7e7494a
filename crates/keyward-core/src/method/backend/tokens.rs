//! Where a back end's tokens lie in its answers, and what its expiry means (D1).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{Timestamp as Instant, fmt::rfc2822::DateTimeParser};
use serde_json::Value;

use super::at;
use crate::{secret::Secret, time::Timestamp, vault::ForeignTokens};

/// Where tokens lie in an answer. Of several places the first that holds something counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPlaces {
    /// In which part of the answer. Empty: at its top, in its user, in `data`.
    pub at: Option<Vec<String>>,
    /// The access token.
    pub access_token: Vec<Vec<String>>,
    /// The refresh token.
    pub refresh_token: Vec<Vec<String>>,
    /// When the access token ends.
    pub expires: Vec<Vec<String>>,
    /// What its end is written as.
    pub expires_as: ExpiresAs,
}

/// What the end of an access token is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExpiresAs {
    /// Whichever of the others it can be; else what a JWT says of itself (`exp`).
    #[default]
    Auto,
    /// Seconds from now.
    Seconds,
    /// Seconds since the epoch.
    Epoch,
    /// Milliseconds since the epoch.
    EpochMillis,
    /// A date: RFC 3339 (ISO 8601), or that of mails and HTTP.
    Date,
}

/// The names of the tutorials, and what else is common.
impl Default for TokenPlaces {
    fn default() -> Self {
        let paths = |names: &[&str]| names.iter().map(|name| vec![(*name).to_owned()]).collect();
        Self {
            at: None,
            access_token: paths(&["accessToken", "access_token", "token"]),
            refresh_token: paths(&["refreshToken", "refresh_token"]),
            expires: paths(&[
                "accessTokenExpires",
                "accessTokenExpiry",
                "expiresAt",
                "expires_at",
                "expiresIn",
                "expires_in",
            ]),
            expires_as: ExpiresAs::Auto,
        }
    }
}

impl TokenPlaces {
    /// The tokens in an answer, whose user lies at `user`; `None` if it holds no access token.
    #[must_use]
    pub fn read(&self, answer: &Value, user: &[String], now: Timestamp) -> Option<ForeignTokens> {
        let data = ["data".to_owned()];
        let parts = match &self.at {
            Some(part) => vec![part.as_slice()],
            None => vec![&[][..], user, &data],
        };
        parts.into_iter().find_map(|part| self.read_part(at(answer, part)?, now))
    }

    fn read_part(&self, part: &Value, now: Timestamp) -> Option<ForeignTokens> {
        let first = |places: &[Vec<String>]| places.iter().find_map(|place| text(at(part, place)?));
        let access_token = first(&self.access_token)?;
        let ends = self.expires.iter().filter_map(|place| at(part, place));
        let expires = ends.filter_map(|value| self.expires_as.read(value, now)).next();
        let expires = expires.or_else(|| match self.expires_as {
            ExpiresAs::Auto => of_jwt(&access_token),
            _ => None,
        });
        Some(ForeignTokens {
            access_token: Secret::from(access_token),
            refresh_token: first(&self.refresh_token).map(Secret::from),
            expires,
        })
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// From here on a number of seconds is a moment, not a span: thirty years of seconds.
const SPANS: f64 = 1e9;
/// From here on a number is milliseconds.
const MILLIS: f64 = 1e11;

impl ExpiresAs {
    fn read(self, value: &Value, now: Timestamp) -> Option<Timestamp> {
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse::<f64>().ok(),
            _ => None,
        };
        let number = number.filter(|number| number.is_finite() && *number >= 0.0);
        let date = || value.as_str().and_then(date);
        match (self, number) {
            (Self::Seconds, Some(seconds)) => Some(now.plus(span(seconds))),
            (Self::Epoch, Some(seconds)) => Some(since_epoch(seconds * 1000.0)),
            (Self::EpochMillis, Some(millis)) => Some(since_epoch(millis)),
            (Self::Auto, Some(number)) if number < SPANS => Self::Seconds.read(value, now),
            (Self::Auto, Some(number)) if number < MILLIS => Self::Epoch.read(value, now),
            (Self::Auto, Some(_)) => Self::EpochMillis.read(value, now),
            (Self::Auto | Self::Date, None) => date(),
            (Self::Seconds | Self::Epoch | Self::EpochMillis, None) | (Self::Date, Some(_)) => None,
        }
    }
}

/// A hundred years at most: what is longer is none.
fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.min(100.0 * 366.0 * 86_400.0)).unwrap_or_default()
}

fn since_epoch(millis: f64) -> Timestamp {
    Timestamp::from_secs(0).plus(Duration::try_from_secs_f64(millis / 1000.0).unwrap_or(Duration::MAX))
}

fn date(text: &str) -> Option<Timestamp> {
    const PARSER: DateTimeParser = DateTimeParser::new();
    let instant = text.parse::<Instant>().ok().or_else(|| PARSER.parse_timestamp(text).ok())?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

/// What a JWT says of its own end (RFC 7519 §4.1.4). Nobody here relies on it but to refresh in time.
fn of_jwt(token: &str) -> Option<Timestamp> {
    let (_, rest) = token.split_once('.')?;
    let (claims, _) = rest.split_once('.')?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims.get("exp")?.as_i64().map(Timestamp::from_secs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_780_000_000);

    fn read(answer: &Value) -> Option<(String, Option<String>, Option<i64>)> {
        let tokens = TokenPlaces::default().read(answer, &["user".to_owned()], NOW)?;
        let refresh_token = tokens.refresh_token.map(|token| token.expose().to_owned());
        Some((tokens.access_token.expose().to_owned(), refresh_token, tokens.expires.map(Timestamp::millis)))
    }

    #[test]
    fn d1_the_tutorials_names_need_no_declaration_wherever_they_lie() {
        let tokens =
            json!({"accessToken": "a", "refreshToken": "r", "accessTokenExpires": 1_780_000_300_000_i64});
        let expected = Some(("a".to_owned(), Some("r".to_owned()), Some(1_780_000_300_000)));
        assert_eq!(read(&tokens), expected);
        assert_eq!(read(&json!({ "user": tokens, "message": "ok" })), expected);
        assert_eq!(read(&json!({ "data": tokens })), expected);
        let oauth = json!({"access_token": "a", "refresh_token": "r", "expires_in": 300});
        assert_eq!(read(&oauth), expected);
        assert_eq!(read(&json!({"elsewhere": tokens})), None);
        assert_eq!(read(&json!({"accessToken": ""})), None);
        assert_eq!(read(&json!({"accessToken": 7})), None);
        assert_eq!(read(&json!({"accessToken": "a"})), Some(("a".to_owned(), None, None)));
    }

    #[test]
    fn d1_declared_places_are_the_only_ones() {
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        let places = TokenPlaces {
            at: Some(path("data.auth")),
            access_token: vec![path("jwt.value")],
            expires: vec![path("until")],
            ..TokenPlaces::default()
        };
        let answer = json!({
            "accessToken": "no",
            "data": {"auth": {"jwt": {"value": "yes"}, "refreshToken": "r", "until": "2026-05-28T20:26:40Z", "expiresIn": 1}}
        });
        let tokens = places.read(&answer, &[], NOW).expect("tokens");
        assert_eq!(tokens.access_token.expose(), "yes");
        assert_eq!(tokens.refresh_token.expect("there").expose(), "r");
        assert_eq!(tokens.expires.map(Timestamp::secs), Some(1_780_000_000));
        assert!(places.read(&json!({"accessToken": "no"}), &[], NOW).is_none());
    }

    #[test]
    fn d1_an_expiry_is_seconds_epoch_milliseconds_or_a_date() {
        use ExpiresAs::{Auto, Date, Epoch, EpochMillis, Seconds};
        for (form, value, expected) in [
            (Auto, json!(300), Some(1_780_000_300)),
            (Auto, json!("300"), Some(1_780_000_300)),
            (Auto, json!(1_780_000_300), Some(1_780_000_300)),
            (Auto, json!(1_780_000_300_000_i64), Some(1_780_000_300)),
            (Auto, json!("2026-05-28T20:31:40.000Z"), Some(1_780_000_300)),
            (Auto, json!("2026-05-28T22:31:40+02:00"), Some(1_780_000_300)),
            (Auto, json!("Thu, 28 May 2026 20:31:40 GMT"), Some(1_780_000_300)),
            (Date, json!("2026-05-28T20:31:40Z"), Some(1_780_000_300)),
            (Date, json!(300), None),
            (Seconds, json!(300), Some(1_780_000_300)),
            (Seconds, json!("2026-05-28T20:31:40Z"), None),
            (Epoch, json!(500), Some(500)),
            (EpochMillis, json!(500_000), Some(500)),
            (Auto, json!(null), None),
            (Auto, json!("soon"), None),
            (Auto, json!(-5), None),
            (Auto, json!([300]), None),
        ] {
            assert_eq!(form.read(&value, NOW).map(Timestamp::secs), expected, "{form:?} {value}");
        }
    }

    #[test]
    fn d1_a_jwt_says_itself_when_it_ends_where_nothing_else_does() {
        let jwt = |claims: &Value| format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let read = |token: String| read(&json!({"accessToken": token})).expect("tokens").2;
        assert_eq!(read(jwt(&json!({"exp": 1_780_000_300}))), Some(1_780_000_300_000));
        assert_eq!(read(jwt(&json!({"exp": "soon"}))), None);
        assert_eq!(read("opaque".to_owned()), None);
        assert_eq!(read("a.b.c".to_owned()), None);
    }

    #[test]
    fn lesson_84_absurd_numbers_are_bounded_and_never_a_panic() {
        for value in [json!(1e300), json!("1e999"), json!(u64::MAX), json!("NaN"), json!("inf")] {
            for form in [ExpiresAs::Auto, ExpiresAs::Seconds, ExpiresAs::Epoch, ExpiresAs::EpochMillis] {
                let _ = form.read(&value, NOW).map(Timestamp::iso);
            }
        }
        assert!(
            ExpiresAs::Seconds.read(&json!(1e300), NOW).expect("bounded")
                < NOW.plus(Duration::from_secs(4_000_000_000))
        );
    }
}

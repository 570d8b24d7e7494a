//! How sure a deployment may be of who is there: one factor or two, and how long ago.

use std::time::Duration;

use serde_json::Value;

use super::recent;
pub use crate::claims::AMR;
use crate::{claims::Claims, time::Timestamp};

/// What [`AMR`] says where two factors were shown. Ways for which the registry has no word have one of ours ([`Way`]).
pub const TWO: &str = "mfa";

/// Wrong codes after which a half-finished sign-in is over.
pub const MOST_TRIES: u32 = 5;

/// A way to prove who one is, as [`AMR`] calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A password kept here.
    Password,
    /// Fields that an existing back end checked.
    Backend,
    /// A link in a mail.
    Link,
    /// Another site.
    Provider,
    /// A code of an authenticator app.
    AppCode,
    /// A recovery code.
    RecoveryCode,
    /// A passkey, which verified its person itself.
    Passkey,
}

impl Way {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Backend => "ext",
            Self::Link => "email",
            Self::Provider => "fed",
            Self::AppCode => "otp",
            Self::RecoveryCode => "recovery",
            Self::Passkey => "pop",
        }
    }
}

/// What a route or page may ask of who comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// They proved themselves so long ago at most.
    pub within: Option<Duration>,
    /// By two factors.
    pub two_factors: bool,
}

/// Whether a session with these claims meets a demand.
#[must_use]
pub fn meets(claims: &Claims, now: Timestamp, demand: Demand) -> bool {
    let is_recent = demand.within.is_none_or(|within| recent::is_recent(claims, now, within));
    is_recent && (!demand.two_factors || has_two(claims))
}

/// Whether a session was opened with two factors.
#[must_use]
pub fn has_two(claims: &Claims) -> bool {
    matches!(claims.get(AMR), Some(Value::Array(ways)) if ways.iter().any(|way| way == TWO))
}

/// Notes the first factor of a fresh sign-in.
pub fn first(claims: &mut Claims, way: Way) {
    let mut ways = vec![Value::from(way.as_str())];
    // It has what only they have, and knows them by what only they know or are.
    if way == Way::Passkey {
        ways.push(TWO.into());
    }
    claims.set(AMR, ways);
}

/// Notes a second factor, shown beside what the claims say already.
pub fn second(claims: &mut Claims, way: Way) {
    let mut ways = match claims.get(AMR) {
        Some(Value::Array(ways)) => ways.clone(),
        _ => Vec::new(),
    };
    for word in [way.as_str(), TWO] {
        if !ways.iter().any(|known| known == word) {
            ways.push(word.into());
        }
    }
    claims.set(AMR, ways);
}

/// Tries of an app's codes that a user has before they are slowed down. A good code gives them back.
const FREE_TRIES: u32 = 10;

/// How long after a try the next one has to wait, where `tries` were made since the last good code: a minute, twice as
/// long each time, an hour at most. Three codes of a million are good at a time, so that somebody who has the password
/// would guess for a lifetime. Their owner can use a recovery code or a passkey meanwhile.
#[must_use]
pub fn hold(tries: u32) -> Duration {
    match tries.checked_sub(FREE_TRIES) {
        None => Duration::ZERO,
        Some(beyond) => Duration::from_secs((60_u64 << beyond.min(6)).min(60 * 60)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::recent::AUTH_TIME;

    #[test]
    fn lesson_63_a_demand_is_met_by_nothing_less_than_what_it_asks_for() {
        let now = Timestamp::from_secs(1_780_000_000);
        let minute = Some(Duration::from_secs(60));
        let session = |ways: Value, ago: i64| {
            let mut claims = Claims::default();
            claims.set(AMR, ways);
            claims.set(AUTH_TIME, now.secs() - ago);
            claims
        };
        let table = [
            (json!(["pwd"]), 0, None, false, true),
            (json!(["pwd"]), 0, None, true, false),
            (json!(["pwd", "otp"]), 0, None, true, false),
            (json!(["pwd", "otp", "mfa"]), 0, None, true, true),
            (json!(["pop", "mfa"]), 59, minute, true, true),
            (json!(["pop", "mfa"]), 60, minute, true, false),
            (json!("mfa"), 0, None, true, false),
            (json!({ "mfa": true }), 0, None, true, false),
            (Value::Null, 0, None, true, false),
        ];
        for (ways, ago, within, two_factors, met) in table {
            let demand = Demand { within, two_factors };
            assert_eq!(meets(&session(ways.clone(), ago), now, demand), met, "{ways} {ago} {demand:?}");
        }
        assert!(!meets(&Claims::default(), now, Demand { two_factors: true, within: None }));
    }

    #[test]
    fn a_passkey_is_two_factors_and_a_code_beside_a_password_makes_two() {
        let mut claims = Claims::default();
        first(&mut claims, Way::Passkey);
        assert_eq!(claims.get(AMR), Some(&json!(["pop", "mfa"])));
        first(&mut claims, Way::Password);
        assert!(!has_two(&claims), "a fresh sign-in forgets the one before");
        second(&mut claims, Way::AppCode);
        second(&mut claims, Way::AppCode);
        assert_eq!(claims.get(AMR), Some(&json!(["pwd", "otp", "mfa"])));
    }

    #[test]
    fn wrong_codes_cost_time_that_grows_to_an_hour_and_no_further() {
        let table =
            [(0, 0), (9, 0), (10, 60), (11, 120), (15, 1920), (16, 3600), (17, 3600), (u32::MAX, 3600)];
        for (tries, seconds) in table {
            assert_eq!(hold(tries), Duration::from_secs(seconds), "{tries}");
        }
    }
}

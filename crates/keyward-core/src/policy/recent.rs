//! How recent a sign-in has to be for what cannot be taken back: step-up by signing in again.

use std::time::Duration;

pub use crate::claims::AUTH_TIME;
use crate::{claims::Claims, time::Timestamp};

/// How long a sign-in counts as recent unless the deployment says otherwise.
pub const RECENT: Duration = Duration::from_secs(10 * 60);

/// By how much the clocks of two processes may differ. What lies further ahead was not written by one of ours.
const SKEW: Duration = Duration::from_secs(60);

/// Whether the bearer of these claims proved themselves within `within` of `now`. A session that does not say when, as
/// one that another server sealed, is not recent.
#[must_use]
pub fn is_recent(claims: &Claims, now: Timestamp, within: Duration) -> bool {
    claims.time(AUTH_TIME).is_some_and(|proven| proven <= now.plus(SKEW) && now < proven.plus(within))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_is_recent_for_as_long_as_the_deployment_says_and_one_without_a_time_never() {
        let now = Timestamp::from_secs(1_780_000_000);
        let at = |seconds: i64| {
            let mut claims = Claims::default();
            claims.set(AUTH_TIME, seconds);
            is_recent(&claims, now, RECENT)
        };
        assert!(at(now.secs()));
        assert!(at(now.secs() - 599));
        assert!(!at(now.secs() - 600), "ten minutes are over");
        assert!(at(now.secs() + 60), "another process's clock is ahead");
        assert!(!at(now.secs() + 61));
        assert!(!at(0));
        assert!(!at(i64::MAX));
        assert!(!is_recent(&Claims::default(), now, RECENT), "nobody knows when");
    }
}

//! Whether a session's foreign tokens are refreshed, and by whom (D2 to D4): one decision, the same in every process.
//!
//! A refresh token is sent once. Who wants to send it writes that down first, as an [`Attempt`]; who finds an attempt
//! waits for what comes of it. What cannot be known is not guessed: an attempt that was sent and never answered is made
//! once more only where the back end promises to know it again.

use std::time::Duration;

use crate::time::Timestamp;

/// What is known of a session's foreign tokens, but the tokens themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// From when on a read refreshes first. `None`: nobody said when the token ends.
    pub due: Option<Timestamp>,
    /// When the access token ends.
    pub expires: Option<Timestamp>,
    /// Whether the refresh token is worth sending.
    pub state: State,
    /// Who is refreshing, or died over it.
    pub attempt: Option<Attempt>,
    /// How often in a row a refresh failed for a passing reason.
    pub failures: u32,
    /// After a failure: not before.
    pub retry_at: Option<Timestamp>,
}

/// Whether a refresh token is worth sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is, as far as anybody knows.
    Good,
    /// The back end refused it.
    Refused,
    /// It was sent, and nobody knows what came of it.
    Lost,
}

/// A refresh under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Until then it is its owner's, and everybody else waits.
    pub until: Timestamp,
    /// When it was first sent. `None`: provably not yet.
    pub sent: Option<Timestamp>,
    /// By what the back end knows it again (`Idempotency-Key`).
    pub key: String,
    /// True for the second and last time.
    pub again: bool,
}

/// What a read does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Takes what there is.
    Serve,
    /// Refreshes.
    Refresh,
    /// Sends the same attempt once more, under the same key.
    Again,
    /// Waits for who is refreshing.
    Wait,
    /// Writes down that nobody knows what came of the attempt.
    GiveUp,
    /// Takes what there is, with an error that goes away when a refresh works.
    Unavailable,
    /// Takes what there is, with an error that goes away with a new sign-in alone.
    SignInAgain,
}

/// What a read that finds `standing` does now.
///
/// `grace`: for how long after an attempt was first sent the back end takes it for the same one. `can_refresh`: there is
/// a refresh token, and a place to send it to.
#[must_use]
pub fn step(standing: &Standing, grace: Option<Duration>, can_refresh: bool, now: Timestamp) -> Step {
    let is_valid = standing.expires.is_none_or(|expires| now < expires);
    if standing.state != State::Good {
        return Step::SignInAgain;
    }
    match &standing.attempt {
        Some(attempt) if now < attempt.until => return Step::Wait,
        Some(Attempt { sent: Some(sent), again, .. }) => {
            let is_known_again = grace.is_some_and(|grace| now < sent.plus(grace));
            return if is_known_again && can_refresh && !again { Step::Again } else { Step::GiveUp };
        }
        // Whoever began it never sent it.
        Some(_) | None => {}
    }
    if standing.due.is_none_or(|due| now < due) {
        return Step::Serve;
    }
    if !can_refresh {
        return if is_valid { Step::Serve } else { Step::SignInAgain };
    }
    match standing.retry_at {
        Some(retry_at) if now < retry_at && is_valid => Step::Serve,
        Some(retry_at) if now < retry_at => Step::Unavailable,
        _ => Step::Refresh,
    }
}

/// From when on a token that ends at `expires` is refreshed: `before` its end, but not within the first three quarters
/// of its life, nor within its first second, whatever the back end calls its end.
#[must_use]
pub fn due(expires: Timestamp, before: Duration, now: Timestamp) -> Timestamp {
    let life = expires.millis().saturating_sub(now.millis()).max(0).unsigned_abs();
    let before = before.min(Duration::from_millis(life / 4));
    expires.minus(before).max(now.plus(Duration::from_secs(1)))
}

/// How long to leave a back end alone that failed this often in a row: a second, then twice as long each time, a minute
/// at most.
#[must_use]
pub fn pause(failures: u32) -> Duration {
    Duration::from_secs((1 << failures.saturating_sub(1).min(6)).min(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUE: i64 = 100;
    const EXPIRES: i64 = 120;
    const GRACE: Option<Duration> = Some(Duration::from_secs(10));

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(second)
    }

    fn good() -> Standing {
        let (due, expires) = (Some(at(DUE)), Some(at(EXPIRES)));
        Standing { due, expires, state: State::Good, attempt: None, failures: 0, retry_at: None }
    }

    fn attempt(until: i64, sent: Option<i64>, again: bool) -> Standing {
        let attempt = Attempt { until: at(until), sent: sent.map(at), key: "k".to_owned(), again };
        Standing { attempt: Some(attempt), ..good() }
    }

    #[test]
    fn d2_a_token_is_refreshed_when_it_is_due_and_not_before() {
        let unsaid = Standing { due: None, expires: None, ..good() };
        for (standing, now, can_refresh, expected) in [
            (good(), DUE - 1, true, Step::Serve),
            (good(), DUE, true, Step::Refresh),
            (good(), EXPIRES, true, Step::Refresh),
            (good(), DUE, false, Step::Serve),
            (good(), EXPIRES - 1, false, Step::Serve),
            (good(), EXPIRES, false, Step::SignInAgain),
            (unsaid, EXPIRES, true, Step::Serve),
        ] {
            assert_eq!(step(&standing, GRACE, can_refresh, at(now)), expected, "{now} {can_refresh}");
        }
    }

    #[test]
    fn d4_an_attempt_is_waited_for_and_never_made_twice_without_a_promise() {
        for (standing, now, grace, expected) in [
            // Somebody is at it, sent or not.
            (attempt(105, None, false), 104, GRACE, Step::Wait),
            (attempt(105, Some(101), false), 104, GRACE, Step::Wait),
            (attempt(105, Some(101), true), 104, None, Step::Wait),
            // They died before they sent it.
            (attempt(105, None, false), 105, None, Step::Refresh),
            (attempt(105, None, false), 105, GRACE, Step::Refresh),
            // They died, or were cut off, after they sent it.
            (attempt(105, Some(101), false), 105, None, Step::GiveUp),
            (attempt(105, Some(101), false), 105, GRACE, Step::Again),
            (attempt(105, Some(101), false), 110, GRACE, Step::Again),
            (attempt(105, Some(101), false), 111, GRACE, Step::GiveUp),
            (attempt(105, Some(101), true), 105, GRACE, Step::GiveUp),
        ] {
            assert_eq!(step(&standing, grace, true, at(now)), expected, "{standing:?} {now} {grace:?}");
        }
        // Whatever the time is: nobody takes the token of an attempt whose outcome is unknown for a good one.
        assert_eq!(step(&attempt(5, Some(1), false), None, true, at(10)), Step::GiveUp);
        assert_eq!(step(&attempt(105, Some(101), false), GRACE, false, at(105)), Step::GiveUp);
    }

    #[test]
    fn d3_a_failing_back_end_is_left_alone_for_a_while_and_the_old_token_serves_while_it_is_valid() {
        let failed = Standing { failures: 1, retry_at: Some(at(130)), ..good() };
        for (now, expected) in [
            (DUE, Step::Serve),
            (EXPIRES - 1, Step::Serve),
            (EXPIRES, Step::Unavailable),
            (129, Step::Unavailable),
            (130, Step::Refresh),
        ] {
            assert_eq!(step(&failed, None, true, at(now)), expected, "{now}");
        }
        let pauses: Vec<_> = (0..9).map(|failures| pause(failures).as_secs()).collect();
        assert_eq!(pauses, [1, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pause(u32::MAX).as_secs(), 60);
    }

    #[test]
    fn d3_what_was_refused_or_lost_is_never_sent_again() {
        for state in [State::Refused, State::Lost] {
            for now in [DUE - 1, DUE, EXPIRES, 10_000] {
                let standing = Standing { state, retry_at: Some(at(1)), ..good() };
                assert_eq!(step(&standing, GRACE, true, at(now)), Step::SignInAgain);
            }
        }
    }

    #[test]
    fn a_token_is_due_in_the_last_quarter_of_its_life_at_the_earliest() {
        let due = |life: i64, before: u64| due(at(1000 + life), Duration::from_secs(before), at(1000)).secs();
        assert_eq!(due(300, 60), 1240);
        assert_eq!(due(60, 60), 1045);
        assert_eq!(due(4, 60), 1003);
        assert_eq!(due(300, 0), 1300);
    }

    #[test]
    fn lesson_84_an_end_that_is_over_or_absurd_makes_no_storm_of_refreshes() {
        for expires in [Timestamp::from_millis(i64::MIN), at(0), at(1000)] {
            assert_eq!(due(expires, Duration::MAX, at(1000)), at(1001));
        }
        assert!(due(Timestamp::from_millis(i64::MAX), Duration::MAX, at(1000)) > at(1_000_000));
    }
}

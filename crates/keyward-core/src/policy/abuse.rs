//! Who has to wait before the next guess at a password: a delay that grows with failures, and that nobody can use to
//! lock somebody else out.
//!
//! Failures are counted for the account together with the client (a device that signed in before, or a network
//! address), and for the account over all clients that are strangers to it. A client that the account knows is
//! held back by its own failures alone: whatever strangers do, its owner is not among them.

use std::time::Duration;

use crate::time::Timestamp;

/// What is known of failed attempts under one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// How many since they were last forgotten.
    pub count: u32,
    /// When the last one was. Of none, the epoch.
    pub last: Option<Timestamp>,
}

/// When failures begin to cost time, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuessLimits {
    /// Failures of one client at one account before it has to wait. Zero: nobody ever waits.
    pub free: u32,
    /// Failures of all strangers together at one account before strangers have to wait.
    pub free_of_strangers: u32,
    /// Failures of one network address at accounts that do not know it, before it has to wait everywhere.
    pub free_of_network: u32,
    /// The longest wait at an account.
    pub longest: Duration,
    /// The longest wait of a whole network address, which others may share.
    pub longest_of_network: Duration,
    /// Failures at an account are forgotten when none was added for so long.
    pub forget: Duration,
    /// Failures of a network address are forgotten when none was added for so long.
    pub forget_network: Duration,
    /// For how long an account knows a device or a network address by which its owner signed in.
    pub knows: Duration,
}

impl Default for GuessLimits {
    /// Five mistakes are free; then 1 s, 2 s, 4 s … up to 15 minutes. Strangers together have twenty, a network a
    /// hundred and then waits a minute at most.
    fn default() -> Self {
        Self {
            free: 5,
            free_of_strangers: 20,
            free_of_network: 100,
            longest: Duration::from_secs(15 * 60),
            longest_of_network: Duration::from_secs(60),
            forget: Duration::from_secs(24 * 60 * 60),
            forget_network: Duration::from_secs(60 * 60),
            knows: Duration::from_secs(90 * 24 * 60 * 60),
        }
    }
}

/// What is known of an attempt that is about to be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempted {
    /// Failures of this client at this account.
    pub own: Failures,
    /// Failures of all strangers at this account.
    pub strangers: Failures,
    /// Failures of this network address at accounts that do not know it.
    pub network: Failures,
    /// True if the account knows the client: its owner signed in from this device or network address before.
    pub known: bool,
}

impl GuessLimits {
    /// How long the client still has to wait; `None`: it may try now.
    #[must_use]
    pub fn wait(&self, attempted: &Attempted, now: Timestamp) -> Option<Duration> {
        if self.free == 0 {
            return None;
        }
        let own = wait(attempted.own, self.free, self.longest, now);
        if attempted.known {
            return own;
        }
        let strangers = wait(attempted.strangers, self.free_of_strangers, self.longest, now);
        let network = wait(attempted.network, self.free_of_network, self.longest_of_network, now);
        own.max(strangers).max(network)
    }
}

/// What is left of the delay after the last failure: a second after the last free one, and each time twice as long.
fn wait(failures: Failures, free: u32, longest: Duration, now: Timestamp) -> Option<Duration> {
    let over = failures.count.checked_sub(free)?;
    let delay = Duration::from_secs(1_u64.checked_shl(over).unwrap_or(u64::MAX)).min(longest);
    let until = failures.last?.plus(delay).millis();
    let left = u64::try_from(until.saturating_sub(now.millis())).ok().filter(|left| *left > 0)?;
    // A clock that was set back keeps nobody out for longer than the delay.
    Some(Duration::from_millis(left).min(delay))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_780_000_000);
    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: u64 = 24 * 60 * 60;

    fn failures(count: u32, ago: u64) -> Failures {
        Failures { count, last: Some(NOW.minus(Duration::from_secs(ago))) }
    }

    #[test]
    fn the_delay_grows_with_failures_and_strangers_hold_back_strangers_alone() {
        let none = Failures::default();
        let own = |own| Attempted { own, ..Attempted::default() };
        let strangers = |strangers, known| Attempted { strangers, known, ..Attempted::default() };
        let network = |network, known| Attempted { network, known, ..Attempted::default() };
        let table = [
            (own(none), None),
            (own(failures(4, 0)), None),
            (own(failures(5, 0)), Some(SECOND)),
            (own(failures(5, 1)), None),
            (own(failures(6, 0)), Some(SECOND * 2)),
            (own(failures(10, 2)), Some(SECOND * 30)),
            (own(failures(15, 0)), Some(MINUTE * 15)),
            (own(failures(u32::MAX, 0)), Some(MINUTE * 15)),
            (own(failures(u32::MAX, 15 * 60)), None),
            (Attempted { known: true, ..own(failures(6, 0)) }, Some(SECOND * 2)),
            (strangers(failures(19, 0), false), None),
            (strangers(failures(20, 0), false), Some(SECOND)),
            (strangers(failures(1000, 0), false), Some(MINUTE * 15)),
            (strangers(failures(1000, 0), true), None),
            (network(failures(99, 0), false), None),
            (network(failures(1000, 0), false), Some(MINUTE)),
            (network(failures(1000, 0), true), None),
            (Attempted { own: failures(6, 0), ..strangers(failures(22, 1), false) }, Some(SECOND * 3)),
        ];
        for (attempted, expected) in table {
            assert_eq!(GuessLimits::default().wait(&attempted, NOW), expected, "{attempted:?}");
        }
    }

    #[test]
    fn without_limits_nobody_waits_and_a_clock_that_was_set_back_keeps_nobody_out_for_long() {
        let attempted = Attempted { own: failures(1000, 0), ..Attempted::default() };
        let off = GuessLimits { free: 0, ..GuessLimits::default() };
        assert_eq!(off.wait(&attempted, NOW), None);
        let yesterday = NOW.minus(Duration::from_secs(DAY));
        assert_eq!(GuessLimits::default().wait(&attempted, yesterday), Some(MINUTE * 15));
    }

    /// An account, as the store counts for it.
    #[derive(Default)]
    struct Account {
        strangers: Failures,
        clients: std::collections::HashMap<u32, Failures>,
    }

    impl Account {
        /// True if the guess was let through; all of them are wrong.
        fn guess(&mut self, client: u32, known: bool, now: Timestamp) -> bool {
            let own = self.clients.entry(client).or_default();
            let attempted = Attempted { own: *own, strangers: self.strangers, known, ..Attempted::default() };
            if GuessLimits::default().wait(&attempted, now).is_some() {
                return false;
            }
            *own = Failures { count: own.count + 1, last: Some(now) };
            if !known {
                self.strangers = Failures { count: self.strangers.count + 1, last: Some(now) };
            }
            true
        }
    }

    #[test]
    fn a_botnet_has_a_hundred_guesses_a_day_at_an_account_and_its_owner_waits_for_none_of_them() {
        const OWNER: u32 = 0;
        let mut account = Account::default();
        let mut guesses = 0;
        for second in 0..DAY {
            let now = NOW.plus(Duration::from_secs(second));
            // Ten of a hundred thousand networks try each second, none of them twice.
            for bot in 0..10 {
                let client = 1 + u32::try_from(second).expect("small") * 10 + bot;
                guesses += u32::from(account.guess(client, false, now));
            }
            // Twice an hour the owner comes, and errs once.
            if second % 1800 == 900 {
                account.clients.remove(&OWNER);
                assert!(account.guess(OWNER, true, now), "the owner is kept out at {second}");
                let own = account.clients[&OWNER];
                let attempted =
                    Attempted { own, strangers: account.strangers, known: true, ..Attempted::default() };
                assert_eq!(GuessLimits::default().wait(&attempted, now), None, "and may try again at once");
            }
        }
        assert!((100..150).contains(&guesses), "{guesses}");
    }

    #[test]
    fn one_client_has_a_hundred_guesses_a_day_even_where_it_is_known() {
        let mut account = Account::default();
        let guesses =
            (0..DAY).filter(|second| account.guess(7, true, NOW.plus(Duration::from_secs(*second))));
        assert!((90..120).contains(&guesses.count()));
    }

    #[test]
    fn who_errs_five_times_in_a_row_is_never_made_to_wait() {
        let mut account = Account::default();
        assert!((0..5).all(|_| account.guess(7, false, NOW)));
        assert!(!account.guess(7, false, NOW), "the sixth waits a second");
        assert!(account.guess(7, false, NOW.plus(SECOND)));
    }
}

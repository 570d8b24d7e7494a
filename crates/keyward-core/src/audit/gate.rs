//! How many refusals one process writes into the trail: who is refused a thousand times a second fills no disk.

use std::sync::{Mutex, PoisonError};

use crate::time::Timestamp;

/// Lets so many through, and counts the others.
#[derive(Debug, Default)]
pub struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When the allowance is whole again, in milliseconds.
    whole: i64,
    dropped: u64,
}

/// One refusal takes so many milliseconds of the allowance: twenty a second …
const EACH: i64 = 50;
/// … and two hundred at once.
const AT_ONCE: i64 = 200 * EACH;

impl Gate {
    /// Whether one more may be written, and how many were not since the last that was.
    pub fn pass(&self, now: Timestamp) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.millis();
        // A clock that was set back blocks nothing for long.
        let whole = state.whole.clamp(now, now.saturating_add(AT_ONCE));
        if whole > now.saturating_add(AT_ONCE - EACH) {
            state.dropped += 1;
            return None;
        }
        state.whole = whole.saturating_add(EACH);
        Some(std::mem::take(&mut state.dropped))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn two_hundred_at_once_and_twenty_a_second_pass_and_the_others_are_counted() {
        let gate = Gate::default();
        let now = Timestamp::from_secs(1_780_000_000);
        let passed = (0..1000).filter(|_| gate.pass(now).is_some()).count();
        assert_eq!(passed, 200);
        let later = now.plus(Duration::from_secs(1));
        assert_eq!(gate.pass(later), Some(800), "the next one tells how many were left out");
        assert_eq!((0..1000).filter(|_| gate.pass(later).is_some()).count(), 19);
        assert!(gate.pass(now.minus(Duration::from_secs(3600))).is_none());
        assert!(gate.pass(now.plus(Duration::from_secs(20))).is_some());
    }
}

//! The system's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use keyward_core::{port::Clock, time::Timestamp};

/// The time of day as the operating system has it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the port's implementation")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 is broken; at the epoch every token is refused or lives as long as it should.
        let millis = since.map_or(0, |span| span.as_millis());
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_tells_the_time_in_milliseconds() {
        let now = SystemClock.now().millis();
        // Between the years 2025 and 2100.
        assert!((1_735_689_600_000..4_102_444_800_000).contains(&now), "{now}");
    }
}

//! A receiver of events: how long it may take, and what the operator reads when it fails.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use keyward_core::{
    event::{Event, Events},
    time::Timestamp,
};
use tokio::time::timeout;

/// How long a receiver may take for an event.
pub(super) const LONGEST: Duration = Duration::from_secs(20);
/// So long the log does not say again that a receiver fails: one that refuses some events and takes the others would be
/// in it with each of them.
const QUIET: Duration = Duration::from_secs(10 * 60);

/// One of those who are told.
pub(crate) struct Receiver {
    events: Arc<dyn Events>,
    standing: Standing,
}

impl From<Arc<dyn Events>> for Receiver {
    fn from(events: Arc<dyn Events>) -> Self {
        Self { events, standing: Standing::default() }
    }
}

impl Receiver {
    /// Hands it an event; or why it was not taken.
    pub(super) async fn hand(&self, event: &Event, now: Timestamp) -> Result<(), String> {
        // What it leaves half-made is its own.
        let taking = AssertUnwindSafe(async { self.events.receive(event).await });
        let taken = match timeout(LONGEST, taking.catch_unwind()).await {
            Ok(Ok(taken)) => taken.map_err(|reason| reason.to_string()),
            Ok(Err(_)) => Err("the receiver panicked".to_owned()),
            Err(_) => Err(format!("not taken within {LONGEST:?}")),
        };
        match (self.standing.after(taken.is_ok(), now), &taken) {
            (Some(News::Fails), Err(reason)) => {
                let code = "events_not_taken";
                tracing::warn!(code, reason, "a receiver does not take its events; they are tried again");
            }
            (Some(News::TakesAgain), _) => tracing::info!("the receiver takes its events again"),
            _ => {}
        }
        taken
    }
}

/// What the log says of a receiver.
#[derive(Debug, PartialEq)]
enum News {
    Fails,
    TakesAgain,
}

/// Whether the log's last word is that it fails, and when that was said.
#[derive(Default)]
struct Standing(Mutex<(bool, Option<Timestamp>)>);

impl Standing {
    /// What is to be said after it took an event, or did not.
    fn after(&self, taken: bool, now: Timestamp) -> Option<News> {
        let mut standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (fails, said) = &mut *standing;
        match (taken, *fails) {
            (false, false) if said.is_none_or(|said| said.plus(QUIET) <= now) => {
                (*fails, *said) = (true, Some(now));
                Some(News::Fails)
            }
            (true, true) => {
                *fails = false;
                Some(News::TakesAgain)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_780_000_000);

    #[test]
    fn the_log_says_once_that_a_receiver_fails_and_once_that_it_takes_events_again() {
        let standing = Standing::default();
        let said = [true, false, false, false, true, true].map(|taken| standing.after(taken, NOW));
        assert_eq!(said, [None, Some(News::Fails), None, None, Some(News::TakesAgain), None]);
    }

    #[test]
    fn a_receiver_that_refuses_some_events_is_in_the_log_every_ten_minutes_at_most() {
        let standing = Standing::default();
        let minutes = |minutes: u64| NOW.plus(Duration::from_secs(60 * minutes));
        let lines =
            (0..60).flat_map(|minute| [false, true].map(|taken| standing.after(taken, minutes(minute))));
        assert_eq!(lines.flatten().filter(|news| *news == News::Fails).count(), 6);
        // One that has gone for good is said to be soon.
        assert_eq!(standing.after(false, minutes(59)), None);
        assert_eq!(standing.after(false, minutes(60)), Some(News::Fails));
    }
}

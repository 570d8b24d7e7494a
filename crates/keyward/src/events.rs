//! Delivering events: leased from the outbox, handed to every receiver, tried again, at last given up.

mod receiver;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use keyward_core::{
    event::Event,
    port::{Clock, DueEvent, Random, Settled, Store, StoreError},
};
use tokio::{sync::Notify, task::JoinSet, time::sleep};

pub(crate) use self::receiver::Receiver;

/// Events that other processes wrote and left are found within this time.
const POLL: Duration = Duration::from_secs(1);
/// How many are under way at once, so that one slow answer does not hold up the others.
const AT_ONCE: usize = 16;
/// Who holds an event for longer has died: a delivery ends well before, with the slowest receiver.
const LEASE: Duration = Duration::from_secs(receiver::LONGEST.as_secs() + 10);
/// After so many tries an event is given up: with [`FIRST_PAUSE`] and [`FACTOR`], after a day.
const TRIES: u32 = 8;
/// Before the second try.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// By how much each pause is longer than the one before.
const FACTOR: u32 = 5;
/// How long an event that was given up is kept.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A receiver that is gone must not fill the disk: beyond this many the oldest are dropped.
const MOST: u64 = 10_000;

/// What delivers the events of one process and, where others died, theirs.
pub(crate) struct Deliveries {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    /// Each gets every event; an event that one of them does not take comes again to all.
    pub(crate) receivers: Vec<Receiver>,
    /// Woken when this process wrote events.
    pub(crate) written: Arc<Notify>,
}

impl Deliveries {
    /// Waits until there may be something to deliver.
    pub(crate) async fn wait(self: Arc<Self>) {
        tokio::select! {
            () = self.written.notified() => {}
            () = sleep(POLL) => {}
        }
    }

    /// Delivers what is due, a number of them at once.
    pub(crate) async fn turn(self: Arc<Self>) -> Result<(), StoreError> {
        let dropped = self.store.cap_events(MOST).await?;
        if dropped > 0 {
            tracing::warn!(code = "events_dropped", dropped, "too many events wait; the oldest are gone");
        }
        let now = self.clock.now();
        let due = self.store.due_events(now, now.plus(LEASE), AT_ONCE).await?;
        if due.len() == AT_ONCE {
            // There may be more. Nobody has to wait for that.
            self.written.notify_one();
        }
        let mut under_way = JoinSet::new();
        for event in due {
            under_way.spawn(Arc::clone(&self).deliver(event));
        }
        let mut outcome = Ok(());
        while let Some(delivered) = under_way.join_next().await {
            match delivered {
                Ok(settled) => outcome = outcome.and(settled),
                // The event comes again when its lease is over.
                Err(error) => tracing::error!(%error, "the delivery of an event ended badly"),
            }
        }
        outcome
    }

    async fn deliver(self: Arc<Self>, due: DueEvent) -> Result<(), StoreError> {
        let event = Event { id: due.id.clone(), body: due.body.clone() };
        let settled = match self.hand_out(&event).await {
            Ok(()) => Settled::Delivered,
            Err(reason) => self.after_failure(&due, &event, &reason),
        };
        self.store.settle_event(&due, settled).await
    }

    /// To all at once: however many there are, they take no longer than the slowest, and none waits for one that is down.
    async fn hand_out(&self, event: &Event) -> Result<(), String> {
        let now = self.clock.now();
        let taken = join_all(self.receivers.iter().map(|receiver| receiver.hand(event, now))).await;
        let reasons: Vec<_> = taken.into_iter().filter_map(Result::err).collect();
        if reasons.is_empty() { Ok(()) } else { Err(reasons.join("; ")) }
    }

    fn after_failure(&self, due: &DueEvent, event: &Event, reason: &str) -> Settled {
        let kind = event.kind().map_or("unknown", |kind| kind.as_str());
        let (id, attempt, now) = (&due.id, due.attempt, self.clock.now());
        if attempt >= TRIES {
            tracing::error!(code = "event_given_up", id, kind, attempt, reason, "an event was not taken");
            return Settled::Dead { until: now.plus(KEPT) };
        }
        let at = now.plus(spread(pause_after(attempt), self.random.as_ref()));
        tracing::debug!(
            id,
            kind,
            attempt,
            reason,
            again = at.iso(),
            "an event was not taken; it is tried again"
        );
        Settled::Retry { at }
    }
}

/// How long to wait after a try, the first being 1.
fn pause_after(attempt: u32) -> Duration {
    FIRST_PAUSE * FACTOR.pow(attempt.saturating_sub(1).min(TRIES))
}

/// `span`, a fifth more or less: what is due together does not stay together.
pub(crate) fn spread(span: Duration, random: &dyn Random) -> Duration {
    let mut byte = [0];
    random.fill(&mut byte);
    span.mul_f64(0.8 + 0.4 * f64::from(byte[0]) / 255.0)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use keyward_core::{
        event::{About, EventKind, Events, NewEvent, NotTaken},
        port::Outbox,
    };
    use keyward_testkit::{FakeClock, MemoryStore, SeededRandom};
    use tokio::time::timeout;

    use super::*;

    /// Takes events while it is up, and notes all that it is given.
    #[derive(Default)]
    struct Fake {
        up: Mutex<bool>,
        /// Before it answers.
        takes: Duration,
        /// In the place of not taking an event.
        panics: bool,
        given: Mutex<Vec<String>>,
    }

    #[async_trait]
    impl Events for Fake {
        async fn receive(&self, event: &Event) -> Result<(), NotTaken> {
            self.given.lock().expect("no test panics here").push(event.id.clone());
            sleep(self.takes).await;
            let up = *self.up.lock().expect("as above");
            assert!(up || !self.panics, "as the test wants it");
            if up { Ok(()) } else { Err(NotTaken("down".to_owned())) }
        }
    }

    impl Fake {
        fn given(&self) -> Vec<String> {
            let mut given = self.given.lock().expect("as above").clone();
            given.sort();
            given
        }
    }

    struct Room {
        deliveries: Arc<Deliveries>,
        store: Arc<MemoryStore>,
        clock: Arc<FakeClock>,
        receiver: Arc<Fake>,
    }

    fn room(up: bool) -> Room {
        room_of(Fake { up: Mutex::new(up), ..Fake::default() }, Vec::new())
    }

    /// With others besides.
    fn room_of(receiver: Fake, others: Vec<Arc<dyn Events>>) -> Room {
        let (store, clock) = (Arc::new(MemoryStore::default()), Arc::new(FakeClock::default()));
        let receiver = Arc::new(receiver);
        let mut receivers: Vec<Arc<dyn Events>> = vec![receiver.clone()];
        receivers.extend(others);
        let deliveries = Arc::new(Deliveries {
            store: store.clone(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::default()),
            receivers: receivers.into_iter().map(Receiver::from).collect(),
            written: Arc::default(),
        });
        Room { deliveries, store, clock, receiver }
    }

    impl Room {
        async fn write(&self, ids: impl IntoIterator<Item = String>) {
            let now = self.clock.now();
            let event = |id| NewEvent::new(id, EventKind::SignIn, About::Anybody, serde_json::json!({}), now);
            let events: Vec<_> = ids.into_iter().map(event).collect();
            self.store.write_events(&events).await.expect("answers");
        }

        async fn turn(&self) {
            Arc::clone(&self.deliveries).turn().await.expect("the store answers");
        }
    }

    #[tokio::test]
    async fn an_event_that_was_taken_never_comes_again() {
        let room = room(true);
        room.write(["a".to_owned(), "b".to_owned()]).await;
        for _ in 0..3 {
            room.turn().await;
            room.clock.advance(Duration::from_secs(24 * 60 * 60));
        }
        assert_eq!(room.receiver.given(), ["a", "b"]);
    }

    #[tokio::test]
    async fn an_event_that_was_not_taken_comes_again_with_its_id_and_not_before_a_pause() {
        let room = room(false);
        room.write(["a".to_owned()]).await;
        room.turn().await;
        room.clock.advance(Duration::from_secs(3));
        room.turn().await;
        assert_eq!(room.receiver.given(), ["a"]);
        *room.receiver.up.lock().expect("as above") = true;
        room.clock.advance(Duration::from_secs(4));
        room.turn().await;
        room.clock.advance(Duration::from_secs(24 * 60 * 60));
        room.turn().await;
        assert_eq!(room.receiver.given(), ["a", "a"]);
    }

    #[tokio::test]
    async fn an_event_that_nobody_takes_is_given_up_after_eight_tries_in_about_a_day() {
        given_up(room(false)).await;
    }

    #[tokio::test]
    async fn a_receiver_that_panics_has_not_taken_the_event_and_gets_it_no_oftener() {
        given_up(room_of(Fake { panics: true, ..Fake::default() }, Vec::new())).await;
    }

    async fn given_up(room: Room) {
        room.write(["a".to_owned()]).await;
        let begun = room.clock.now();
        let mut last = begun;
        for _ in 0..48 * 60 {
            let before = room.receiver.given().len();
            room.turn().await;
            if room.receiver.given().len() > before {
                last = room.clock.now();
            }
            room.clock.advance(Duration::from_secs(60));
        }
        assert_eq!(room.receiver.given().len(), 8);
        let hours = (last.millis() - begun.millis()) / 3_600_000;
        assert!((18..=36).contains(&hours), "{hours} hours");
    }

    #[tokio::test(start_paused = true)]
    async fn however_many_receivers_there_are_an_event_is_settled_before_its_lease_is_over() {
        let slow = || Fake { up: Mutex::new(true), takes: Duration::from_secs(19), ..Fake::default() };
        let others = [Arc::new(slow()), Arc::new(slow())];
        let room = room_of(slow(), others.iter().map(|other| Arc::clone(other) as _).collect());
        room.write(["a".to_owned()]).await;
        let begun = tokio::time::Instant::now();
        room.turn().await;
        assert!(begun.elapsed() < LEASE, "{:?}", begun.elapsed());
        room.clock.advance(Duration::from_secs(24 * 60 * 60));
        room.turn().await;
        assert_eq!([&room.receiver, &others[0], &others[1]].map(|one| one.given()), [["a"]; 3]);
    }

    #[tokio::test]
    async fn a_receiver_that_is_down_keeps_no_event_from_the_others() {
        let other = Arc::new(Fake { up: Mutex::new(true), ..Fake::default() });
        let room = room_of(Fake::default(), vec![other.clone()]);
        room.write(["a".to_owned()]).await;
        room.turn().await;
        assert_eq!(other.given(), ["a"]);
    }

    #[tokio::test]
    async fn many_events_go_out_without_waiting_for_the_next_poll() {
        let room = room(true);
        let ids: Vec<_> = (0..40).map(|n| format!("{n:02}")).collect();
        room.write(ids.clone()).await;
        let mut turns = 0;
        loop {
            room.turn().await;
            turns += 1;
            if timeout(Duration::ZERO, room.deliveries.written.notified()).await.is_err() {
                break;
            }
        }
        assert_eq!((room.receiver.given(), turns), (ids, 3));
    }

    #[tokio::test]
    async fn a_receiver_that_is_gone_does_not_fill_the_disk() {
        let room = room(false);
        room.write((0..MOST + 5).map(|n| n.to_string())).await;
        room.turn().await;
        assert_eq!(room.store.cap_events(MOST).await.expect("answers"), 0);
        assert_eq!(room.store.cap_events(0).await.expect("answers"), MOST);
        assert!(!room.receiver.given().contains(&"4".to_owned()), "the oldest went");
        assert!(room.receiver.given().contains(&"5".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_this_process_wrote_is_not_left_until_the_next_poll() {
        let room = room(true);
        let begun = tokio::time::Instant::now();
        room.deliveries.written.notify_one();
        Arc::clone(&room.deliveries).wait().await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
        Arc::clone(&room.deliveries).wait().await;
        assert_eq!(begun.elapsed(), POLL);
    }

    #[test]
    fn pauses_are_spread_by_a_fifth() {
        let random = SeededRandom::default();
        let pauses: Vec<_> = (0..100).map(|_| spread(Duration::from_secs(100), &random).as_secs()).collect();
        assert!(pauses.iter().all(|pause| (80..=120).contains(pause)), "{pauses:?}");
        assert!(pauses.iter().any(|pause| *pause < 90) && pauses.iter().any(|pause| *pause > 110));
    }
}

//! The streams of events that tabs hold open: woken by session, bounded by person and by process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use keyward_core::port::SessionId;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

/// Streams of one person at once, whatever their sessions.
const PER_PERSON: usize = 16;
/// Nothing is longer silent than this, so that no proxy takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// A stream ends after this; the browser comes back by itself, with the cookie that it has then.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The open streams of this process.
#[derive(Debug)]
pub(crate) struct Streams {
    open: Mutex<Open>,
    end: watch::Sender<bool>,
    most: usize,
}

#[derive(Debug, Default)]
struct Open {
    /// By session: what wakes its streams, and how many there are.
    sessions: HashMap<String, (watch::Sender<u64>, usize)>,
    people: HashMap<String, usize>,
    count: usize,
}

impl Streams {
    /// At most `most` at once.
    pub(crate) fn new(most: usize) -> Self {
        Self { open: Mutex::default(), end: watch::Sender::new(false), most }
    }

    /// Wakes the streams of a session.
    pub(crate) fn wake(&self, session: &SessionId) {
        if let Some((changes, _)) = self.open().sessions.get(&session.0) {
            changes.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    /// Ends all of them, and every later one at once.
    pub(crate) fn end(&self) {
        self.end.send_replace(true);
    }

    /// One more of a session and its person, if there is a place.
    pub(crate) fn join(self: &Arc<Self>, session: &str, person: &str) -> Option<Stream> {
        let mut open = self.open();
        let of_person = open.people.get(person).copied().unwrap_or_default();
        if open.count >= self.most || of_person >= PER_PERSON {
            return None;
        }
        open.count += 1;
        *open.people.entry(person.to_owned()).or_default() += 1;
        let (changes, streams) =
            open.sessions.entry(session.to_owned()).or_insert_with(|| (watch::Sender::new(0), 0));
        *streams += 1;
        Some(Stream {
            changes: changes.subscribe(),
            end: self.end.subscribe(),
            until: Instant::now() + LIFETIME,
            is_new: true,
            session: session.to_owned(),
            person: person.to_owned(),
            streams: Arc::clone(self),
        })
    }

    fn leave(&self, session: &str, person: &str) {
        let mut open = self.open();
        open.count -= 1;
        if let Some(count) = open.people.get_mut(person) {
            *count -= 1;
            if *count == 0 {
                open.people.remove(person);
            }
        }
        if let Some((_, count)) = open.sessions.get_mut(session) {
            *count -= 1;
            if *count == 0 {
                open.sessions.remove(session);
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open stream; its place is free when it is dropped.
pub(crate) struct Stream {
    changes: watch::Receiver<u64>,
    end: watch::Receiver<bool>,
    until: Instant,
    is_new: bool,
    session: String,
    person: String,
    streams: Arc<Streams>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.streams.leave(&self.session, &self.person);
    }
}

impl Stream {
    /// What is sent next; `None` at its end.
    pub(crate) async fn next(&mut self) -> Option<&'static str> {
        if std::mem::take(&mut self.is_new) {
            // What happened since the page read its session, or while the connection was gone, nobody has told it.
            return Some("retry: 3000\n\nevent: session\ndata: changed\n\n");
        }
        tokio::select! {
            biased;
            _ = self.end.wait_for(|end| *end) => None,
            () = sleep_until(self.until) => None,
            woken = self.changes.changed() => woken.ok().map(|()| "event: session\ndata: changed\n\n"),
            () = sleep(HEARTBEAT) => Some(":\n\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> SessionId {
        SessionId(text.to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_is_woken_by_its_own_session_and_ends_when_told_to() {
        let streams = Arc::new(Streams::new(10));
        let mut stream = streams.join("s1", "ada").expect("a place");
        assert!(stream.next().await.is_some_and(|text| text.contains("event: session")), "at once");
        streams.wake(&id("s2"));
        assert_eq!(stream.next().await, Some(":\n\n"), "another's is none of its business");
        streams.wake(&id("s1"));
        streams.wake(&id("s1"));
        assert_eq!(stream.next().await, Some("event: session\ndata: changed\n\n"));
        assert_eq!(stream.next().await, Some(":\n\n"), "two at once are one");
        streams.end();
        assert_eq!(stream.next().await, None);
        let mut late = streams.join("s1", "ada").expect("a place");
        assert!(late.next().await.is_some());
        assert_eq!(late.next().await, None, "the browser comes back to another process");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_after_an_hour_so_that_who_holds_it_shows_their_cookie_again() {
        let streams = Arc::new(Streams::new(10));
        let mut stream = streams.join("s1", "ada").expect("a place");
        let mut beats = 0;
        while stream.next().await.is_some() {
            beats += 1;
        }
        assert_eq!(beats, 180);
    }

    #[test]
    fn streams_are_bounded_by_person_and_by_process_and_a_place_is_given_back() {
        let streams = Arc::new(Streams::new(PER_PERSON + 2));
        let of_ada: Vec<_> = (0..PER_PERSON).map(|n| streams.join(&format!("s{}", n % 3), "ada")).collect();
        assert!(of_ada.iter().all(Option::is_some));
        assert!(streams.join("s0", "ada").is_none(), "enough for one person");
        let (first, second) = (streams.join("e", "eve"), streams.join("b", "bob"));
        assert!(first.is_some() && second.is_some());
        assert!(streams.join("c", "cyd").is_none(), "enough for one process");
        drop((of_ada, first));
        assert!(streams.join("c", "cyd").is_some());
        drop(second);
        let open = streams.open();
        assert_eq!((open.count, open.sessions.len(), open.people.len()), (0, 0, 0));
    }
}

//! What happened to sessions from outside while their tokens are alive: ended, or changed (invariant 11).

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use crate::{
    overlay::Overlay,
    port::{Change, Changed, SessionId, Sessions, StoreError},
    time::Timestamp,
};

/// The sessions that were ended or changed and may still have tokens from before. Each process keeps all of them and
/// follows the store's changes, so that reading a sealed session asks nobody.
#[derive(Default)]
pub struct Changes {
    known: RwLock<Known>,
    listener: OnceLock<Listener>,
}

/// Hears of each session that was ended or changed. It must not wait for anything.
type Listener = Box<dyn Fn(&SessionId) + Send + Sync>;

#[derive(Default)]
struct Known {
    sessions: HashMap<SessionId, Kept>,
    change: u64,
}

struct Kept {
    until: Timestamp,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Ended,
    /// With what changed, once a read of it has asked the store.
    Changed(u64, Option<Arc<Overlay>>),
}

impl State {
    /// Nothing comes after an end, and no version after a later one.
    const fn follows(&self, before: &Self) -> bool {
        match (before, self) {
            (Self::Ended, _) => false,
            (Self::Changed(..), Self::Ended) => true,
            (Self::Changed(before, _), Self::Changed(now, _)) => *now > *before,
        }
    }
}

/// What is known of a session.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Nothing happened to it.
    Untouched,
    /// It was ended.
    Ended,
    /// It is at this version by now: tokens that were sealed at an earlier one are behind. With what changed, if that is
    /// known here.
    At(u64, Option<Arc<Overlay>>),
}

impl Changes {
    /// What is known of a session. Asked at every read of a sealed one.
    #[must_use]
    pub fn standing(&self, session: &str) -> Standing {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        // Nearly always empty or small.
        if known.sessions.is_empty() {
            return Standing::Untouched;
        }
        match known.sessions.get(session).map(|kept| &kept.state) {
            None => Standing::Untouched,
            Some(State::Ended) => Standing::Ended,
            Some(State::Changed(version, overlay)) => Standing::At(*version, overlay.clone()),
        }
    }

    /// True if the session was ended.
    #[must_use]
    pub fn has_ended(&self, session: &str) -> bool {
        matches!(self.standing(session), Standing::Ended)
    }

    /// Remembers an ending of this process at once.
    pub fn end(&self, session: &SessionId, until: Timestamp) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.sessions.insert(session.clone(), Kept { until, state: State::Ended });
        drop(known);
        self.tell(session);
    }

    /// Keeps what was changed in a session, so that the store is asked once and not for each old token.
    pub(crate) fn keep(&self, session: &str, version: u64, overlay: &Arc<Overlay>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(Kept { state: State::Changed(now, kept), .. }) = known.sessions.get_mut(session)
            && *now <= version
        {
            (*now, *kept) = (version, Some(Arc::clone(overlay)));
        }
    }

    /// Takes over the changes of all processes since the last call, and forgets those whose time is over.
    pub async fn follow(&self, store: &(impl Sessions + ?Sized), now: Timestamp) -> Result<(), StoreError> {
        let after = self.known.read().unwrap_or_else(PoisonError::into_inner).change;
        let changes = store.changes_since(after).await?;
        for change in self.take_over(changes, now) {
            self.tell(&change);
        }
        Ok(())
    }

    /// Says in which sessions something happened that this process had not heard of.
    fn take_over(&self, changes: Vec<Change>, now: Timestamp) -> Vec<SessionId> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut news = Vec::new();
        for Change { change, session, what, until } in changes {
            // A read may know a version already that the feed tells of now; the tabs of its session do not.
            if change > known.change {
                known.change = change;
                news.push(session.clone());
            }
            let told = match what {
                Changed::Ended => State::Ended,
                Changed::To(version) => State::Changed(version, None),
            };
            match known.sessions.entry(session) {
                Entry::Vacant(place) => drop(place.insert(Kept { until, state: told })),
                Entry::Occupied(place) => {
                    let kept = place.into_mut();
                    kept.until = kept.until.max(until);
                    // Two calls may overlap, and what one of them read is older by then.
                    if told.follows(&kept.state) {
                        kept.state = told;
                    }
                }
            }
        }
        known.sessions.retain(|_, kept| kept.until > now);
        news
    }

    /// From now on `listener` hears of each session that was ended or changed. There is one; later ones hear nothing.
    pub fn listen(&self, listener: Box<dyn Fn(&SessionId) + Send + Sync>) {
        let _ = self.listener.set(listener);
    }

    fn tell(&self, session: &SessionId) {
        if let Some(listener) = self.listener.get() {
            listener(session);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_780_000_000);
    const UNTIL: Timestamp = Timestamp::from_secs(1_780_000_100);

    fn told(changes: &Changes, number: u64, session: &str, what: Changed) -> usize {
        let session = SessionId(session.to_owned());
        changes.take_over(vec![Change { change: number, session, what, until: UNTIL }], NOW).len()
    }

    fn version(changes: &Changes) -> Option<u64> {
        match changes.standing("s1") {
            Standing::At(version, _) => Some(version),
            Standing::Untouched | Standing::Ended => None,
        }
    }

    #[test]
    fn a_later_version_follows_an_earlier_one_and_nothing_an_end() {
        let changes = Changes::default();
        assert_eq!(told(&changes, 1, "s1", Changed::To(1)), 1);
        assert_eq!(told(&changes, 2, "s1", Changed::To(2)), 1);
        assert_eq!(told(&changes, 1, "s1", Changed::To(1)), 0, "read by a call that overlapped");
        assert_eq!(version(&changes), Some(2));
        assert_eq!(told(&changes, 3, "s1", Changed::Ended), 1);
        assert_eq!(told(&changes, 2, "s1", Changed::To(2)), 0);
        assert!(changes.has_ended("s1") && !changes.has_ended("s2"));
    }

    #[test]
    fn tabs_are_woken_by_a_change_that_a_read_came_across_before_the_feed_told_of_it() {
        let changes = Changes::default();
        told(&changes, 1, "s1", Changed::To(1));
        changes.keep("s1", 2, &Arc::default());
        assert_eq!(version(&changes), Some(2));
        assert_eq!(told(&changes, 2, "s1", Changed::To(2)), 1);
        let Standing::At(2, Some(_)) = changes.standing("s1") else { unreachable!("what was read is kept") };
    }

    #[test]
    fn what_no_token_can_be_behind_any_more_is_forgotten() {
        let changes = Changes::default();
        told(&changes, 1, "s1", Changed::To(1));
        changes.take_over(Vec::new(), UNTIL);
        assert!(matches!(changes.standing("s1"), Standing::Untouched));
    }
}

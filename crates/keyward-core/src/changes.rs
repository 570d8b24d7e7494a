//! What happened to sessions from outside while their tokens are alive: ended, or changed (invariant 11).

use std::{
    collections::HashMap,
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
    sessions: HashMap<SessionId, Entry>,
    change: u64,
}

struct Entry {
    until: Timestamp,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Ended,
    /// With what changed, once a read of it has asked the store.
    Changed(u64, Option<Arc<Overlay>>),
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
        match known.sessions.get(session).map(|entry| &entry.state) {
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
        known.sessions.insert(session.clone(), Entry { until, state: State::Ended });
        drop(known);
        self.tell(session);
    }

    /// Keeps what was changed in a session, so that the store is asked once and not for each old token.
    pub(crate) fn keep(&self, session: &str, version: u64, overlay: &Arc<Overlay>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(Entry { state: State::Changed(now, kept), .. }) = known.sessions.get_mut(session)
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

    /// Says in which sessions something is new.
    fn take_over(&self, changes: Vec<Change>, now: Timestamp) -> Vec<SessionId> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut news = Vec::new();
        for Change { change, session, what, until } in changes {
            known.change = known.change.max(change);
            let before = known.sessions.get_mut(&session);
            // Two calls may overlap, and what one of them read is older by then.
            let state = match (before.as_ref().map(|entry| &entry.state), what) {
                (Some(State::Ended), _) => None,
                (_, Changed::Ended) => Some(State::Ended),
                (Some(State::Changed(known, _)), Changed::To(read)) if read <= *known => None,
                (_, Changed::To(version)) => Some(State::Changed(version, None)),
            };
            match (before, state) {
                (Some(entry), state) => {
                    entry.until = entry.until.max(until);
                    let Some(state) = state else { continue };
                    entry.state = state;
                }
                (None, Some(state)) => drop(known.sessions.insert(session.clone(), Entry { until, state })),
                (None, None) => continue,
            }
            news.push(session);
        }
        known.sessions.retain(|_, entry| entry.until > now);
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

//! Keeps sessions' foreign tokens fresh: of all who ask at once, in however many processes, one asks the back end, and
//! everybody gets what it answered (D2, D4).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt as _, future::Shared};

use super::{Foreign, ForeignTokens, RefreshFault, Refresher, TokenSource, Vault};
use crate::{
    policy::refresh::{self, Attempt, State, Step},
    port::{
        Background, Boxed, Clock, Entry, EntryId, Random, SessionId, Settlement, Store, StoreError, uuid,
    },
    time::Timestamp,
};

/// How often who waits for another process looks whether it is done.
const LOOK: Duration = Duration::from_millis(40);
/// How much longer an attempt is its owner's than the exchange may take: for the store.
const MARGIN: Duration = Duration::from_secs(2);
/// How long an attempt that could not be sent again rests.
const BEFORE_NEXT: Duration = Duration::from_millis(500);
/// How often new tokens are offered to a store that does not take them. They exist nowhere else.
const OFFERS: u32 = 20;
/// How long between two offers.
const BETWEEN_OFFERS: Duration = Duration::from_millis(100);

/// Keeps the tokens of a deployment's sessions fresh.
#[derive(Clone)]
pub struct Keeper(Arc<Inner>);

struct Inner {
    foreign: Foreign,
    background: Arc<dyn Background>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    vault: Arc<Vault>,
    /// Those who wait in this process, by entry.
    flights: Mutex<HashMap<EntryId, Flight>>,
}

type Flight = Shared<Boxed<Result<Held, Lost>>>;

/// What an entry holds, as of now.
#[derive(Clone, Debug)]
pub struct Held {
    /// Whose tokens they are.
    pub session: SessionId,
    /// Who handed them out.
    pub provider: String,
    /// `None`: they were sealed with a key that is gone.
    pub tokens: Option<Arc<ForeignTokens>>,
    /// From when on a read refreshes them.
    pub due: Option<Timestamp>,
    /// Why they are not fresh, if they are not.
    pub trouble: Option<Trouble>,
}

/// Why tokens are not fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The back end fails; a later read tries again.
    Passing,
    /// They will never be: the person has to sign in again.
    ForGood,
}

/// Why nothing is known of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It went with its session.
    Gone,
    /// The store does not answer.
    Store(String),
}

impl From<StoreError> for Lost {
    fn from(error: StoreError) -> Self {
        Self::Store(error.0)
    }
}

impl Keeper {
    /// Keeps fresh what `foreign` says. `None` if it says nothing.
    #[must_use]
    pub fn new(
        foreign: Foreign,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        vault: Arc<Vault>,
    ) -> Option<Self> {
        let background = Arc::clone(foreign.background.as_ref()?);
        let flights = Mutex::default();
        (!foreign.sources.is_empty())
            .then(|| Self(Arc::new(Inner { foreign, background, store, clock, random, vault, flights })))
    }

    /// What the deployment says of a provider's tokens.
    #[must_use]
    pub fn source(&self, provider: &str) -> Option<&TokenSource> {
        self.0.foreign.sources.get(provider)
    }

    /// What an entry holds, refreshed first if it is due. Whoever stops waiting stops nothing.
    ///
    /// # Errors
    /// [`Lost`].
    pub async fn fresh(&self, id: &EntryId) -> Result<Held, Lost> {
        let entry = self.0.entry(id).await?;
        if let Look::Found(held) = self.0.look(&entry) {
            return Ok(held);
        }
        let flight = self.join(id);
        flight.await
    }

    fn join(&self, id: &EntryId) -> Flight {
        let mut flights = self.0.flights();
        if let Some(flight) = flights.get(id) {
            return flight.clone();
        }
        let (inner, of) = (Arc::clone(&self.0), id.clone());
        let work: Boxed<_> = Box::pin(async move {
            let held = inner.settle(&of).await;
            inner.flights().remove(&of);
            held
        });
        let flight = work.shared();
        flights.insert(id.clone(), flight.clone());
        drop(flights);
        self.0.background.spawn(Box::pin(flight.clone().map(drop)));
        flight
    }
}

/// What is to be done about an entry.
enum Look {
    /// Nothing.
    Found(Held),
    /// This, with the tokens.
    Do(Step, Option<Arc<ForeignTokens>>),
}

impl Inner {
    fn flights(&self) -> MutexGuard<'_, HashMap<EntryId, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn entry(&self, id: &EntryId) -> Result<Entry, Lost> {
        self.store.vault_entry(id).await?.ok_or(Lost::Gone)
    }

    fn look(&self, entry: &Entry) -> Look {
        let source = self.foreign.sources.get(&entry.provider);
        let tokens = self.vault.open_entry(&entry.id, &entry.sealed).map(Arc::new);
        if tokens.is_none() {
            tracing::warn!(
                provider = entry.provider,
                "a session's tokens were sealed with a key that is gone"
            );
        }
        let has_refresh_token = tokens.as_ref().is_some_and(|tokens| tokens.refresh_token.is_some());
        let can_refresh = has_refresh_token && source.is_some_and(|source| source.refresher.is_some());
        let grace = source.and_then(|source| source.grace);
        let trouble = match refresh::step(&entry.standing, grace, can_refresh, self.clock.now()) {
            Step::Serve if tokens.is_none() => Some(Trouble::ForGood),
            Step::Serve => None,
            Step::Unavailable => Some(Trouble::Passing),
            Step::SignInAgain => Some(Trouble::ForGood),
            step @ (Step::Refresh | Step::Again | Step::Wait | Step::GiveUp) => {
                return Look::Do(step, tokens);
            }
        };
        let (session, provider) = (entry.session.clone(), entry.provider.clone());
        Look::Found(Held { session, provider, tokens, due: entry.standing.due, trouble })
    }

    /// Goes on until there is something to tell: refreshes, or waits for who does. It ends, because each attempt does.
    async fn settle(&self, id: &EntryId) -> Result<Held, Lost> {
        loop {
            let entry = self.entry(id).await?;
            let (step, tokens) = match self.look(&entry) {
                Look::Found(held) => return Ok(held),
                Look::Do(step, tokens) => (step, tokens),
            };
            let source = self.foreign.sources.get(&entry.provider);
            let refresher = source.and_then(|source| Some((source, source.refresher.as_ref()?)));
            match (step, tokens, refresher) {
                (Step::Refresh | Step::Again, Some(tokens), Some((source, refresher))) => {
                    self.attempt(&entry, step == Step::Again, &tokens, source, refresher.as_ref()).await?;
                }
                (Step::GiveUp, ..) => {
                    let over = Settlement::Over { version: entry.version, state: State::Lost };
                    if self.store.settle_refresh(id, &over).await? {
                        tracing::warn!(
                            provider = entry.provider,
                            session = entry.session.0,
                            "a refresh token was sent and never answered; the person has to sign in again"
                        );
                    }
                }
                _ => self.background.sleep(LOOK).await,
            }
        }
    }

    /// One attempt, from begin to settlement. What came of it stands in the store.
    async fn attempt(
        &self,
        entry: &Entry,
        again: bool,
        tokens: &ForeignTokens,
        source: &TokenSource,
        refresher: &dyn Refresher,
    ) -> Result<(), Lost> {
        let (id, version) = (&entry.id, entry.version + 1);
        let held_for = source.timeout + MARGIN;
        let before = entry.standing.attempt.as_ref().filter(|_| again);
        let attempt = Attempt {
            until: self.clock.now().plus(held_for),
            sent: before.and_then(|before| before.sent),
            key: before.map_or_else(|| uuid(self.random.as_ref()), |before| before.key.clone()),
            again,
        };
        if !self.store.begin_refresh(id, entry.version, &attempt).await? {
            // Somebody else did.
            return Ok(());
        }
        let outcome = match refresher.prepare().await {
            Err(why) => Err(RefreshFault::NotSent(why)),
            Ok(()) => {
                let now = self.clock.now();
                match self.store.mark_sent(id, version, now, now.plus(held_for)).await {
                    Ok(true) => refresher.refresh(tokens, &attempt.key).await,
                    Ok(false) => return Ok(()),
                    Err(error) => Err(RefreshFault::NotSent(error.to_string())),
                }
            }
        };
        let settlement = match outcome {
            Ok(new) => self.renewed(entry, version, tokens, source, new),
            Err(fault) => self.failed(entry, version, again, &fault),
        };
        self.offer(id, &settlement).await
    }

    fn renewed(
        &self,
        entry: &Entry,
        version: u64,
        old: &ForeignTokens,
        source: &TokenSource,
        mut new: ForeignTokens,
    ) -> Settlement {
        let (provider, session) = (&entry.provider, &entry.session.0);
        if new.refresh_token.is_none() {
            new.refresh_token.clone_from(&old.refresh_token);
        }
        let now = self.clock.now();
        let due = new.expires.map(|expires| refresh::due(expires, source.before, now));
        let Some(sealed) = self.vault.seal_entry(&entry.id, &new, self.random.as_ref()) else {
            tracing::error!(provider, session, "the new tokens are too long to be kept");
            return Settlement::Over { version, state: State::Lost };
        };
        tracing::debug!(provider, session, "a session's tokens were refreshed");
        Settlement::Renewed { generation: entry.generation, sealed, due, expires: new.expires }
    }

    fn failed(&self, entry: &Entry, version: u64, again: bool, fault: &RefreshFault) -> Settlement {
        let (provider, session) = (&entry.provider, &entry.session.0);
        tracing::warn!(provider, session, %fault, "a session's tokens could not be refreshed");
        let now = self.clock.now();
        match fault {
            // The first time may have been heard all the same: it is still to be sent again.
            RefreshFault::NotSent(_) if again => {
                Settlement::Unanswered { version, until: now.plus(BEFORE_NEXT), again: false }
            }
            RefreshFault::NotSent(_) | RefreshFault::Failed(_) => {
                let pause = refresh::pause(entry.standing.failures.saturating_add(1));
                Settlement::Failed { version, retry_at: now.plus(pause) }
            }
            RefreshFault::Refused(_) => Settlement::Over { version, state: State::Refused },
            RefreshFault::Unanswered(_) => Settlement::Unanswered { version, until: now, again },
        }
    }

    /// Offers what came of an attempt to the store until it takes it, for some time.
    async fn offer(&self, id: &EntryId, settlement: &Settlement) -> Result<(), Lost> {
        for _ in 1..OFFERS {
            match self.store.settle_refresh(id, settlement).await {
                Ok(_) => return Ok(()),
                Err(error) => tracing::warn!(%error, "the outcome of a refresh could not be written yet"),
            }
            self.background.sleep(BETWEEN_OFFERS).await;
        }
        self.store.settle_refresh(id, settlement).await?;
        Ok(())
    }
}

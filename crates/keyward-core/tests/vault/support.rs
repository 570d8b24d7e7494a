//! Processes on one store, before a back end that is strict about its refresh tokens.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use keyward_core::{
    port::{
        Admitted, Background, Boxed, Clock, EntryId, NewEntry, NewSession, Random, SessionId, SignIns,
        Vaulted,
    },
    secret::Secret,
    time::Timestamp,
    user::{AccountKey, Admission, Profile, UserId},
    vault::{Foreign, ForeignTokens, Held, Keeper, Lost, RefreshFault, Refresher, TokenSource, Vault},
};
use keyward_testkit::{FakeClock, FaultyStore, MemoryStore, SeededRandom};

pub(crate) type Store = FaultyStore<MemoryStore>;

/// How long a refresh may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);
/// How long access tokens live.
pub(crate) const LIFE: Duration = Duration::from_secs(300);

/// What the back end does with one refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Answers with the successor.
    Answer,
    /// Is not reached.
    Away,
    /// Fails with 503.
    Fail,
    /// Refuses.
    Refuse,
    /// Rotates, and its answer is lost.
    Lose,
}

/// Each refresh token is good once; the same key gets the same answer again.
#[derive(Debug, Default)]
pub(crate) struct BackEnd(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    deeds: VecDeque<Deed>,
    /// Key and refresh token of everything that arrived.
    arrived: Vec<(String, String)>,
    generation: u64,
    answered: Option<String>,
    reuses: usize,
    unprepared: usize,
}

impl BackEnd {
    /// What it does next; beyond that it answers.
    pub(crate) fn does(&self, deeds: &[Deed]) {
        self.inside().deeds.extend(deeds);
    }

    /// The next refreshes cannot even be prepared.
    pub(crate) fn unprepared(&self, times: usize) {
        self.inside().unprepared = times;
    }

    pub(crate) fn arrived(&self) -> Vec<(String, String)> {
        self.inside().arrived.clone()
    }

    pub(crate) fn reuses(&self) -> usize {
        self.inside().reuses
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Asking {
    back_end: Arc<BackEnd>,
    clock: Arc<FakeClock>,
}

#[async_trait]
impl Refresher for Asking {
    async fn prepare(&self) -> Result<(), String> {
        let mut inside = self.back_end.inside();
        let fails = inside.unprepared > 0;
        inside.unprepared = inside.unprepared.saturating_sub(1);
        if fails { Err("no metadata".to_owned()) } else { Ok(()) }
    }

    async fn refresh(&self, tokens: &ForeignTokens, key: &str) -> Result<ForeignTokens, RefreshFault> {
        // Long enough for everybody else to come and wait.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut inside = self.back_end.inside();
        let deed = inside.deeds.pop_front().unwrap_or(Deed::Answer);
        if deed == Deed::Away {
            return Err(RefreshFault::NotSent("nobody there".to_owned()));
        }
        let token = tokens.refresh_token.as_ref().expect("there is one").expose().to_owned();
        inside.arrived.push((key.to_owned(), token.clone()));
        match deed {
            Deed::Fail => return Err(RefreshFault::Failed("503".to_owned())),
            Deed::Refuse => return Err(RefreshFault::Refused("401".to_owned())),
            Deed::Answer | Deed::Lose | Deed::Away => {}
        }
        if inside.answered.as_deref() != Some(key) {
            if token != format!("r{}", inside.generation) {
                inside.reuses += 1;
                return Err(RefreshFault::Refused("reused".to_owned()));
            }
            inside.generation += 1;
            inside.answered = Some(key.to_owned());
        }
        if deed == Deed::Lose {
            return Err(RefreshFault::Unanswered("the connection broke".to_owned()));
        }
        Ok(tokens_of(inside.generation, self.clock.now()))
    }
}

fn tokens_of(generation: u64, now: Timestamp) -> ForeignTokens {
    ForeignTokens {
        access_token: Secret::from(format!("a{generation}")),
        refresh_token: Some(Secret::from(format!("r{generation}"))),
        expires: Some(now.plus(LIFE)),
    }
}

struct Tokio;

impl Background for Tokio {
    fn spawn(&self, work: Boxed<()>) {
        tokio::spawn(work);
    }

    fn sleep(&self, span: Duration) -> Boxed<()> {
        Box::pin(tokio::time::sleep(span))
    }
}

/// A store, a back end, and two processes.
pub(crate) struct World {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) back_end: Arc<BackEnd>,
    pub(crate) processes: [Keeper; 2],
    pub(crate) entry: EntryId,
    pub(crate) session: SessionId,
}

impl World {
    /// Somebody has signed in.
    pub(crate) async fn new(grace: Option<Duration>) -> Self {
        let store = Arc::new(FaultyStore::new(MemoryStore::default()));
        let clock = Arc::new(FakeClock::default());
        let back_end = Arc::new(BackEnd::default());
        let vault = Arc::new(Vault::new(&[Secret::from("keyward-test-secret-0123456789abcdef")]));
        let process = |seed| {
            let refresher = Asking { back_end: Arc::clone(&back_end), clock: Arc::clone(&clock) };
            let source = TokenSource {
                refresher: Some(Arc::new(refresher)),
                before: Duration::from_secs(30),
                grace,
                timeout: TIMEOUT,
                error: "AuthError".to_owned(),
            };
            let foreign = Foreign {
                sources: [("login".to_owned(), source)].into_iter().collect(),
                background: Some(Arc::new(Tokio)),
            };
            let random = Arc::new(SeededRandom::new(seed));
            Keeper::new(foreign, store.clone(), clock.clone(), random, Arc::clone(&vault)).expect("it keeps")
        };
        let processes = [process(1), process(2)];
        let (entry, session) = (EntryId("e1".to_owned()), SessionId("s1".to_owned()));
        let now = clock.now();
        let random: &dyn Random = &SeededRandom::new(3);
        let sealed = vault.seal_entry(&entry, &tokens_of(0, now), random).expect("sealed");
        let new = NewEntry {
            id: entry.clone(),
            provider: "login".to_owned(),
            sealed,
            due: Some(now.plus(LIFE - Duration::from_secs(30))),
            expires: Some(now.plus(LIFE)),
        };
        let opened = NewSession {
            vault: Some(Vaulted::New(new)),
            ..NewSession::new(session.clone(), now, now.plus(Duration::from_secs(1_000_000)))
        };
        let key = AccountKey { source: "login".to_owned(), id: "7".to_owned() };
        let who = Admission::Account { key, profile: Profile::default(), new_id: UserId("ada".to_owned()) };
        let admitted = store.admit(&who, Some(&opened), now, &[]).await.expect("answers");
        assert!(matches!(admitted, Admitted::As { .. }));
        Self { store, clock, back_end, processes, entry, session }
    }

    /// As late as that it is due, and still valid.
    pub(crate) fn until_due(&self) {
        self.clock.advance(LIFE - Duration::from_secs(20));
    }

    /// As late as that nobody is still at an attempt, and every back-off is over.
    pub(crate) fn until_all_is_over(&self) {
        self.clock.advance(Duration::from_secs(120));
    }

    /// What a process serves now.
    pub(crate) async fn read(&self, process: usize) -> Result<Held, Lost> {
        self.processes[process].fresh(&self.entry).await
    }

    /// As [`World::read`], where the store answers.
    pub(crate) async fn token(&self, process: usize) -> (String, Option<keyward_core::vault::Trouble>) {
        let held = self.read(process).await.expect("the store answers");
        (held.tokens.expect("opened").access_token.expose().to_owned(), held.trouble)
    }
}

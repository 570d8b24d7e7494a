//! Passwords: Argon2id on a bounded pool, and the hashes that were brought along from elsewhere.

mod foreign;
mod imported;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::available_parallelism,
    time::Duration,
};

use argon2_rust::{
    Algorithm, Argon2, Error, Hasher, Params, Version, decode_string,
    params::{Memory, TagLen},
};
use async_trait::async_trait;
use keyward_core::{
    policy::strength::{self, Strength},
    port::{HashError, PasswordHasher, Random, Verdict},
    secret::Secret,
};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

pub use self::imported::{FirebaseProject, HashMistake, ImportedHash};
use self::{foreign::Foreign, imported::argon2_kind};
use crate::breached::BreachedPasswords;

/// How many passwords are hashed at once and how many may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasherSettings {
    /// Hashed at once, each on a thread of its own with 19 MiB of memory. Default: one per core.
    pub workers: usize,
    /// Waiting for a worker; who comes beyond is told to come again. Default: 48 per worker, which is about
    /// 0.7 s at 15 ms each.
    pub queue: usize,
    /// Longest wait for a worker, however slow the machine is today. Default: 1 s.
    pub patience: Duration,
}

/// Argon2id with 19 MiB, two passes and one lane (OWASP's choice; RFC 9106), on a bounded pool (invariant 10).
///
/// The worker memory is kept between hashes, wiped after each, and given back by [`Argon2Hasher::trim`].
///
/// Hashes that were [imported](ImportedHash) are checked on the same pool at the cost that they name, which is bounded,
/// and are told to be outdated.
pub struct Argon2Hasher {
    random: Arc<dyn Random>,
    breached: Arc<BreachedPasswords>,
    patience: Duration,
    /// Those who wait and those who are hashed.
    places: Arc<Semaphore>,
    /// Those who are hashed.
    workers: Arc<Semaphore>,
    idle: Arc<Idle>,
}

impl Argon2Hasher {
    /// A pool. Takes no memory and no thread before the first hash.
    #[must_use]
    pub fn new(settings: HasherSettings, random: Arc<dyn Random>) -> Self {
        let workers = settings.workers.clamp(1, Semaphore::MAX_PERMITS);
        let places = workers.saturating_add(settings.queue).min(Semaphore::MAX_PERMITS);
        Self {
            random,
            breached: Arc::default(),
            patience: settings.patience,
            places: Arc::new(Semaphore::new(places)),
            workers: Arc::new(Semaphore::new(workers)),
            idle: Arc::default(),
        }
    }

    /// Holds new passwords against these lists, in place of the one inside.
    #[must_use]
    pub fn with_breached(mut self, lists: BreachedPasswords) -> Self {
        self.breached = Arc::new(lists);
        self
    }

    /// Gives the workers' memory back if nothing was hashed since the last call.
    pub fn trim(&self) {
        if !self.idle.used.swap(false, Ordering::Relaxed) {
            self.idle.hashers().clear();
        }
    }

    /// Runs `job` on a worker. A caller that stops waiting gives its place to the next.
    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Hasher) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| OVERLOADED)?;
        let worker = timeout(self.patience, Arc::clone(&self.workers).acquire_owned())
            .await
            .map_err(|_| OVERLOADED)?
            .expect("the semaphore is never closed");
        let idle = Arc::clone(&self.idle);
        spawn_blocking(move || {
            // Held until the hash is done, also where nobody waits for it any more.
            let (_place, _worker) = (place, worker);
            let mut hasher = idle.take();
            let outcome = job(&mut hasher);
            idle.put(hasher);
            outcome
        })
        .await
        .map_err(|_| HashError::Failed)?
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Secret) -> Result<String, HashError> {
        let password = password.clone();
        let mut salt = [0; SALT];
        self.random.fill(&mut salt);
        self.run(move |hasher| {
            hasher.hash_encoded(password.expose().as_bytes(), &salt).map_err(|_| HashError::Failed)
        })
        .await
    }

    async fn verify(&self, password: &Secret, against: Option<&str>) -> Result<Verdict, HashError> {
        let password = password.clone();
        let against = against.map(str::to_owned);
        self.run(move |hasher| {
            let password = password.expose();
            match against {
                Some(stored) => check(hasher, password, &stored),
                None => {
                    let mut tag = [0; TAG];
                    hasher
                        .hash_into(password.as_bytes(), &[0; SALT], &mut tag)
                        .map_err(|_| HashError::Failed)?;
                    // The tag is used, so that the work can't be left out.
                    std::hint::black_box(tag);
                    Ok(Verdict::NoMatch)
                }
            }
        })
        .await
    }

    async fn score(&self, password: &Secret, about: &[&str]) -> Result<Strength, HashError> {
        let password = password.clone();
        let about: Vec<String> = about.iter().map(|text| (*text).to_owned()).collect();
        self.run(move |_| {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            Ok(strength::score(password.expose(), &about))
        })
        .await
    }

    async fn is_breached(&self, password: &Secret) -> Result<bool, HashError> {
        let (lists, password) = (Arc::clone(&self.breached), password.clone());
        self.run(move |_| {
            lists.contains(&password).map_err(|fault| {
                tracing::error!(%fault, "a list of breached passwords cannot be read");
                HashError::Failed
            })
        })
        .await
    }
}

impl Default for HasherSettings {
    fn default() -> Self {
        let workers = available_parallelism().map_or(1, usize::from);
        Self { workers, queue: workers.saturating_mul(48), patience: Duration::from_secs(1) }
    }
}

/// What a hash is made with: 19 MiB, two passes, one lane, a tag of 32 bytes.
const CURRENT: Params = Params::OWASP;
/// Length of a salt in bytes (RFC 9106 §4 recommends 16).
const SALT: usize = 16;
/// Length of a tag in bytes.
const TAG: usize = 32;

/// What a stored hash may demand at most; beyond it, it is not ours and nobody sane's.
const CEILING: Params = Params::builder()
    .memory(Memory::mib(256))
    .passes(16)
    .lanes(16)
    .threads(1)
    .tag_len(TagLen::bytes(64))
    .build_or_panic();

const OVERLOADED: HashError = HashError::Overloaded { retry_after: Duration::from_secs(1) };

/// The workers that have nothing to do.
#[derive(Default)]
struct Idle {
    hashers: Mutex<Vec<Hasher>>,
    used: AtomicBool,
}

impl Idle {
    fn hashers(&self) -> std::sync::MutexGuard<'_, Vec<Hasher>> {
        // A list of buffers is whole at every moment.
        self.hashers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Hasher {
        self.used.store(true, Ordering::Relaxed);
        let kept = self.hashers().pop();
        kept.unwrap_or_else(|| Argon2::new(Algorithm::Argon2id, Version::V0x13, CURRENT).hasher())
    }

    fn put(&self, hasher: Hasher) {
        self.hashers().push(hasher);
    }
}

fn check(hasher: &mut Hasher, password: &str, stored: &str) -> Result<Verdict, HashError> {
    let Some(kind) = argon2_kind(stored) else {
        return Foreign::parse(stored)
            .and_then(|foreign| foreign.verify(password))
            .map_err(|_| HashError::Failed);
    };
    match hasher.verify_encoded_bounded(stored, password.as_bytes(), kind, &CEILING) {
        Ok(()) if is_current(stored) => Ok(Verdict::Match),
        Ok(()) => Ok(Verdict::MatchOutdated),
        Err(Error::VerifyMismatch) => Ok(Verdict::NoMatch),
        Err(_) => Err(HashError::Failed),
    }
}

fn is_current(stored: &str) -> bool {
    decode_string(stored, Algorithm::Argon2id).is_ok_and(|stored| {
        stored.version == Version::V0x13 && stored.params == CURRENT && stored.salt.len() >= SALT
    })
}

#[cfg(test)]
mod tests;

//! A store that fails when told to.

mod admin;
mod adoption;
mod audit;
mod directory;
mod factors;
mod grants;
mod import;
mod keys;
mod ledger;
mod operation;
mod outbox;
mod recovery;
mod sessions;
mod vault;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use keyward_core::port::StoreError;

pub use self::operation::Operation;

/// When an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The store is not asked.
    Before,
    /// The store has done it, and the caller does not hear of it.
    After,
}

/// Passes everything on to `S`, except where it was told to fail: before, when `S` is not asked, or after, when `S` has
/// done it and the caller does not hear of it.
///
/// It also notes what it was asked, so that a test can hold "at most one round trip" (invariant 11) and fail each call
/// of a flow in turn.
#[derive(Debug, Default)]
pub struct FaultyStore<S: ?Sized> {
    plan: Mutex<Plan>,
    inner: Arc<S>,
}

#[derive(Debug, Default)]
struct Plan {
    always: HashSet<Operation>,
    next: HashMap<Operation, usize>,
    after: HashMap<Operation, usize>,
    /// The call that fails, counted among all that were ever made.
    call: Option<(usize, Fault)>,
    asked: Vec<Operation>,
    changed: usize,
    between: Option<Between>,
}

/// What happens right before an operation.
struct Between(Operation, Pin<Box<dyn Future<Output = ()> + Send>>);

impl fmt::Debug for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Between").field(&self.0).finish_non_exhaustive()
    }
}

impl<S> FaultyStore<S> {
    /// A store that works, until it is told otherwise.
    pub fn new(inner: S) -> Self {
        Self::over(Arc::new(inner))
    }
}

impl<S: ?Sized> FaultyStore<S> {
    /// As [`Self::new`], over a store of any kind: `FaultyStore<dyn Store>`.
    pub fn over(inner: Arc<S>) -> Self {
        Self { inner, plan: Mutex::default() }
    }

    /// The store behind, which never fails.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// Fails one call, whatever it asks: 0 is the next, 1 the one after that.
    pub fn fail_call(&self, ahead: usize, fault: Fault) {
        let mut plan = self.plan();
        plan.call = Some((plan.asked.len() + ahead, fault));
    }

    /// Fails the next call of `operation`; told twice, the next two.
    pub fn fail_next(&self, operation: Operation) {
        *self.plan().next.entry(operation).or_default() += 1;
    }

    /// Lets the next call of `operation` take effect, and then fails it; told twice, the next two.
    pub fn fail_after(&self, operation: Operation) {
        *self.plan().after.entry(operation).or_default() += 1;
    }

    /// Fails every call of these operations until [`Self::heal`].
    pub fn fail_all(&self, operations: impl IntoIterator<Item = Operation>) {
        self.plan().always.extend(operations);
    }

    /// Answers the next admissions with [`Admitted::Changed`](keyward_core::port::Admitted::Changed), this many of them.
    pub fn change_next(&self, admissions: usize) {
        self.plan().changed = admissions;
    }

    /// Lets `what` happen, to its end, right before the next call of `operation`: another person's request, say, in between
    /// two steps of this one's. It may ask this store.
    pub fn meanwhile(&self, operation: Operation, what: impl Future<Output = ()> + Send + 'static) {
        self.plan().between = Some(Between(operation, Box::pin(what)));
    }

    /// Everything works again.
    pub fn heal(&self) {
        let mut plan = self.plan();
        plan.always.clear();
        plan.next.clear();
        plan.after.clear();
        plan.call = None;
        plan.changed = 0;
    }

    /// How often `operation` was called, failed calls included.
    pub fn calls(&self, operation: Operation) -> usize {
        self.plan().asked.iter().filter(|asked| **asked == operation).count()
    }

    /// How often anything was called, failed calls included.
    pub fn all_calls(&self) -> usize {
        self.plan().asked.len()
    }

    /// What was asked, in its order, failed calls included.
    pub fn asked(&self) -> Vec<Operation> {
        self.plan().asked.clone()
    }

    /// What was asked that [may change](Operation::writes) what the store holds, in its order, failed calls included.
    pub fn writes(&self) -> Vec<Operation> {
        self.plan().asked.iter().copied().filter(|asked| asked.writes()).collect()
    }

    fn pass(&self, operation: Operation) -> Result<&S, StoreError> {
        let between = self.plan().between.take_if(|between| between.0 == operation);
        if let Some(Between(_, what)) = between {
            happen(what);
        }
        let mut plan = self.plan();
        match plan.call {
            Some((call, Fault::Before)) if call == plan.asked.len() => {
                *plan.next.entry(operation).or_default() += 1;
            }
            Some((call, Fault::After)) if call == plan.asked.len() => {
                *plan.after.entry(operation).or_default() += 1;
            }
            _ => {}
        }
        plan.asked.push(operation);
        if take_one(&mut plan.next, operation) || plan.always.contains(&operation) {
            return Err(StoreError(format!("{operation:?} was told to fail")));
        }
        Ok(&self.inner)
    }

    /// What is answered once the operation has taken effect.
    fn done<T>(&self, operation: Operation, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if take_one(&mut self.plan().after, operation) {
            return answer.and(Err(StoreError(format!("{operation:?} was told to fail afterwards"))));
        }
        answer
    }

    fn is_changed(&self) -> bool {
        let mut plan = self.plan();
        let changed = plan.changed > 0;
        plan.changed = plan.changed.saturating_sub(1);
        changed
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// On a thread with a runtime of its own: who asks the store is in one already.
fn happen(what: Pin<Box<dyn Future<Output = ()> + Send>>) {
    let happens = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(what);
    });
    happens.join().expect("what happens meanwhile does not panic");
}

/// Takes one from what is left of `operation`; false if nothing was.
fn take_one(left: &mut HashMap<Operation, usize>, operation: Operation) -> bool {
    left.get_mut(&operation).filter(|left| **left > 0).map(|left| *left -= 1).is_some()
}

#[cfg(test)]
mod tests {
    use keyward_core::{
        port::{Ending, Ledger, SessionId, Sessions, Store},
        time::Timestamp,
    };

    use super::*;
    use crate::MemoryStore;

    crate::store_contract!((Arc::new(FaultyStore::new(MemoryStore::default())), ()));

    #[tokio::test]
    async fn what_fails_afterwards_has_taken_effect() {
        let store = FaultyStore::new(MemoryStore::default());
        let ending = Ending::Id(SessionId("s1".to_owned()));
        store.fail_after(Operation::EndSession);
        assert!(store.end_session(&ending, Timestamp::from_secs(9), &[]).await.is_err());
        assert_eq!(store.changes_since(0).await.expect("answers").len(), 1);
        assert!(store.end_session(&ending, Timestamp::from_secs(9), &[]).await.is_ok());
    }

    #[tokio::test]
    async fn it_fails_as_often_as_it_was_told_and_counts() {
        let store = FaultyStore::new(MemoryStore::default());
        store.fail_next(Operation::Ready);
        assert!(store.ready().await.is_err());
        assert!(store.ready().await.is_ok());
        store.fail_all(Operation::ALL);
        assert!(store.ready().await.is_err());
        assert!(store.sweep(Timestamp::from_secs(0)).await.is_err());
        store.heal();
        assert!(store.ready().await.is_ok());
        assert_eq!((store.calls(Operation::Ready), store.all_calls()), (4, 5));
    }

    #[tokio::test]
    async fn what_happens_meanwhile_happens_once_and_before_the_call() {
        let store = Arc::new(FaultyStore::new(MemoryStore::default()));
        let ending = Ending::Id(SessionId("s1".to_owned()));
        let (other, before) = (Arc::clone(&store), ending.clone());
        store.meanwhile(Operation::ChangesSince, async move {
            other.end_session(&before, Timestamp::from_secs(9), &[]).await.expect("answers");
        });
        store.ready().await.expect("answers");
        assert_eq!(store.asked(), [Operation::Ready]);
        for _ in 0..2 {
            assert_eq!(store.changes_since(0).await.expect("answers").len(), 1);
        }
        assert_eq!(store.calls(Operation::EndSession), 1);
    }

    #[tokio::test]
    async fn one_call_fails_wherever_it_comes_and_no_other() {
        let store = FaultyStore::new(MemoryStore::default());
        let store: FaultyStore<dyn Store> = FaultyStore::over(store.inner);
        let ending = Ending::Id(SessionId("s1".to_owned()));
        for (fault, happened) in [(Fault::Before, 0), (Fault::After, 1)] {
            store.fail_call(1, fault);
            assert!(store.ready().await.is_ok());
            assert!(store.end_session(&ending, Timestamp::from_secs(9), &[]).await.is_err());
            assert!(store.ready().await.is_ok());
            assert_eq!(store.inner().changes_since(0).await.expect("answers").len(), happened);
        }
        let asked = [Operation::Ready, Operation::EndSession, Operation::Ready];
        assert_eq!(store.asked(), [asked, asked].concat());
    }
}

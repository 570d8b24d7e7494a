//! The connections that are read from.

use std::{
    sync::{
        Mutex, PoisonError, TryLockError,
        atomic::{AtomicUsize, Ordering},
    },
    thread_local,
};

use rusqlite::Connection;

/// A few connections, each used by one task at a time, for as long as one statement takes.
#[derive(Debug)]
pub(crate) struct Readers {
    connections: Vec<Mutex<Connection>>,
}

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Where this thread begins to look. A connection forgets its pages whenever something was written: threads that went
    /// from one to the next would read them anew on every one of them.
    static FIRST: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

impl Readers {
    /// At least one connection.
    pub(crate) fn new(connections: Vec<Connection>) -> Self {
        Self { connections: connections.into_iter().map(Mutex::new).collect() }
    }

    /// Reads on a free connection, or waits for one. Sees all that was committed before.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Connection) -> T) -> T {
        let count = self.connections.len();
        let first = FIRST.with(|first| *first);
        for at in 0..count {
            match self.connections[first.wrapping_add(at) % count].try_lock() {
                Ok(connection) => return read(&connection),
                // A reader that panicked leaves nothing half-done behind.
                Err(TryLockError::Poisoned(connection)) => return read(&connection.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let connection = &self.connections[first % count];
        read(&connection.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

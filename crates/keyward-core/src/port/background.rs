//! Work that goes on while nobody waits for it, and time that passes.

use std::{future::Future, pin::Pin, time::Duration};

/// A future in a box that may go to another thread.
pub type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Runs what has to be brought to its end, whoever hangs up meanwhile.
pub trait Background: Send + Sync {
    /// Runs `work` to its end.
    fn spawn(&self, work: Boxed<()>);

    /// Waits.
    fn sleep(&self, span: Duration) -> Boxed<()>;
}

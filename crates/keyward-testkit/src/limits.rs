//! Limits that never bite.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use keyward_core::port::{Limit, Limiter};

/// Everybody may do everything as often as they like.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLimits;

impl Limiter for NoLimits {
    fn take(&self, _limit: Limit, _key: &str) -> Result<(), Duration> {
        Ok(())
    }
}

/// As [`NoLimits`], and writes down what was drawn on.
#[derive(Debug, Default)]
pub struct NotedLimits(Mutex<Vec<(Limit, String)>>);

impl NotedLimits {
    /// The allowances that were drawn on since the last call, in order.
    pub fn taken(&self) -> Vec<(Limit, String)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Limiter for NotedLimits {
    fn take(&self, limit: Limit, key: &str) -> Result<(), Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((limit, key.to_owned()));
        Ok(())
    }
}

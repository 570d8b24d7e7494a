//! Limits that never bite.

use std::time::Duration;

use keyward_core::port::{Limit, Limiter};

/// Everybody may do everything as often as they like.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLimits;

impl Limiter for NoLimits {
    fn take(&self, _limit: Limit, _key: &str) -> Result<(), Duration> {
        Ok(())
    }
}

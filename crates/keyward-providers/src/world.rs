//! What a sign-in needs of the world.

use keyward_core::port::{Clock, Random};

use crate::{cache::Cache, http::ProviderHttp};

/// What a sign-in needs of the world.
#[derive(Clone, Copy)]
pub struct World<'w> {
    /// Outgoing requests.
    pub http: &'w dyn ProviderHttp,
    /// Time.
    pub clock: &'w dyn Clock,
    /// Randomness.
    pub random: &'w dyn Random,
    /// Documents of the providers.
    pub cache: &'w Cache,
}

//! Tokens for programs: access tokens that any service checks by itself, refresh tokens that are good once, and the
//! applications that may ask for them with a credential of their own.

pub mod access;
mod client;
pub mod keys;
pub mod refresh;
mod settings;
pub mod terms;

use std::time::Duration;

pub use self::{
    client::{Client, caller, caller_if_any},
    settings::{Audience, TokenSettings},
};
pub use keyward_jose::jws::Algorithm;

/// How far the clocks of two machines may be apart.
pub(crate) const CLOCKS: Duration = Duration::from_secs(60);

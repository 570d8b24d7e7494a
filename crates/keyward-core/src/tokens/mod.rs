//! Tokens for programs: which applications may ask for them, and how these prove who they are.

mod client;

pub use self::client::{Client, caller};

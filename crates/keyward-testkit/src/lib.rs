//! What tests stand on: a clock that stands still, repeatable randomness, a store in memory, a store that fails
//! on demand, a hasher that counts, scripted HTTP, the contract suite
//! that every store passes, and a driver for whole flows.
//!
//! A development dependency only: nothing in here is secure or durable.

mod authenticator;
pub mod contract;
pub mod driver;
pub mod faults;
mod faulty;
mod hasher;
mod http;
mod limits;
mod memory;
mod outbox;
mod world;

pub use authenticator::{Said, SoftKey, SoftPasskey, UP_UV};
pub use faulty::{Fault, FaultyStore, Operation};
pub use hasher::CountingHasher;
pub use http::ScriptedHttp;
pub use limits::{NoLimits, NotedLimits};
pub use memory::MemoryStore;
pub use outbox::Outbox;
pub use world::{FakeClock, SeededRandom};

//! wip
pub mod clock; pub mod hasher; pub mod limits; pub mod random;
pub use limits::{Rate, InvalidRate};

//! Rules with many cases, as pure functions tested as tables.

pub mod abuse;
pub mod assurance;
pub mod breached;
pub mod email;
pub mod linking;
pub mod recent;
pub mod redirect;
pub mod refresh;
pub mod strength;
pub mod ways;

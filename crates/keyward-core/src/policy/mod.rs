//! Rules with many cases, as pure functions tested as tables.

pub mod assurance;
pub mod abuse;
pub mod breached;
pub mod email;
pub mod linking;
pub mod recent;
pub mod redirect;
pub mod strength;
pub mod ways;

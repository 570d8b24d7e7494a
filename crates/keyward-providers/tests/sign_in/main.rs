//! Whole sign-ins through imagined providers.

mod attacks;
#[path = "../hostile/mod.rs"]
mod hostile;
mod kinds;
mod support;

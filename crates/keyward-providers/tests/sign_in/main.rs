//! Whole sign-ins through imagined providers.

mod hostile;
mod kinds;
mod support;

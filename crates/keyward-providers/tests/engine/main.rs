//! Signing in through providers from end to end: the real engine, imagined providers, browsers that keep cookies.

mod accounts;
mod events;
mod failures;
mod linking;
mod sign_in;
mod sign_out;
mod support;
mod upstream;

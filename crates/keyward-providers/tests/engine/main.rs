//! Signing in through providers from end to end: the real engine, imagined providers, browsers that keep cookies.

mod accounts;
mod events;
mod exchange;
mod failures;
mod forged_starts;
mod github;
#[path = "../hostile/mod.rs"]
mod hostile;
mod hostile_provider;
mod linking;
mod recent;
mod second_way;
mod sign_in;
mod sign_out;
mod support;
mod upstream;

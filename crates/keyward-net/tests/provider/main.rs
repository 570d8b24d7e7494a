//! Providers on this machine, through the client with its guard.

mod client;
mod engine;
mod refresh;
mod server;

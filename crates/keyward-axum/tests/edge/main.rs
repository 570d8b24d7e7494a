//! The edge from outside: the real engine over a store in memory, by calls and by sockets.

mod application;
mod bad_input;
mod cors;
mod events;
mod provider;
mod recent;
mod routes;
mod sockets;
mod support;

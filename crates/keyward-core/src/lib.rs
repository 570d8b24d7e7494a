//! Users, accounts, sessions, tickets, sign-in flows, policy and the NextAuth dialects.
//!
//! A request that the edge has decoded comes in as a [`request::Request`]; [`engine::Engine::answer`] turns it
//! into an [`action::Action`], one [`flow`] carries that out against the [`port`]s, and the
//! [`surface`] words the outcome as the [`reply::Reply`] that the client's generation of NextAuth expects.
//!
//! What is absent on purpose: no framework, no database driver, no clock, no randomness, no environment, no
//! network. All of these come in through [`port`].

pub mod action;
pub mod address;
pub mod audit;
pub mod changes;
pub mod claims;
pub mod csrf;
pub mod deployment;
pub mod dialect;
pub mod engine;
pub mod error;
pub mod event;
pub mod exchange;
pub mod flow;
mod json;
pub mod mail;
pub mod method;
pub mod overlay;
pub mod people;
pub mod policy;
pub mod port;
pub mod recovery;
pub mod reply;
pub mod request;
pub mod rules;
pub mod sealer;
pub mod secret;
pub mod session;
pub mod settings;
pub mod surface;
mod text;
pub mod ticket;
pub mod time;
pub mod tokens;
pub mod user;
pub mod vault;

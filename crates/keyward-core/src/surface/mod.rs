//! NextAuth's HTTP surface: reading requests and wording outcomes, in the dialect of the deployment's clients.

mod account;
mod admin;
pub mod call;
pub mod decode;
mod factor;
pub(crate) mod link;
mod not_linked;
mod openapi;
mod program;
mod recovery;
pub mod render;
mod sessions;
mod words;

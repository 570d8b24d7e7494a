//! NextAuth's HTTP surface: reading requests and wording outcomes, in the dialect of the deployment's clients.

pub mod decode;
pub(crate) mod link;
pub mod render;
mod words;

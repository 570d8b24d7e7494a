//! The parts of the benchmark.

pub(crate) mod better;
pub(crate) mod crowd;
pub(crate) mod foreign;
pub(crate) mod import;
pub(crate) mod link;
pub(crate) mod oauth;
pub(crate) mod overload;
pub(crate) mod password;
pub(crate) mod refresh;
pub(crate) mod session;
pub(crate) mod start;
pub(crate) mod token;

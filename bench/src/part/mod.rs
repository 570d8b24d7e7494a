//! The parts of the benchmark.

pub(crate) mod import;
pub(crate) mod link;
pub(crate) mod oauth;
pub(crate) mod overload;
pub(crate) mod password;
pub(crate) mod session;
pub(crate) mod start;

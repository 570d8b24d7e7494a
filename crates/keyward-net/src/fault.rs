//! What the log is told of a failed exchange.

use std::error::Error;

use keyward_core::port::HttpFault;
use url::Url;

/// Longest text of a cause. A certificate's complaint may list many names.
const CAUSE: usize = 200;

/// Where to and why not: host, port and the innermost cause. No path, query, header or body.
pub(crate) fn unreachable(url: &Url, error: reqwest::Error) -> HttpFault {
    let what = if error.is_connect() { "no connection to" } else { "the exchange broke off with" };
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    // reqwest's own text names the whole address; the causes below it do not.
    let error = error.without_url();
    let mut cause: &dyn Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let cause: String = cause.to_string().chars().take(CAUSE).collect();
    HttpFault::Unreachable(format!("{what} {host}:{port}: {cause}"))
}

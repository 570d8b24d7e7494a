//! What the log is told of a failed exchange.

use std::error::Error;

use keyward_core::port::HttpFault;
use url::Url;

/// Longest text of a cause, and of a host. A certificate's complaint may list many names.
const LONGEST: usize = 200;

/// Where to and why not: host, port and the innermost cause. No path, query, header or body.
///
/// A request that was `alone` on its connection was not sent where there was no connection. On one that others had used
/// before, nobody can say.
pub(crate) fn unreachable(url: &Url, error: reqwest::Error, alone: bool) -> HttpFault {
    let was_sent = !error.is_connect();
    let what = if was_sent { "the exchange broke off with" } else { "no connection to" };
    let place = place(url);
    // reqwest's own text names the whole address; the causes below it do not.
    let error = error.without_url();
    let why = format!("{what} {place}: {}", innermost(&error));
    if was_sent { HttpFault::Unreachable(why) } else { no_connection(why, alone) }
}

/// Nobody was connected to for it.
pub(crate) fn no_connection(why: String, alone: bool) -> HttpFault {
    if alone { HttpFault::NotSent(why) } else { HttpFault::Unreachable(why) }
}

/// Host and port.
pub(crate) fn place(url: &Url) -> String {
    let host: String = url.host_str().unwrap_or_default().chars().take(LONGEST).collect();
    format!("{host}:{}", url.port_or_known_default().unwrap_or_default())
}

/// The cause below all others.
pub(crate) fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string().chars().take(LONGEST).collect()
}

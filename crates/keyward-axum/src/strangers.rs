//! Peers that nobody listed and that send forwarded headers: told to the operator, who may have forgotten their proxy.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// Headers by which a proxy says for whom it asks. From these peers none of them counts (lesson 12).
static FORWARDED: [HeaderName; 3] = [
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
];

/// Peers that are told of. Anybody can send such a header, and shall not fill the log with it.
const MOST: usize = 8;

/// Those that were told of.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<Vec<IpAddr>>);

impl Strangers {
    /// Tells once of each such peer, as long as there are few.
    pub(crate) fn notice(&self, trusted: &[IpNet], in_development: bool, peer: IpAddr, headers: &HeaderMap) {
        if let Some(header) = forwarded(trusted, in_development, peer, headers)
            && self.is_new(peer)
        {
            tracing::warn!(
                %peer,
                header,
                "a peer that is not in trusted_proxies sends forwarded headers, and they are not read: for the limits \
                 everybody behind it is one client. If it is your proxy and sets X-Forwarded-For itself, list it: \
                 trusted_proxies = [\"{peer}\"]. Scheme and host are those of public_url"
            );
        }
    }

    fn is_new(&self, peer: IpAddr) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = told.len() < MOST && !told.contains(&peer);
        if is_new {
            told.push(peer);
        }
        is_new
    }
}

/// The header that a peer sends though it is not listed. In development those of this machine are read, and a peer that
/// nobody knows is told of elsewhere.
fn forwarded(
    trusted: &[IpNet],
    in_development: bool,
    peer: IpAddr,
    headers: &HeaderMap,
) -> Option<&'static str> {
    let is_listed = || trusted.iter().any(|net| net.contains(&peer));
    let is_at_home = in_development && peer.is_loopback();
    let header = FORWARDED.iter().find(|name| headers.contains_key(*name))?;
    (!is_at_home && !peer.is_unspecified() && !is_listed()).then(|| header.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lesson_12_a_forgotten_proxy_is_told_of_and_nobody_else() {
        let sent = |trusted: &[IpNet], in_development, peer: &str, name: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.extend(
                name.map(|name| (HeaderName::from_static(name), http::HeaderValue::from_static("x"))),
            );
            forwarded(trusted, in_development, peer.parse().expect("an address"), &headers)
        };
        let listed = ["10.0.0.0/8".parse().expect("a network")];
        for name in ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"] {
            assert_eq!(sent(&listed, false, "192.0.2.1", Some(name)), Some(name));
            assert_eq!(sent(&listed, false, "127.0.0.1", Some(name)), Some(name));
            assert_eq!(sent(&listed, false, "10.0.0.1", Some(name)), None, "listed");
            assert_eq!(sent(&listed, false, "0.0.0.0", Some(name)), None, "unknown");
        }
        assert_eq!(sent(&listed, false, "192.0.2.1", None), None);
        assert_eq!(sent(&listed, false, "192.0.2.1", Some("forwarded-for")), None);
        assert_eq!(sent(&[], true, "127.0.0.1", Some("x-forwarded-host")), None);
        assert_eq!(sent(&[], true, "192.0.2.1", Some("x-forwarded-host")), Some("x-forwarded-host"));
    }

    #[test]
    fn each_is_told_of_once_and_not_too_many() {
        let strangers = Strangers::default();
        let peer = |last: u8| IpAddr::from([192, 0, 2, last]);
        assert!(strangers.is_new(peer(0)) && !strangers.is_new(peer(0)));
        let told = (0..=255).filter(|last| strangers.is_new(peer(*last))).count();
        assert_eq!(told, MOST - 1);
    }
}

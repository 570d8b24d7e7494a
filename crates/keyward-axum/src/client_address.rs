//! Who is calling, and by which address they reach us: the one place that reads forwarded headers.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Once,
};

use axum::extract::{ConnectInfo, connect_info::MockConnectInfo};
use http::{Extensions, HeaderMap, header};
use ipnet::IpNet;
use keyward_core::address::PublicUrl;
use url::{Host, Url};

use crate::edge::Edge;

/// The address at the other end of the connection, as the server says it.
pub(crate) fn peer(extensions: &Extensions) -> IpAddr {
    let connected = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let mocked = || extensions.get::<MockConnectInfo<SocketAddr>>().map(|info| info.0);
    connected.or_else(mocked).map_or_else(unknown_peer, |address| address.ip())
}

/// The client behind the listed proxies: the rightmost hop of `X-Forwarded-For` that is not one of them.
///
/// From any other peer the header is not read, and with one hop in it that is no address none of it counts:
/// then the peer is the client (lessons 12, 15, 16).
pub(crate) fn client(trusted: &[IpNet], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let Some(hops) = forwarded_for(headers) else { return peer };
    let outside = hops.iter().rev().find(|hop| !is_trusted(hop));
    // All hops are ours: the request began at the first of them.
    outside.or(hops.first()).copied().unwrap_or(peer)
}

/// Where people reach Keyward: as configured, or in development what a request from this machine names.
pub(crate) fn public_url<'e>(edge: &'e Edge, peer: IpAddr, headers: &HeaderMap) -> Cow<'e, PublicUrl> {
    let configured = edge.public();
    if !edge.settings.development_origin || !peer.is_loopback() {
        return Cow::Borrowed(configured);
    }
    development_url(headers, configured.base_path()).map_or(Cow::Borrowed(configured), Cow::Owned)
}

/// Whether a request comes from this machine by nobody else's hands. A tunnel and a development server for the whole
/// network connect from here too, but say for whom; and a page elsewhere can turn its own name to this machine, but
/// not call it by another. Headers take away here, and give nothing (lesson 13).
pub(crate) fn is_from_this_machine(edge: &Edge, client: IpAddr, headers: &HeaderMap) -> bool {
    let hops = forwarded_for(headers);
    let hosts = ["x-forwarded-host", header::HOST.as_str()];
    let mut names = hosts.iter().flat_map(|name| headers.get_all(*name)).flat_map(|value| {
        // What is no text is no host of ours either.
        value.to_str().unwrap_or("?").split(',').map(str::trim)
    });
    client.to_canonical().is_loopback()
        && hops.is_some_and(|hops| hops.iter().all(IpAddr::is_loopback))
        && names.all(|host| host == edge.public().host() || is_this_machine(host))
}

/// True for a host, with or without a port, that only ever means the machine that says it.
fn is_this_machine(host: &str) -> bool {
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let url = Url::parse(&format!("http://{host}/")).ok().filter(|_| host.chars().all(is_host));
    match url.as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn development_url(headers: &HeaderMap, base: &str) -> Option<PublicUrl> {
    let first = |name: &str| Some(headers.get(name)?.to_str().ok()?.split(',').next()?.trim());
    let host = first("x-forwarded-host").or_else(|| first(header::HOST.as_str()))?;
    let scheme = first("x-forwarded-proto").filter(|proto| *proto == "https").unwrap_or("http");
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    if host.is_empty() || !host.chars().all(is_host) {
        return None;
    }
    PublicUrl::new(&format!("{scheme}://{host}"), base).ok()
}

/// All hops, oldest first. `None` if the header is missing or a hop is not an address.
fn forwarded_for(headers: &HeaderMap) -> Option<Vec<IpAddr>> {
    let mut hops = Vec::new();
    for line in headers.get_all("x-forwarded-for") {
        for hop in line.to_str().ok()?.split(',') {
            hops.push(address(hop.trim())?);
        }
    }
    Some(hops)
}

/// An address as proxies write it: alone, with a port, or an IPv6 in brackets.
fn address(hop: &str) -> Option<IpAddr> {
    let alone = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    hop.parse::<IpAddr>().ok().or_else(alone).or_else(with_port).map(|address| address.to_canonical())
}

fn unknown_peer() -> IpAddr {
    static WARNING: Once = Once::new();
    WARNING.call_once(|| {
        tracing::warn!(
            "the server does not say who connects, so all clients share one rate limit: \
             serve the router with `into_make_service_with_connect_info::<SocketAddr>()`"
        );
    });
    IpAddr::V4(Ipv4Addr::UNSPECIFIED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().expect("a network")).collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().expect("a header"));
        }
        client(&trusted, peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn lesson_12_forwarded_headers_count_only_from_listed_peers() {
        assert_eq!(seen(&[], "10.0.0.1", &["1.2.3.4"]), "10.0.0.1");
        assert_eq!(seen(&["10.0.0.0/8"], "11.0.0.1", &["1.2.3.4"]), "11.0.0.1");
        assert_eq!(seen(&["10.0.0.0/8"], "10.0.0.1", &["1.2.3.4"]), "1.2.3.4");
    }

    #[test]
    fn lesson_15_the_client_is_the_rightmost_hop_that_is_not_ours() {
        let ours = ["10.0.0.0/8", "2001:db8::/32"];
        assert_eq!(seen(&ours, "10.0.0.1", &["9.9.9.9, 1.2.3.4, 10.0.0.7"]), "1.2.3.4");
        assert_eq!(seen(&ours, "10.0.0.1", &["9.9.9.9", "1.2.3.4"]), "1.2.3.4", "lines are one list");
        assert_eq!(seen(&ours, "2001:db8::1", &["[2001:470::1]:4711"]), "2001:470::1");
        assert_eq!(seen(&ours, "10.0.0.1", &["[2001:470::1]", "1.2.3.4:80"]), "1.2.3.4");
        assert_eq!(seen(&ours, "10.0.0.1", &["::ffff:1.2.3.4"]), "1.2.3.4");
        assert_eq!(seen(&ours, "10.0.0.1", &["10.0.0.5, 10.0.0.6"]), "10.0.0.5", "a request from inside");
        assert_eq!(seen(&ours, "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn lesson_16_a_list_with_a_hop_that_is_no_address_does_not_count_at_all() {
        for bad in ["", "unknown", "1.2.3.4, x", "x, 1.2.3.4", "1.2.3.4,", "1.2.3.4.5", "\"1.2.3.4\"", "é"] {
            assert_eq!(seen(&["10.0.0.0/8"], "10.0.0.1", &[bad]), "10.0.0.1", "{bad}");
        }
    }

    #[test]
    fn a_development_address_is_a_scheme_and_a_host_or_none() {
        let of = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, value.parse().expect("a header"));
            }
            development_url(&headers, "/api/auth").map(|url| url.to_string())
        };
        let is = |url: &str| Some(format!("{url}/api/auth"));
        assert_eq!(of(&[("host", "localhost:5173")]), is("http://localhost:5173"));
        let forwarded = [("host", "127.0.0.1:4000"), ("x-forwarded-host", "localhost:3000, proxy")];
        assert_eq!(of(&forwarded), is("http://localhost:3000"));
        let tls = [("host", "app.test"), ("x-forwarded-proto", "https,http")];
        assert_eq!(of(&tls), is("https://app.test"));
        assert_eq!(of(&[("host", "a"), ("x-forwarded-proto", "javascript")]), is("http://a"));
        for bad in ["", "a/b", "a@b", "a b", "a?b", "a#b", "a\\b", "a:b", ":80", "[::1", "é", "a%41"] {
            assert_eq!(of(&[("host", bad)]), None, "{bad}");
        }
        assert_eq!(of(&[]), None);
    }
}

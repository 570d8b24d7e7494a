//! What is known of a request before a byte of it is decoded; every answer, also a refusal, needs it.

use std::{borrow::Cow, net::IpAddr};

use http::{HeaderMap, HeaderName, header, request::Parts};
use keyward_core::address::PublicUrl;

use crate::{
    client_address,
    edge::{Edge, EdgeSettings, RequestId},
};

/// A request's surroundings.
#[derive(Clone, Debug)]
pub(crate) struct Context<'e> {
    /// Where people reach Keyward.
    pub(crate) public: Cow<'e, PublicUrl>,
    /// The client's network address.
    pub(crate) client: IpAddr,
    /// True for a browser that navigates: it gets a page where a script gets JSON.
    pub(crate) wants_page: bool,
    /// How the log names this request.
    pub(crate) id: RequestId,
}

impl<'e> Context<'e> {
    /// Of a request that came through an application's router.
    pub(crate) fn of(edge: &'e Edge, parts: &Parts) -> Self {
        let id = parts.extensions.get::<RequestId>().cloned().unwrap_or_else(|| edge.next_request_id());
        Self::new(edge, client_address::peer(&parts.extensions), &parts.headers, id)
    }

    /// Of a request that came from `peer`.
    pub(crate) fn new(edge: &'e Edge, peer: IpAddr, headers: &HeaderMap, id: RequestId) -> Self {
        let peer = peer.to_canonical();
        let EdgeSettings { trusted_proxies, development_origin, .. } = &edge.settings;
        edge.strangers.notice(trusted_proxies, *development_origin, peer, headers);
        Self {
            public: client_address::public_url(edge, peer, headers),
            client: client_address::client(trusted_proxies, peer, headers),
            wants_page: wants_page(headers),
            id,
        }
    }
}

/// Generation 5 asks for JSON by this header, whatever its value (protocol notes §0.3).
pub(crate) static JSON_HEADER: HeaderName = HeaderName::from_static("x-auth-return-redirect");

/// True if the request accepts `text/html`: navigations and forms do, `fetch` does not unless told to.
fn wants_page(headers: &HeaderMap) -> bool {
    const HTML: &[u8] = b"text/html";
    let accepts_html = |value: &header::HeaderValue| {
        value.as_bytes().windows(HTML.len()).any(|part| part.eq_ignore_ascii_case(HTML))
    };
    !headers.contains_key(&JSON_HEADER) && headers.get_all(header::ACCEPT).iter().any(accepts_html)
}

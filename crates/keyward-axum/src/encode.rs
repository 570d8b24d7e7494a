//! A [`Reply`] to bytes: headers, cookies, and the page where one is to be shown.

mod account;
mod page;
mod recovery;

use std::borrow::Cow;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use keyward_core::reply::{FOR_MINUTES, Reply, ReplyBody};
use keyward_pages::SCRIPT_FILE;

use crate::{
    context::Context,
    edge::{Auth, Edge},
    log::Refused,
};

impl Auth {
    /// An HTML page of the application's own, under the policy of the built-in ones.
    #[must_use]
    pub fn page(&self, html: String) -> Response {
        let common = [
            (header::CONTENT_TYPE, HeaderValue::from_static(HTML)),
            (header::CACHE_CONTROL, HeaderValue::from_static(NO_STORE)),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        (common, page_headers(self.edge()), html).into_response()
    }
}

/// The whole response. Nothing that the engine answers may be kept by a cache (lesson 59), but what is the same for
/// everybody.
pub(crate) fn response(edge: &Edge, context: &Context<'_>, reply: Reply) -> Response {
    let mut scripted = None;
    let (content_type, body) = match reply.body {
        ReplyBody::Empty => (None, String::new()),
        ReplyBody::Json(json) => (Some("application/json"), json),
        ReplyBody::Text(text) => (Some("text/plain; charset=utf-8"), text),
        ReplyBody::Page(page) => {
            scripted = page.passkey().and_then(|passkey| scripted_policy(edge, context, &passkey.options));
            (Some(HTML), page::render(edge, context, &page))
        }
    };
    let mut headers = HeaderMap::with_capacity(8 + reply.headers.len() + reply.cookies.len());
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if content_type == Some(HTML) {
        headers.extend(page_headers(edge));
    }
    if let Some(policy) = scripted {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for (name, value) in reply.headers {
        insert(&mut headers, header_name(name), value);
    }
    for cookie in reply.cookies {
        append(&mut headers, header::SET_COOKIE, cookie);
    }
    let is_everybodys = || !headers.contains_key(header::SET_COOKIE);
    let cache = headers.get(header::CACHE_CONTROL);
    if !cache.is_some_and(|cache| cache == NO_STORE || (cache == FOR_MINUTES && is_everybodys())) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(NO_STORE));
    }
    finish(reply.status, headers, body, reply.refused)
}

/// As NextAuth writes it where it does (protocol notes §1.3).
pub(crate) const NO_STORE: &str = "private, no-cache, no-store";
const HTML: &str = "text/html; charset=utf-8";

fn finish(
    status: u16,
    headers: HeaderMap,
    body: String,
    refused: Option<(&'static str, Option<String>)>,
) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or_else(|_| {
        tracing::error!(status, "the engine answered with a status that is none");
        StatusCode::INTERNAL_SERVER_ERROR
    });
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if let Some((code, detail)) = refused {
        response.extensions_mut().insert(Refused { code, detail });
    }
    response
}

/// The policy of a page with a passkey button: as everywhere, and one script, which may ask one address. Both are named
/// in full, so that nothing else on the origin is a script of ours.
fn scripted_policy(edge: &Edge, context: &Context<'_>, options: &str) -> Option<HeaderValue> {
    let plain = edge.page_policy.to_str().ok()?;
    let asset = context.public.route(&format!("-/assets/{SCRIPT_FILE}"));
    let options = options.split('?').next().unwrap_or_default();
    HeaderValue::try_from(format!("{plain}; script-src {asset}; connect-src {options}")).ok()
}

fn page_headers(edge: &Edge) -> [(HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_SECURITY_POLICY, edge.page_policy.clone()),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        // Not `no-referrer`, with which browsers send `Origin: null` along with our own forms.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ]
}

/// The names that the engine uses are known by heart; parsing one takes longer than all the rest of its header.
fn header_name(name: &'static str) -> HeaderName {
    match name {
        "cache-control" => header::CACHE_CONTROL,
        "expires" => header::EXPIRES,
        "location" => header::LOCATION,
        "pragma" => header::PRAGMA,
        "retry-after" => header::RETRY_AFTER,
        other => HeaderName::from_static(other),
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: Cow<'static, str>) {
    let value = match value {
        Cow::Borrowed(value) => Ok(HeaderValue::from_static(value)),
        Cow::Owned(value) => HeaderValue::try_from(value),
    };
    match value {
        Ok(value) => {
            headers.insert(name, value);
        }
        Err(_) => tracing::error!(%name, "a header of the answer cannot be written and is left out"),
    }
}

fn append(headers: &mut HeaderMap, name: HeaderName, value: String) {
    match HeaderValue::try_from(value) {
        Ok(value) => {
            headers.append(name, value);
        }
        Err(_) => tracing::error!(%name, "a header of the answer cannot be written and is left out"),
    }
}

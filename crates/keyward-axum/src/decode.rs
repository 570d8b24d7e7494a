//! Bytes to a [`Request`]: bounded, and in one normal form that every room above shares.

mod body;
mod cookies;
mod percent;
mod target;

use std::borrow::Cow;

use axum::{
    BoxError,
    body::{Body, HttpBody},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header, request::Parts};
use keyward_core::{
    address::PublicUrl,
    request::{self, Request},
    secret::Secret,
};
use tokio::sync::SemaphorePermit;

pub(crate) use cookies::cookies;
pub(crate) use percent::decode_component;

use crate::{
    context::{Context, JSON_HEADER},
    edge::Edge,
    refuse::EdgeRefusal,
    table,
};

/// More headers than this are refused. Below hyper's own limit of 100, whose answer has no code.
pub(crate) const MAX_HEADERS: usize = 80;
/// Names and values together, in bytes. A session in eight cookie pieces takes half of it.
pub(crate) const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Path and query, in bytes.
pub(crate) const MAX_TARGET_BYTES: usize = 16 * 1024;
/// Parameters in a query, fields in a form, members of a JSON object.
pub(crate) const MAX_PARAMETERS: usize = 200;

/// Decodes a request to one of the routes under the base path, or says why it cannot be. With a large body comes its
/// place, to be held as long as the request is.
pub(crate) async fn decode<'e, B>(
    edge: &'e Edge,
    context: &Context<'_>,
    parts: &Parts,
    body: B,
) -> Result<(Request, Option<SemaphorePermit<'e>>), EdgeRefusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    check_size(parts)?;
    let path = target::path(parts.uri.path(), edge.public().base_path())?;
    let query = target::parameters(parts.uri.query().unwrap_or("").as_bytes())?;
    let method = method(&parts.method);
    let (body, place) = match table::find(&parts.method, &path) {
        Some(spec) if takes_body(method) && spec.body > 0 => {
            let time = edge.settings.limits.body_time;
            let rules = body::Rules { most: spec.body, time, large: &edge.large_bodies };
            // Boxed, as most requests have no body: the futures of their answers are the smaller for it.
            Box::pin(body::read(&parts.headers, Body::new(body), rules)).await?
        }
        _ => (request::Body::None, None),
    };
    let request = Request {
        method,
        path,
        query,
        body,
        cookies: cookies(&parts.headers),
        json_header: parts.headers.contains_key(&JSON_HEADER),
        public: PublicUrl::clone(&context.public),
        client: context.client,
        user_agent: user_agent(&parts.headers),
        authorization: authorization(&parts.headers),
    };
    Ok((request, place))
}

fn check_size(parts: &Parts) -> Result<(), EdgeRefusal> {
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    if target > MAX_TARGET_BYTES {
        return Err(EdgeRefusal::UriTooLong);
    }
    let bytes: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if parts.headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        return Err(EdgeRefusal::HeadersTooLarge);
    }
    Ok(())
}

fn method(method: &Method) -> request::Method {
    match *method {
        Method::GET => request::Method::Get,
        Method::HEAD => request::Method::Head,
        Method::POST => request::Method::Post,
        Method::PATCH => request::Method::Patch,
        Method::DELETE => request::Method::Delete,
        _ => request::Method::Other,
    }
}

const fn takes_body(method: request::Method) -> bool {
    matches!(method, request::Method::Post | request::Method::Patch)
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    Some(text(headers.get(header::USER_AGENT)?).into_owned())
}

/// Of several nobody could say which one counts.
fn authorization(headers: &HeaderMap) -> Option<Secret> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (all.next()?, all.next()) else { return None };
    value.to_str().ok().map(Secret::from)
}

/// A header's value; what is no UTF-8 in it is replaced.
fn text(value: &HeaderValue) -> Cow<'_, str> {
    // Nearly always it is: telling so is far quicker than replacing nothing.
    std::str::from_utf8(value.as_bytes())
        .map_or_else(|_| String::from_utf8_lossy(value.as_bytes()), Cow::Borrowed)
}

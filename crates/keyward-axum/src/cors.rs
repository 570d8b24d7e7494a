//! Which sites' pages may call what programs call, straight from a browser (the Fetch Standard's CORS protocol).
//!
//! Origins are compared whole with those that are configured; nobody else's pages get an answer to read. None of these
//! calls reads a cookie, so none is ever allowed to carry one along.

use axum::{
    body::Body,
    extract::State,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};

use crate::{
    edge::{Auth, Edge},
    log,
    table::KEY_SET,
};

/// The calls of programs, below `-/v1/`. What an application asks with its own credential is not for browsers.
const CALLS: [&str; 9] =
    ["sign-up", "sign-in", "factor", "refresh", "sign-out", "exchange", "me", "jwks", "openapi.json"];

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type");
const SHOWN_HEADERS: HeaderValue = HeaderValue::from_static("retry-after, www-authenticate, x-request-id");
/// How long a browser may remember it, in seconds: ten minutes.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");

/// Answers preflights of configured origins and lets their pages read every answer, refusals too.
pub(crate) async fn across_origins(State(auth): State<Auth>, request: Request<Body>, next: Next) -> Response {
    let edge = auth.edge();
    if !is_for_programs(edge, request.uri().path()) {
        return next.run(request).await;
    }
    let origin = configured_origin(edge, request.headers());
    let mut response = if origin.is_some() && is_preflight(&request) {
        log::line(&auth, request, async |_| preflight()).await
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    // Whoever keeps the answer keeps it for this origin alone; also where it was refused.
    headers.append(header::VARY, HeaderValue::from_name(header::ORIGIN));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN_HEADERS);
    }
    response
}

fn is_for_programs(edge: &Edge, path: &str) -> bool {
    let below_base = path.strip_prefix(edge.public().base_path());
    let call = below_base.and_then(|path| path.strip_prefix("/-/v1/"));
    path.strip_prefix('/') == Some(KEY_SET) || call.is_some_and(|call| CALLS.contains(&call))
}

/// The origin that asks, if it is one and configured. `null` never is.
fn configured_origin(edge: &Edge, headers: &HeaderMap) -> Option<HeaderValue> {
    let mut all = headers.get_all(header::ORIGIN).iter();
    let (origin, None) = (all.next()?, all.next()) else { return None };
    let tokens = edge.engine.settings().tokens.as_ref()?;
    let known = tokens.allowed_origins.iter().any(|known| known.as_bytes() == origin.as_bytes());
    known.then(|| origin.clone())
}

fn is_preflight(request: &Request<Body>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight() -> Response {
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

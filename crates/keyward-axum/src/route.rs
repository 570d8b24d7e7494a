//! Every route, in one table (invariant 7), and the router that serves them.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::{
    Router,
    body::Body,
    extract::State,
    middleware,
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderValue, Method, Request, StatusCode, header};
use keyward_pages::{STYLE_CSS, STYLE_FILE, THEME_FILE};

use crate::{
    context::Context,
    decode,
    edge::{Auth, Edge},
    encode, log,
    refuse::{EdgeRefusal, refuse},
};

/// One route and its rules. HEAD goes wherever GET goes.
#[derive(Clone, Copy, Debug)]
pub struct RouteSpec {
    /// Method.
    pub method: &'static str,
    /// Where `path` starts.
    pub scope: Scope,
    /// Path without a slash in front; `{name}` stands for one segment.
    pub path: &'static str,
    /// Who gets in.
    pub gate: Gate,
    /// Who may keep the answer.
    pub cache: Cache,
    /// Largest body read, in bytes.
    pub body: usize,
}

/// Where a route's path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// At the base path.
    Base,
    /// At the root.
    Root,
}

/// Who gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Everybody; an anonymous caller changes nothing and learns nothing about anybody.
    Public,
    /// Who proves by the double-submitted token that the browser's own page sent it.
    Csrf,
}

/// Who may keep the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// Nobody: it sets or reads identity (lesson 59).
    NoStore,
    /// Everybody, for good: the address changes with the content.
    Immutable,
}

const FORM: usize = 1024 * 1024;
const LOG: usize = 64 * 1024;

/// Every route there is. What is not in it reaches the engine without a body and is refused there in the
/// words of the dialect.
#[rustfmt::skip]
pub const ROUTES: &[RouteSpec] = &[
    get("csrf"),
    get("providers"),
    get("session"),
    post("session", Gate::Csrf, FORM),
    get("signin"),
    get("signin/{provider}"),
    post("signin", Gate::Csrf, FORM),
    post("signin/{provider}", Gate::Csrf, FORM),
    get("callback/{provider}"),
    post("callback/{provider}", Gate::Csrf, FORM),
    get("signout"),
    post("signout", Gate::Csrf, FORM),
    get("verify-request"),
    get("error"),
    get("error/{code}"),
    post("_log", Gate::Public, LOG),
    get("-/signup"),
    RouteSpec { cache: Cache::Immutable, ..get("-/assets/{file}") },
    RouteSpec { scope: Scope::Root, ..get("healthz") },
    RouteSpec { scope: Scope::Root, ..get("readyz") },
];

const fn get(path: &'static str) -> RouteSpec {
    RouteSpec { method: "GET", scope: Scope::Base, path, gate: Gate::Public, cache: Cache::NoStore, body: 0 }
}

const fn post(path: &'static str, gate: Gate, body: usize) -> RouteSpec {
    RouteSpec { method: "POST", scope: Scope::Base, path, gate, cache: Cache::NoStore, body }
}

/// The routes as a router, to be merged (not nested) into an application's own: their paths hold the base
/// path already. Serve it with `into_make_service_with_connect_info::<SocketAddr>()` or [`crate::serve`].
pub fn routes<S>(auth: &Auth) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let base = auth.edge().public().base_path();
    Router::new()
        .route(base, any(answer))
        .route(&format!("{base}/"), any(answer))
        .route(&format!("{base}/{{*rest}}"), any(answer))
        .route(&format!("{base}/-/assets/{{file}}"), any(asset))
        .route("/healthz", any(healthz))
        .route("/readyz", any(readyz))
        .layer(middleware::from_fn_with_state(auth.clone(), log::line))
        .with_state(auth.clone())
}

/// The rules of a route under the base path.
pub(crate) fn find(method: &Method, path: &[String]) -> Option<&'static RouteSpec> {
    let matches = |pattern: &str| {
        let mut segments = path.iter();
        let fits =
            |part: &str| segments.next().is_some_and(|segment| part.starts_with('{') || part == segment);
        pattern.split('/').all(fits) && segments.next().is_none()
    };
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    ROUTES.iter().find(|spec| spec.scope == Scope::Base && spec.method == method && matches(spec.path))
}

/// Everything that the engine answers.
async fn answer(State(auth): State<Auth>, request: Request<Body>) -> Response {
    let edge = auth.edge();
    let (parts, body) = request.into_parts();
    let context = Context::of(edge, &parts);
    let request = match decode::decode(edge, &context, &parts, body).await {
        Ok(request) => request,
        Err(refusal) => return refuse(edge, &context, refusal),
    };
    // Only now, so that clients who dawdle over their bodies keep nobody else out.
    let Ok(_permit) = edge.in_flight.try_acquire() else {
        return refuse(edge, &context, EdgeRefusal::Overloaded);
    };
    encode::response(edge, &context, edge.engine.answer(request).await)
}

/// Style sheets, named by their content.
async fn asset(State(auth): State<Auth>, request: Request<Body>) -> Response {
    let edge = auth.edge();
    let (parts, _) = request.into_parts();
    let refused = |refusal| refuse(edge, &Context::of(edge, &parts), refusal);
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return refused(EdgeRefusal::MethodNotAllowed);
    }
    let file = parts.uri.path().rsplit('/').next().unwrap_or_default();
    let Some((css, tag)) = style_sheet(edge, file) else { return refused(EdgeRefusal::NotFound) };
    let known = parts.headers.get(header::IF_NONE_MATCH).is_some_and(|tags| {
        tags.to_str()
            .is_ok_and(|tags| tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::ETAG, HeaderValue::try_from(tag).expect("a tag is hexadecimal in quotes")),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, css).into_response()
}

/// A style sheet and its entity tag.
fn style_sheet(edge: &Edge, file: &str) -> Option<(String, String)> {
    let css = match file {
        STYLE_FILE => STYLE_CSS,
        THEME_FILE => &edge.theme_css,
        _ => return None,
    };
    let mut hasher = DefaultHasher::new();
    css.hash(&mut hasher);
    Some((css.to_owned(), format!("\"{:016x}\"", hasher.finish())))
}

/// The process answers.
async fn healthz(method: Method) -> Response {
    probe(&method, StatusCode::OK, "ok\n")
}

/// The process answers, its store does too, and it is not about to end.
async fn readyz(State(auth): State<Auth>, method: Method) -> Response {
    let edge = auth.edge();
    if edge.is_draining() {
        probe(&method, StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else if edge.engine.ready().await.is_ok() {
        probe(&method, StatusCode::OK, "ready\n")
    } else {
        probe(&method, StatusCode::SERVICE_UNAVAILABLE, "store_unavailable\n")
    }
}

fn probe(method: &Method, status: StatusCode, text: &'static str) -> Response {
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    if !matches!(*method, Method::GET | Method::HEAD) {
        let allow = [(header::ALLOW, "GET, HEAD")];
        let refusal = EdgeRefusal::MethodNotAllowed;
        return (refusal.status(), no_store, allow, refusal.code()).into_response();
    }
    (status, no_store, text).into_response()
}

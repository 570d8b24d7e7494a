//! The router that serves the routes.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::{
    Router,
    body::Body,
    extract::State,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderValue, Method, Request, StatusCode, header};
use keyward_pages::{STYLE_CSS, STYLE_FILE, THEME_FILE};

use crate::{
    context::Context,
    decode,
    edge::{Auth, Edge},
    encode, log, mailbox,
    refuse::{EdgeRefusal, refuse},
    table::MAILBOX,
};

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
        .route(&format!("{base}/{}", MAILBOX), any(mailbox::mailbox))
        .route("/healthz", any(healthz))
        .route("/readyz", any(readyz))
        .with_state(auth.clone())
}

/// The routes for a server that serves nothing else but `own` pages: these get their line in the log too, and
/// every other address a refusal with its code.
pub fn site(auth: &Auth, own: Router) -> Router {
    let rest = Router::new().fallback(nothing).with_state(auth.clone());
    let line = async |State(auth): State<Auth>, request: Request<Body>, next: Next| {
        log::line(&auth, request, |request| next.run(request)).await
    };
    routes(auth).merge(own.layer(middleware::from_fn_with_state(auth.clone(), line))).merge(rest)
}

/// Everything that the engine answers.
async fn answer(State(auth): State<Auth>, request: Request<Body>) -> Response {
    log::line(&auth, request, |request| through_the_engine(auth.edge(), request)).await
}

async fn through_the_engine(edge: &Edge, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let context = Context::of(edge, &parts);
    let (request, _place) = match decode::decode(edge, &context, &parts, body).await {
        Ok(decoded) => decoded,
        Err(refusal) => return refuse(edge, &context, refusal),
    };
    // Only now, so that clients who dawdle over their bodies keep nobody else out.
    let Ok(_permit) = edge.in_flight.try_acquire() else {
        return refuse(edge, &context, EdgeRefusal::Overloaded);
    };
    encode::response(edge, &context, edge.engine.answer(request).await)
}

/// Every address that is none.
async fn nothing(State(auth): State<Auth>, request: Request<Body>) -> Response {
    let edge = auth.edge();
    let refused = async |request: Request<Body>| {
        let (parts, _) = request.into_parts();
        refuse(edge, &Context::of(edge, &parts), EdgeRefusal::NotFound)
    };
    log::line(&auth, request, refused).await
}

/// Style sheets, named by their content.
async fn asset(State(auth): State<Auth>, request: Request<Body>) -> Response {
    log::line(&auth, request, async |request| sheet(auth.edge(), request)).await
}

fn sheet(edge: &Edge, request: Request<Body>) -> Response {
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
async fn healthz(State(auth): State<Auth>, request: Request<Body>) -> Response {
    log::line(&auth, request, async |request| probe(request.method(), StatusCode::OK, "ok\n")).await
}

/// The process answers, its store does too, and it is not about to end.
async fn readyz(State(auth): State<Auth>, request: Request<Body>) -> Response {
    let edge = auth.edge();
    let state = async |request: Request<Body>| {
        let (status, text) = if edge.is_draining() {
            (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
        } else if edge.engine.ready().await.is_ok() {
            (StatusCode::OK, "ready\n")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable\n")
        };
        probe(request.method(), status, text)
    };
    log::line(&auth, request, state).await
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

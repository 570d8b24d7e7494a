//! The router that serves the routes.

use std::{
    convert::Infallible,
    hash::{DefaultHasher, Hash, Hasher},
    net::{IpAddr, SocketAddr},
};

use axum::{
    BoxError, Router,
    body::{Body, HttpBody},
    extract::State,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header, request::Parts};
use hyper::body::Incoming;
use keyward_pages::{SCRIPT_FILE, SCRIPT_JS, STYLE_CSS, STYLE_FILE, THEME_FILE};

use crate::{
    client_address,
    context::Context,
    cors, decode,
    edge::{Auth, Edge},
    encode, events,
    log::{self, Line},
    mailbox,
    refuse::{EdgeRefusal, refuse},
    serve::App,
    table::{EVENTS, KEY_SET, MAILBOX},
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
        .route(&format!("{base}/{EVENTS}"), any(events::events))
        .route(&format!("{base}/{MAILBOX}"), any(mailbox::mailbox))
        .route(&format!("{base}/{MAILBOX}/{{number}}"), any(mailbox::mailbox))
        .merge(calls(auth))
        .route("/healthz", any(healthz))
        .route("/readyz", any(readyz))
        .with_state(auth.clone())
}

/// Our own calls, and the key set where others look for it, if there is one.
fn calls(auth: &Auth) -> Router<Auth> {
    let base = auth.edge().public().base_path();
    let calls = Router::new().route(&format!("{base}/-/v1/{{*call}}"), any(answer));
    let calls = match auth.edge().engine.settings().tokens {
        Some(_) => calls.route(&format!("/{KEY_SET}"), any(key_set)),
        None => calls,
    };
    calls.layer(middleware::from_fn_with_state(auth.clone(), cors::across_origins))
}

/// A server that serves nothing else than Keyward and `own` pages: these get their line in the log too, and every
/// other address a refusal with its code.
pub fn site(auth: &Auth, own: Router) -> Site {
    let rest = Router::new().fallback(nothing).with_state(auth.clone());
    let line = async |State(auth): State<Auth>, request: Request<Body>, next: Next| {
        log::line(&auth, request, |request| next.run(request)).await
    };
    let router =
        routes(auth).merge(own.layer(middleware::from_fn_with_state(auth.clone(), line))).merge(rest);
    Site { auth: auth.clone(), router }
}

/// What [`site`] makes, to be served by [`serve`](crate::serve). A router of it answers the same; but here what the
/// engine answers goes there straight, past the router's search and its boxes.
#[derive(Clone, Debug)]
pub struct Site {
    auth: Auth,
    router: Router,
}

impl From<Site> for Router {
    fn from(site: Site) -> Self {
        site.router
    }
}

impl App for Site {
    fn answer(
        &self,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response, Infallible>> + Send + use<> {
        let auth = self.auth.clone();
        let base = auth.edge().public().base_path();
        let other = (!is_for_engine(request.uri().path(), base)).then(|| self.router.clone());
        async move {
            match other {
                // In a box: a connection keeps room for the future of its answer also while it has nothing to answer.
                None => Ok(Box::pin(answer_from(auth.edge(), peer.ip(), request)).await),
                Some(router) => Box::pin(router.answer(peer, request)).await,
            }
        }
    }
}

/// True for paths that only the engine answers. Below `/-/` there are style sheets and pages, and a router knows which.
fn is_for_engine(path: &str, base: &str) -> bool {
    let rest = path.strip_prefix(base);
    rest.is_some_and(|rest| (rest.is_empty() || rest.starts_with('/')) && !rest.starts_with("/-/"))
}

/// Everything that the engine answers, through a router.
async fn answer(State(auth): State<Auth>, request: Request<Body>) -> Response {
    let peer = client_address::peer(request.extensions());
    answer_from(auth.edge(), peer, request).await
}

/// The key set, by its well-known name.
async fn key_set(State(auth): State<Auth>, mut request: Request<Body>) -> Response {
    let call = format!("{}/-/v1/jwks", auth.edge().public().base_path());
    if let Ok(uri) = Uri::try_from(call) {
        *request.uri_mut() = uri;
    }
    answer(State(auth), request).await
}

/// Everything that the engine answers.
async fn answer_from<B>(edge: &Edge, peer: IpAddr, request: Request<B>) -> Response
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let line = Line::begin(edge);
    let (parts, body) = request.into_parts();
    let context = Context::new(edge, peer, &parts.headers, line.id().clone());
    let mut response = through_the_engine(edge, &context, &parts, body).await;
    line.end(&parts.method, parts.uri.path(), &mut response);
    response
}

async fn through_the_engine<B>(edge: &Edge, context: &Context<'_>, parts: &Parts, body: B) -> Response
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (request, _place) = match decode::decode(edge, context, parts, body).await {
        Ok(decoded) => decoded,
        Err(refusal) => return refuse(edge, context, refusal),
    };
    // Only now, so that clients who dawdle over their bodies keep nobody else out.
    let Ok(_permit) = edge.in_flight.try_acquire() else {
        return refuse(edge, context, EdgeRefusal::Overloaded);
    };
    encode::response(edge, context, edge.engine.answer(request).await)
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

/// Style sheets and the script, named by their content.
async fn asset(State(auth): State<Auth>, request: Request<Body>) -> Response {
    log::line(&auth, request, async |request| file(auth.edge(), request)).await
}

fn file(edge: &Edge, request: Request<Body>) -> Response {
    let (parts, _) = request.into_parts();
    let refused = |refusal| refuse(edge, &Context::of(edge, &parts), refusal);
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return refused(EdgeRefusal::MethodNotAllowed);
    }
    let name = parts.uri.path().rsplit('/').next().unwrap_or_default();
    let Some((kind, text, tag)) = asset_named(edge, name) else { return refused(EdgeRefusal::NotFound) };
    let known = parts.headers.get(header::IF_NONE_MATCH).is_some_and(|tags| {
        tags.to_str()
            .is_ok_and(|tags| tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::ETAG, HeaderValue::try_from(tag).expect("a tag is hexadecimal in quotes")),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, text).into_response()
}

/// A file's type, its text and its entity tag.
fn asset_named(edge: &Edge, name: &str) -> Option<(&'static str, String, String)> {
    const CSS: &str = "text/css; charset=utf-8";
    let (kind, text) = match name {
        STYLE_FILE => (CSS, STYLE_CSS),
        THEME_FILE => (CSS, &*edge.theme_css),
        SCRIPT_FILE => ("text/javascript; charset=utf-8", SCRIPT_JS),
        _ => return None,
    };
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Some((kind, text.to_owned(), format!("\"{:016x}\"", hasher.finish())))
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

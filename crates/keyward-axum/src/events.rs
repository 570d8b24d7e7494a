//! `GET {base}/-/v1/sessions/events`: wakes open tabs when their session was changed or ended (server-sent events).
//!
//! It says that something happened and never what: the tab reads its session, by the one way there is.

use std::convert::Infallible;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, Method, Request, header};

use crate::{
    context::Context,
    edge::Auth,
    encode::NO_STORE,
    extract::session_or_answer,
    log,
    refuse::{EdgeRefusal, refuse},
};

/// For who is signed in, and about that session alone.
pub(crate) async fn events(State(auth): State<Auth>, request: Request<Body>) -> Response {
    log::line(&auth, request, async |request| answer(&auth, request).await).await
}

async fn answer(auth: &Auth, request: Request<Body>) -> Response {
    let edge = auth.edge();
    let (mut parts, _) = request.into_parts();
    let is_head = parts.method == Method::HEAD;
    if parts.method != Method::GET && !is_head {
        return refuse(edge, &json(edge, &parts), EdgeRefusal::MethodNotAllowed);
    }
    let session = match session_or_answer(edge, &mut parts).await {
        Ok(session) => session,
        Err(rejection) => return rejection.into_response(),
    };
    // Without an id it was sealed by another server, and nobody can change it from outside.
    let id = session.as_ref().and_then(|session| session.text("sid"));
    let Some(id) = id else { return refuse(edge, &json(edge, &parts), EdgeRefusal::SessionRequired) };
    if is_head {
        return (HEADERS, ()).into_response();
    }
    let person = session.as_ref().and_then(|session| session.user_id()).unwrap_or(id);
    let Some(stream) = edge.streams.join(id, person) else {
        return refuse(edge, &json(edge, &parts), EdgeRefusal::Overloaded);
    };
    let texts = stream::unfold(stream, async |mut stream| {
        let text = stream.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from_static(text.as_bytes())), stream))
    });
    (HEADERS, Body::from_stream(texts)).into_response()
}

/// Nobody navigates to a stream.
fn json<'e>(edge: &'e crate::edge::Edge, parts: &http::request::Parts) -> Context<'e> {
    Context { wants_page: false, ..Context::of(edge, parts) }
}

const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_TYPE, "text/event-stream"),
    (header::CACHE_CONTROL, NO_STORE),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // nginx would otherwise keep events until it has a page full of them.
    (HeaderName::from_static("x-accel-buffering"), "no"),
];

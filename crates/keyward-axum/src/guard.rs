//! A layer that lets only callers with a session through.

use std::{
    future::Future,
    pin::Pin,
    task::{self, Poll},
};

use axum::{
    body::Body,
    extract::OriginalUri,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, Request, StatusCode, header, request::Parts};
use tower::{Layer, Service};
use url::form_urlencoded::byte_serialize;

use crate::{
    context::Context,
    edge::{Auth, Edge},
    encode::NO_STORE,
    extract::session_or_answer,
    refuse::{EdgeRefusal, refuse},
};

/// Guards routes: `.route_layer(require_session(auth))`.
///
/// Without a session, who navigates is sent to sign in and back again; anybody else gets a 401 in JSON.
/// A handler behind it may still ask for the [`Session`](crate::Session), at no further cost.
#[must_use]
pub fn require_session(auth: Auth) -> RequireSession {
    RequireSession { auth }
}

/// The layer of [`require_session`].
#[derive(Clone, Debug)]
pub struct RequireSession {
    auth: Auth,
}

impl<S> Layer<S> for RequireSession {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { auth: self.auth.clone(), inner }
    }
}

/// A service behind [`require_session`].
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    auth: Auth,
    inner: S,
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The one that was asked whether it is ready must be the one that is called.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let auth = self.auth.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            match session_or_answer(auth.edge(), &mut parts).await {
                Ok(Some(_)) => inner.call(Request::from_parts(parts, body)).await,
                Ok(None) => Ok(ask_to_sign_in(auth.edge(), &parts)),
                Err(rejection) => Ok(rejection.into_response()),
            }
        })
    }
}

fn ask_to_sign_in(edge: &Edge, parts: &Parts) -> Response {
    let context = Context::of(edge, parts);
    if !context.wants_page {
        return refuse(edge, &context, EdgeRefusal::SessionRequired);
    }
    let mut location = context.public.route("signin");
    // Only what can be asked for again is a place to come back to.
    if matches!(parts.method, Method::GET | Method::HEAD) {
        let back = format!("{}{}", context.public.origin(), path_and_query(parts));
        location.push_str("?callbackUrl=");
        location.extend(byte_serialize(back.as_bytes()));
    }
    let location = HeaderValue::try_from(location).expect("percent-encoded, so visible ASCII");
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static(NO_STORE))];
    (StatusCode::FOUND, headers).into_response()
}

/// As the browser asked for it, also below a nested router.
fn path_and_query(parts: &Parts) -> &str {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    uri.path_and_query().map_or("/", |target| target.as_str())
}

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
use keyward_core::policy::assurance::{self, Demand};
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
    RequireSession { auth, demand: Demand::default() }
}

/// The layer of [`require_session`].
#[derive(Clone, Debug)]
pub struct RequireSession {
    auth: Auth,
    demand: Demand,
}

impl RequireSession {
    /// Asks for more than a session: one that was opened recently, or by two factors. Who navigates without it is sent to
    /// show that it is them, and back again; anybody else gets a 403 in JSON.
    #[must_use]
    pub fn demanding(self, demand: Demand) -> Self {
        Self { demand, ..self }
    }
}

impl<S> Layer<S> for RequireSession {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { auth: self.auth.clone(), demand: self.demand, inner }
    }
}

/// A service behind [`require_session`].
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    auth: Auth,
    demand: Demand,
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
        let (auth, demand) = (self.auth.clone(), self.demand);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            match session_or_answer(auth.edge(), &mut parts).await {
                Ok(Some(session)) if assurance::meets(&session, auth.edge().engine.now(), demand) => {
                    inner.call(Request::from_parts(parts, body)).await
                }
                Ok(Some(session)) => {
                    let two = demand.two_factors && !assurance::has_two(&session);
                    Ok(ask_to_confirm(auth.edge(), &parts, two))
                }
                Ok(None) => Ok(ask_to_sign_in(auth.edge(), &parts)),
                Err(rejection) => Ok(rejection.into_response()),
            }
        })
    }
}

fn ask_to_sign_in(edge: &Edge, parts: &Parts) -> Response {
    ask(edge, parts, EdgeRefusal::SessionRequired, "signin?")
}

fn ask_to_confirm(edge: &Edge, parts: &Parts, two: bool) -> Response {
    match two {
        true => ask(edge, parts, EdgeRefusal::TwoFactorsRequired, "-/confirm?factors=2&"),
        false => ask(edge, parts, EdgeRefusal::RecentSignInRequired, "-/confirm?"),
    }
}

fn ask(edge: &Edge, parts: &Parts, refusal: EdgeRefusal, page: &str) -> Response {
    let context = Context::of(edge, parts);
    if !context.wants_page {
        return refuse(edge, &context, refusal);
    }
    let mut location = context.public.route(page);
    // Only what can be asked for again is a place to come back to.
    if matches!(parts.method, Method::GET | Method::HEAD) {
        let back = format!("{}{}", context.public.origin(), path_and_query(parts));
        location.push_str("callbackUrl=");
        location.extend(byte_serialize(back.as_bytes()));
    }
    let location = location.trim_end_matches(['?', '&']);
    let location = HeaderValue::try_from(location).expect("percent-encoded, so visible ASCII");
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static(NO_STORE))];
    (StatusCode::FOUND, headers).into_response()
}

/// As the browser asked for it, also below a nested router.
fn path_and_query(parts: &Parts) -> &str {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    uri.path_and_query().map_or("/", |target| target.as_str())
}

//! The tower layer.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower::{Layer, Service};

use crate::caller::Caller;
use crate::refusal::Refusal;
use crate::verifier::Verifier;

/// Lets only requests with a good access token through, and puts their [`Caller`] into the request's extensions.
///
/// For any tower service over `http`, axum's routes among them. A request without a body to refuse (CORS's
/// preflight carries no token) has to be answered outside of it.
#[derive(Debug, Clone)]
pub struct RequireToken {
    verifier: Verifier,
    scopes: Vec<String>,
}

impl RequireToken {
    /// Requires a token, of any scope.
    #[must_use]
    pub fn new(verifier: &Verifier) -> Self {
        Self { verifier: verifier.clone(), scopes: Vec::new() }
    }

    /// Requires this scope as well.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    async fn admit(&self, headers: &http::HeaderMap) -> Result<Caller, Refusal> {
        let caller = self.verifier.check(headers).await?;
        for scope in &self.scopes {
            caller.require_scope(scope)?;
        }
        Ok(caller)
    }
}

impl<S> Layer<S> for RequireToken {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, rule: self.clone() }
    }
}

/// A service behind [`RequireToken`].
#[derive(Debug, Clone)]
pub struct Guarded<S> {
    inner: S,
    rule: RequireToken,
}

impl<S, B, R> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The one that is ready goes along, its clone stays.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let rule = self.rule.clone();
        Box::pin(async move {
            match rule.admit(request.headers()).await {
                Ok(caller) => {
                    request.extensions_mut().insert(caller);
                    inner.call(request).await
                }
                Err(refusal) => Ok(refusal.response()),
            }
        })
    }
}

//! The caller as an argument of axum's handlers.

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::caller::Caller;
use crate::refusal::{Reason, Refusal};
use crate::verifier::Verifier;

impl<S> FromRequestParts<S> for Caller
where
    S: Sync,
    Verifier: FromRef<S>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let verifier = Verifier::from_ref(state);
        match parts.extensions.get::<Self>() {
            // A layer in front has checked the token by the same rules.
            Some(caller) if verifier.made(caller) => Ok(caller.clone()),
            _ => verifier.check(&parts.headers).await,
        }
    }
}

impl<S> OptionalFromRequestParts<S> for Caller
where
    S: Sync,
    Verifier: FromRef<S>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Refusal> {
        match <Self as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(caller) => Ok(Some(caller)),
            Err(refusal) if *refusal.reason() == Reason::Missing => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }
}

//! The caller's session as an extractor.

use std::{ops::Deref, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header, request::Parts};
use keyward_core::{claims::Claims, error::Refusal, session::View};
use serde_json::Value;

use crate::{
    context::Context,
    decode::{cookies, decode_component},
    edge::{Auth, Edge},
    refuse::{EdgeRefusal, refuse, unavailable},
};

/// The caller's session, from its cookie or from `Authorization: Bearer`.
///
/// As an argument of a handler it refuses callers without a session (401). `Option<Session>` lets them in as
/// `None`. Where the store cannot answer, both refuse with 503: that is never "no session". The application's
/// state has to give an [`Auth`] by `FromRef`.
///
/// Dereferences to the session's claims.
#[derive(Clone, Debug)]
pub struct Session(Arc<View>);

impl Session {
    /// The user's id: the claim `sub`. A token that an application wrote itself may have none.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.0.claims.text("sub")
    }

    /// The person's name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.claims.text("name")
    }

    /// The person's e-mail address.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.0.claims.text("email")
    }

    /// What the session shows at a path, as the browser sees it: `session.get("user.role")`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.0.body, |value, name| value.get(name))
    }

    /// The session as `GET {base}/session` answers it.
    #[must_use]
    pub fn body(&self) -> &Value {
        &self.0.body
    }
}

impl Deref for Session {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        &self.0.claims
    }
}

/// Why there is no session: the response says it.
#[derive(Debug)]
pub struct SessionRejection(Box<Response>);

impl IntoResponse for SessionRejection {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl<S> FromRequestParts<S> for Session
where
    Auth: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, SessionRejection> {
        let auth = Auth::from_ref(state);
        session_or_answer(auth.edge(), parts).await?.ok_or_else(|| {
            let context = Context::of(auth.edge(), parts);
            let json = Context { wants_page: false, ..context };
            SessionRejection(Box::new(refuse(auth.edge(), &json, EdgeRefusal::SessionRequired)))
        })
    }
}

impl<S> OptionalFromRequestParts<S> for Session
where
    Auth: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, SessionRejection> {
        session_or_answer(Auth::from_ref(state).edge(), parts).await
    }
}

/// The request's session, or the 503 of a store that cannot answer.
pub(crate) async fn session_or_answer(
    edge: &Edge,
    parts: &mut Parts,
) -> Result<Option<Session>, SessionRejection> {
    let context = Context::of(edge, parts);
    session(edge, &context, parts)
        .await
        .map_err(|refusal| SessionRejection(Box::new(unavailable(edge, &context, refusal))))
}

/// Asks the engine once per request: what it found rides along for the next who asks.
async fn session(edge: &Edge, context: &Context<'_>, parts: &mut Parts) -> Result<Option<Session>, Refusal> {
    if let Some(Found(found)) = parts.extensions.get::<Found>() {
        return Ok(found.clone());
    }
    let bearer = bearer(&parts.headers);
    let view =
        edge.engine.session(&cookies(&parts.headers), context.public.is_secure(), bearer.as_deref()).await?;
    let found = view.map(|view| Session(Arc::new(view)));
    parts.extensions.insert(Found(found.clone()));
    Ok(found)
}

#[derive(Clone)]
struct Found(Option<Session>);

/// The token of `Authorization: Bearer`, percent-decoded as `getToken()` does. One header, the scheme
/// spelled so, one space, then nothing but a token (RFC 6750 §2.1; lesson 20). Anything else is no token.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (all.next()?, all.next()) else { return None };
    let token = decode_component(value.to_str().ok()?.strip_prefix("Bearer ")?)?;
    let body = token.trim_end_matches('=');
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+' | '/');
    (!body.is_empty() && body.chars().all(is_token)).then(|| token.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().expect("a header"));
        }
        bearer(&headers)
    }

    #[test]
    fn lesson_20_a_bearer_token_has_a_strict_grammar() {
        assert_eq!(of(&["Bearer abc.d-e_f~g+h/i=="]).as_deref(), Some("abc.d-e_f~g+h/i=="));
        assert_eq!(of(&["Bearer a%2Eb%3D"]).as_deref(), Some("a.b="));
        let lax = [
            "bearer abc",
            "BEARER abc",
            "Bearer  abc",
            "Bearer\tabc",
            "Bearer abc ",
            "Bearer abc def",
            "Bearer ",
            "Bearer",
            "Bearer ==",
            "Bearer a=b",
            "Bearer abc,def",
            "Bearer \"abc\"",
            "Basic abc",
            "Bearerabc",
            "Bearer %",
            "Bearer %zz",
            "Bearer a%20b",
            "Bearer a%00",
            "Bearer %ff",
            "abc",
        ];
        for value in lax {
            assert_eq!(of(&[value]), None, "{value}");
        }
        assert_eq!(of(&["Bearer abc", "Bearer abc"]), None, "two headers");
    }
}

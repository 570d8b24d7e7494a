//! What the edge itself refuses, before or without the engine.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use keyward_core::{
    error::Refusal,
    reply::{Page, Reply, ReplyBody},
};
use serde_json::json;

use crate::{context::Context, edge::Edge, encode};

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $message:literal;)*) => {
        /// The edge's own refusals. Their codes travel in addresses, answers and logs, and stay as they are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EdgeRefusal { $($(#[$doc])* $name,)* }

        impl EdgeRefusal {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// HTTP status.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// For developers who read the answer.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)* }
            }
        }
    };
}

refusals! {
    /// A path or body that cannot be read.
    BadRequest = "bad_request", BAD_REQUEST, "The request cannot be read.";
    /// More parameters than any form has.
    TooManyParameters = "too_many_parameters", BAD_REQUEST, "The request has too many parameters.";
    /// No session where one is needed.
    SessionRequired = "SessionRequired", UNAUTHORIZED, "Sign in first.";
    /// The sign-in was too long ago.
    RecentSignInRequired = "recent_sign_in_required", FORBIDDEN, "Confirm that it is you first.";
    /// One factor where two are needed.
    TwoFactorsRequired = "two_factors_required", FORBIDDEN, "Show a second factor first.";
    /// Nothing is here.
    NotFound = "not_found", NOT_FOUND, "There is nothing at this address.";
    /// Something is here, but not for this method.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "This address takes GET alone.";
    /// The body did not arrive in time.
    SlowRequest = "slow_request", REQUEST_TIMEOUT, "The request's body did not arrive in time.";
    /// The body is larger than the route takes.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The request's body is too large.";
    /// Path and query are longer than any real ones.
    UriTooLong = "uri_too_long", URI_TOO_LONG, "The address is too long.";
    /// The headers are too many or too large.
    HeadersTooLarge = "headers_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE,
        "The request's headers are too many or too large.";
    /// The process answers as many requests as it can.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "Too many requests at once. Try again in a moment.";
}

/// The answer to a refused request: a page for who navigates, otherwise JSON with an absolute `url`, because
/// the original clients call `new URL(data.url)` (invariant 6).
pub(crate) fn refuse(edge: &Edge, context: &Context<'_>, refusal: EdgeRefusal) -> Response {
    let mut response =
        refusal_answer(edge, context, refusal.status(), refusal.code(), refusal.message(), None);
    let headers = response.headers_mut();
    match refusal {
        EdgeRefusal::Overloaded => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        EdgeRefusal::MethodNotAllowed => {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        // The rest of the body is still on its way; nothing else can be read from this connection.
        EdgeRefusal::SlowRequest | EdgeRefusal::BodyTooLarge => {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    response
}

/// The answer where the engine could not say whether there is a session (503): never "no session".
pub(crate) fn unavailable(edge: &Edge, context: &Context<'_>, refusal: Refusal) -> Response {
    let status = refusal.status().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = refusal_answer(
        edge,
        context,
        status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE),
        refusal.code.as_str(),
        "The session could not be read. Try again in a moment.",
        refusal.detail,
    );
    let seconds = refusal.retry_after.map_or(1, |span| span.as_secs().max(1));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn refusal_answer(
    edge: &Edge,
    context: &Context<'_>,
    status: StatusCode,
    code: &'static str,
    message: &str,
    detail: Option<String>,
) -> Response {
    let body = if context.wants_page {
        ReplyBody::Page(Page::Error { error: Some(code.to_owned()), sign_in: context.public.route("signin") })
    } else {
        let url = context.public.route(&format!("error?error={code}"));
        ReplyBody::Json(json!({ "url": url, "error": code, "message": message }).to_string())
    };
    let reply = Reply {
        status: status.as_u16(),
        headers: Vec::new(),
        cookies: Vec::new(),
        body,
        refused: Some((code, detail)),
    };
    encode::response(edge, context, reply)
}

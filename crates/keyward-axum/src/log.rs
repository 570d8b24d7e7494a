//! One line a request. Never a query, a body, a cookie or a token.

use std::time::Instant;

use axum::{extract::Request, response::Response};
use http::HeaderValue;

use crate::edge::Auth;

/// Rides on a response that refuses, for the log.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// Stable code.
    pub(crate) code: &'static str,
    /// What no person may see.
    pub(crate) detail: Option<String>,
}

/// Answers a request: gives it its id, and writes the line when the answer is ready.
///
/// Called by each route itself: a layer around all of them would box every answer once more.
pub(crate) async fn line<F: Future<Output = Response>>(
    auth: &Auth,
    mut request: Request,
    respond: impl FnOnce(Request) -> F,
) -> Response {
    let began = Instant::now();
    let id = auth.edge().next_request_id();
    let method = request.method().clone();
    let uri = request.uri().clone();
    request.extensions_mut().insert(id.clone());

    let mut response = respond(request).await;

    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert("x-request-id", value);
    }
    let status = response.status();
    let path = uri.path();
    // An address is ASCII, so every place is a boundary of characters.
    let path = path.get(..LONGEST_PATH).unwrap_or(path);
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let refused = response.extensions().get::<Refused>();
    let code = refused.map(|refused| refused.code);
    let detail = refused.and_then(|refused| refused.detail.as_deref());
    let (id, status_code) = (&*id.0, status.as_u16());
    // The macros need their level as a constant.
    macro_rules! write_line {
        ($level:ident) => {
            tracing::$level!(target: TARGET, id, %method, path, status = status_code, micros, code, detail)
        };
    }
    if is_probe(path) && status.is_success() {
        write_line!(debug);
    } else if status.is_server_error() {
        write_line!(warn);
    } else {
        write_line!(info);
    }
    response
}

const TARGET: &str = "keyward::request";
const LONGEST_PATH: usize = 256;

/// Balancers ask every few seconds; their lines would hide the others.
fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

//! One line a request. Never a query, a body, a cookie or a token.

use std::time::Instant;

use axum::{extract::Request, response::Response};
use http::{HeaderName, HeaderValue, Method};

use crate::edge::{Auth, Edge, RequestId};

/// Rides on a response that refuses, for the log.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// Stable code.
    pub(crate) code: &'static str,
    /// What no person may see.
    pub(crate) detail: Option<String>,
}

/// A request's line in the log, begun when the request came.
pub(crate) struct Line {
    began: Instant,
    id: RequestId,
}

impl Line {
    /// Gives a request its id.
    pub(crate) fn begin(edge: &Edge) -> Self {
        Self { began: Instant::now(), id: edge.next_request_id() }
    }

    /// How the log names the request.
    pub(crate) fn id(&self) -> &RequestId {
        &self.id
    }

    /// Writes the line, and the id into the response.
    pub(crate) fn end(&self, method: &Method, path: &str, response: &mut Response) {
        let id = self.id.as_str();
        if let Ok(value) = HeaderValue::from_str(id) {
            response.headers_mut().insert(&X_REQUEST_ID, value);
        }
        let status = response.status();
        // An address is ASCII, so every place is a boundary of characters.
        let path = path.get(..LONGEST_PATH).unwrap_or(path);
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let refused = response.extensions().get::<Refused>();
        let code = refused.map(|refused| refused.code);
        let detail = refused.and_then(|refused| refused.detail.as_deref());
        let (method, status_code) = (method.as_str(), status.as_u16());
        // The macros need their level as a constant. In this order the program writes them into its lines.
        macro_rules! write_line {
            ($level:ident) => {
                tracing::$level!(target: TARGET, method, status = status_code, path, micros, id, code, detail)
            };
        }
        if is_probe(path) && status.is_success() {
            write_line!(debug);
        } else if status.is_server_error() {
            write_line!(warn);
        } else {
            write_line!(info);
        }
    }
}

/// Answers a request between the beginning and the end of its line. Who answers finds the id in the extensions.
///
/// Called by each route itself: a layer around all of them would box every answer once more.
pub(crate) async fn line<F: Future<Output = Response>>(
    auth: &Auth,
    mut request: Request,
    respond: impl FnOnce(Request) -> F,
) -> Response {
    let line = Line::begin(auth.edge());
    let (method, uri) = (request.method().clone(), request.uri().clone());
    request.extensions_mut().insert(line.id().clone());
    let mut response = respond(request).await;
    line.end(&method, uri.path(), &mut response);
    response
}

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TARGET: &str = "keyward::request";
const LONGEST_PATH: usize = 256;

/// Balancers ask every few seconds; their lines would hide the others.
fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

//! A request's body: read within a size and a time, then parsed by its content type.

use std::time::Duration;

use axum::body::Body;
use bytes::BytesMut;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use keyward_core::request;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{MAX_PARAMETERS, target::parameters};
use crate::refuse::EdgeRefusal;

/// A body as large as any form that a person fills in, in bytes. What is larger has to share.
const SMALL: usize = 16 * 1024;

/// How a body is read.
#[derive(Clone, Copy)]
pub(super) struct Rules<'e> {
    /// Largest, in bytes.
    pub(super) most: usize,
    /// It has to be there within this time.
    pub(super) time: Duration,
    /// A place for each large body that may be in memory at once.
    pub(super) large: &'e Semaphore,
}

/// Reads a form or a JSON body, and gives its place among the large ones if it needed one. A body of another type
/// is left alone, as no action reads one.
pub(super) async fn read<'e>(
    headers: &HeaderMap,
    body: Body,
    rules: Rules<'e>,
) -> Result<(request::Body, Option<SemaphorePermit<'e>>), EdgeRefusal> {
    let Some(kind) = kind(headers) else { return Ok((request::Body::None, None)) };
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: u64| length > rules.most as u64) {
        return Err(EdgeRefusal::BodyTooLarge);
    }
    let collected = tokio::time::timeout(rules.time, collect(body, rules)).await;
    let (bytes, place) = collected.map_err(|_| EdgeRefusal::SlowRequest)??;
    let body = match kind {
        Kind::Form => request::Body::Form(parameters(&bytes)?),
        Kind::Json => request::Body::Json(object(&bytes)?),
    };
    Ok((body, place))
}

enum Kind {
    Form,
    Json,
}

/// The original looks for the type anywhere in the header (protocol notes §1.1).
fn kind(headers: &HeaderMap) -> Option<Kind> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?.to_ascii_lowercase();
    if content_type.contains("application/json") {
        Some(Kind::Json)
    } else if content_type.contains("application/x-www-form-urlencoded") {
        Some(Kind::Form)
    } else {
        None
    }
}

/// Takes a place when the body turns out to be large, so that many clients who send much, or one with many
/// connections, can't fill the memory.
async fn collect(
    body: Body,
    rules: Rules<'_>,
) -> Result<(BytesMut, Option<SemaphorePermit<'_>>), EdgeRefusal> {
    let mut body = Limited::new(body, rules.most);
    let (mut bytes, mut place) = (BytesMut::new(), None);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match error.is::<LengthLimitError>() {
            true => EdgeRefusal::BodyTooLarge,
            false => EdgeRefusal::BadRequest,
        })?;
        // Trailers are of no use to anybody.
        let Ok(data) = frame.into_data() else { continue };
        if place.is_none() && bytes.len() + data.len() > SMALL {
            place = Some(rules.large.try_acquire().map_err(|_| EdgeRefusal::Overloaded)?);
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, place))
}

/// A JSON object. Nothing, and JSON that is not an object, count as an empty one, as with the original.
fn object(bytes: &[u8]) -> Result<Map<String, Value>, EdgeRefusal> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(members)) if members.len() > MAX_PARAMETERS => Err(EdgeRefusal::TooManyParameters),
        Ok(Value::Object(members)) if has_zero(&members) => Err(EdgeRefusal::BadRequest),
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Ok(Map::new()),
        Err(_) => Err(EdgeRefusal::BadRequest),
    }
}

/// True if a name or a text anywhere holds a zero byte. The parser bounds the depth.
fn has_zero(members: &Map<String, Value>) -> bool {
    fn in_value(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(items) => items.iter().any(in_value),
            Value::Object(members) => has_zero(members),
            _ => false,
        }
    }
    members.iter().any(|(name, value)| name.contains('\0') || in_value(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn of(content_type: &str, text: &str) -> Result<request::Body, EdgeRefusal> {
        up_to(1000, content_type, text).await
    }

    async fn up_to(most: usize, content_type: &str, text: &str) -> Result<request::Body, EdgeRefusal> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type.parse().expect("a header"));
        let rules = Rules { most, time: Duration::from_secs(1), large: &Semaphore::new(1) };
        read(&headers, Body::from(text.to_owned()), rules).await.map(|(body, _)| body)
    }

    #[tokio::test]
    async fn the_content_type_is_looked_for_anywhere_in_its_header() {
        let form = of("text/x, application/x-www-form-urlencoded; charset=UTF-8", "a=1").await;
        assert_eq!(form.expect("a form").text("a"), Some("1"));
        let json = of("Application/JSON;charset=utf-8", r#"{"a":"1"}"#).await;
        assert_eq!(json.expect("JSON").text("a"), Some("1"));
        assert_eq!(of("text/plain", "a=1").await, Ok(request::Body::None));
        assert_eq!(of("multipart/form-data; boundary=x", "--x").await, Ok(request::Body::None));
    }

    #[tokio::test]
    async fn json_that_is_not_an_object_counts_as_an_empty_one() {
        for text in ["", "  ", "null", "[1,2]", "\"text\"", "7", "true"] {
            assert_eq!(of("application/json", text).await, Ok(request::Body::Json(Map::new())), "{text}");
        }
    }

    #[tokio::test]
    async fn json_that_cannot_be_read_is_refused() {
        let deep = "[".repeat(400);
        let deep_object = r#"{"a":"#.repeat(160);
        for text in
            ["{", "{\"a\":}", "a=1", r#"{"a":"\u0000"}"#, r#"{"a":[{"\u0000":1}]}"#, &deep, &deep_object]
        {
            assert_eq!(of("application/json", text).await, Err(EdgeRefusal::BadRequest), "{text}");
        }
        let many: Map<String, Value> = (0..201).map(|i| (i.to_string(), Value::Null)).collect();
        let many = serde_json::to_string(&many).expect("JSON");
        let refused = up_to(100_000, "application/json", &many).await;
        assert_eq!(refused, Err(EdgeRefusal::TooManyParameters));
    }

    #[tokio::test]
    async fn a_body_without_a_length_is_cut_at_the_limit() {
        assert_eq!(
            of("application/x-www-form-urlencoded", &"a".repeat(1001)).await,
            Err(EdgeRefusal::BodyTooLarge)
        );
        assert!(of("application/x-www-form-urlencoded", &"a".repeat(1000)).await.is_ok());
    }
}

//! The compact serialisation's parts and their strict base64url (RFC 7515 section 2, RFC 4648 sections 3.5 and 5).

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::{Simd, general_purpose::NO_PAD};
use memchr::memchr_iter;

use crate::TokenError;

/// Refuses padding and non-zero trailing bits. Takes what vector instructions the processor has.
static BASE64URL: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));

/// The longest token that is read or made, in bytes.
///
/// A browser keeps about 4 KiB a cookie and servers take 8 to 64 KiB of headers, so an honest token is far below;
/// the cap bounds the work that a hostile one can cause.
pub const MAX_TOKEN_LEN: usize = 64 * 1024;

/// Splits a token into exactly `N` parts.
pub(crate) fn split<const N: usize>(token: &str) -> Result<[&str; N], TokenError> {
    if token.len() > MAX_TOKEN_LEN {
        return Err(TokenError::TooLong);
    }
    let mut ends = memchr_iter(b'.', token.as_bytes()).chain([token.len()]);
    let (mut parts, mut start) = ([""; N], 0);
    for part in &mut parts {
        let end = ends.next().ok_or(TokenError::Malformed)?;
        *part = &token[start..end];
        start = end + 1;
    }
    if ends.next().is_some() {
        return Err(TokenError::Malformed);
    }
    Ok(parts)
}

/// Decodes a part of any length.
pub(crate) fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    BASE64URL.decode(part).map_err(|_| TokenError::Malformed)
}

/// Decodes a part that must fill `out` exactly.
pub(crate) fn decode_exact(part: &str, out: &mut [u8]) -> Result<(), TokenError> {
    match BASE64URL.decode_slice(part, out) {
        Ok(written) if written == out.len() => Ok(()),
        _ => Err(TokenError::Malformed),
    }
}

/// Base64url without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64URL.encode(bytes)
}

/// Appends a dot and the encoded part.
pub(crate) fn push(token: &mut String, part: &[u8]) {
    token.push('.');
    BASE64URL.encode_string(part, token);
}

/// A buffer for a token of this header and these decoded parts, or the refusal to make one nobody would read.
pub(crate) fn buffer(header: &str, part_lens: &[usize]) -> Result<String, TokenError> {
    let mut len = header.len();
    for &part in part_lens {
        let encoded = base64::encoded_len(part, false).ok_or(TokenError::TooLong)?;
        len = len.checked_add(1 + encoded).ok_or(TokenError::TooLong)?;
    }
    if len > MAX_TOKEN_LEN { Err(TokenError::TooLong) } else { Ok(String::with_capacity(len)) }
}

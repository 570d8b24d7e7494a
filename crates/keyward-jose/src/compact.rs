//! The compact serialisation's parts and their strict base64url (RFC 7515 section 2, RFC 4648 sections 3.5 and 5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::TokenError;

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
    let mut rest = token.split('.');
    let mut parts = [""; N];
    for part in &mut parts {
        *part = rest.next().ok_or(TokenError::Malformed)?;
    }
    if rest.next().is_some() {
        return Err(TokenError::Malformed);
    }
    Ok(parts)
}

/// Decodes a part of any length. The engine refuses padding and non-zero trailing bits.
pub(crate) fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)
}

/// Decodes a part that must fill `out` exactly.
pub(crate) fn decode_exact(part: &str, out: &mut [u8]) -> Result<(), TokenError> {
    match URL_SAFE_NO_PAD.decode_slice(part, out) {
        Ok(written) if written == out.len() => Ok(()),
        _ => Err(TokenError::Malformed),
    }
}

/// Base64url without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends a dot and the encoded part.
pub(crate) fn push(token: &mut String, part: &[u8]) {
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(part, token);
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

//! Where the issuer's keys come from.

use std::error::Error;

use async_trait::async_trait;

/// What went wrong on the way to the keys; it goes to the log.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// Gives the issuer's public keys: a JWKS document (RFC 7517 section 5).
///
/// Written by applications that have an HTTP client of their own, and by tests: any `String` is a source that
/// always gives the same document.
#[async_trait]
pub trait KeySource: Send + Sync + 'static {
    /// Gets the document anew. Called at most once in 30 seconds while there are keys; nothing else is
    /// cached behind it.
    ///
    /// # Errors
    /// Whatever kept the document away; the keys that there are stay in use.
    async fn fetch(&self) -> Result<Vec<u8>, SourceError>;
}

#[async_trait]
impl KeySource for String {
    async fn fetch(&self) -> Result<Vec<u8>, SourceError> {
        Ok(self.clone().into_bytes())
    }
}

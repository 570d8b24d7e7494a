//! Keys over HTTP.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use keyward_jose::jwk::MAX_DOCUMENT_LEN;
use reqwest::{Client, redirect::Policy};
use url::Url;

use crate::setup::SetupError;
use crate::source::{KeySource, SourceError};

/// For the whole exchange.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The keys at an address. Redirects are not followed, and no proxy is read from the environment.
#[derive(Debug)]
pub struct HttpKeys {
    url: Url,
    // Made by the first call: reading the system's certificates takes time and memory.
    client: OnceLock<Client>,
}

impl HttpKeys {
    /// The keys at this address, `https` or `http`.
    ///
    /// # Errors
    /// [`SetupError::Address`] for anything else.
    pub fn new(url: &str) -> Result<Self, SetupError> {
        let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
        let url = parsed.ok_or_else(|| SetupError::Address(url.to_owned()))?;
        Ok(Self { url, client: OnceLock::new() })
    }

    fn client(&self) -> Result<&Client, SourceError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .user_agent(concat!("keyward-verify/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .build()?;
        Ok(self.client.get_or_init(|| client))
    }
}

#[async_trait]
impl KeySource for HttpKeys {
    async fn fetch(&self) -> Result<Vec<u8>, SourceError> {
        let mut answer = self.client()?.get(self.url.clone()).send().await?;
        if answer.status() != 200 {
            return Err(format!("{} answers {}", self.url, answer.status()).into());
        }
        let mut document = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            document.extend_from_slice(&chunk);
            if document.len() > MAX_DOCUMENT_LEN {
                return Err(format!("{} gives more than {MAX_DOCUMENT_LEN} bytes", self.url).into());
            }
        }
        Ok(document)
    }
}

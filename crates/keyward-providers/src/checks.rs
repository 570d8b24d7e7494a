//! The values that tie an answer to the attempt that asked for it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use keyward_core::port::Random;
use keyward_jose::digest::sha256;
use serde::{Deserialize, Serialize};

use crate::provider::Provider;

/// One attempt's checks. Each is 32 random bytes in base64url.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// Comes back in the authorization response (RFC 6749 §10.12). Always sent.
    pub state: String,
    /// Comes back in the ID token (OpenID Connect Core §3.1.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Goes out with the code (RFC 7636).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_verifier: Option<String>,
}

impl Checks {
    /// Draws those that the provider can do.
    #[must_use]
    pub fn draw(provider: &Provider, random: &dyn Random) -> Self {
        let draw = || {
            let mut bytes = [0; 32];
            random.fill(&mut bytes);
            URL_SAFE_NO_PAD.encode(bytes)
        };
        Self { state: draw(), nonce: provider.nonce.then(draw), code_verifier: provider.pkce.then(draw) }
    }

    /// The PKCE challenge of the verifier, method S256 (RFC 7636 §4.2).
    #[must_use]
    pub fn code_challenge(&self) -> Option<String> {
        let verifier = self.code_verifier.as_deref()?;
        Some(URL_SAFE_NO_PAD.encode(sha256(&[verifier.as_bytes()])))
    }
}

impl std::fmt::Debug for Checks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checks")
            .field("nonce", &self.nonce.is_some())
            .field("code_verifier", &self.code_verifier.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_one_of_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let checks = Checks { state: String::new(), nonce: None, code_verifier: Some(verifier) };
        assert_eq!(checks.code_challenge().as_deref(), Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
    }
}

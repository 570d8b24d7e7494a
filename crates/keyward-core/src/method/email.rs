//! Signing in by a link in a mail: NextAuth's email provider (protocol notes §6).

use std::{fmt, sync::Arc, time::Duration};

use keyward_jose::digest::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::{
    mail::{Letters, Mailer},
    port::Random,
    secret::Secret,
};

/// One way to sign in by a link in a mail.
#[derive(Clone)]
pub struct EmailProvider {
    /// Stands in addresses: `signin/<id>`, `callback/<id>`.
    pub id: String,
    /// For people.
    pub name: String,
    /// For how long a link is good. NextAuth's default: a day.
    pub max_age: Duration,
    /// A link opens a page with one button, so that mail scanners, which follow links and press no buttons, do not
    /// use it up. The browser that asked for it passes straight through.
    pub confirm_page: bool,
    /// Whether an address that nobody has gets an account. If not, the mail says so; the page says the same to all.
    pub sign_up: bool,
    /// False for one that only the application's own pages offer.
    pub on_sign_in_page: bool,
    /// What sends the mail.
    pub mailer: Arc<dyn Mailer>,
    /// What puts it into words.
    pub letters: Arc<dyn Letters>,
}

impl fmt::Debug for EmailProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailProvider").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a ticket keeps beside its address, as JSON.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// The provider that sent it; none for a ticket of NextAuth's.
    pub(crate) provider: Option<String>,
    /// The browser that asked, hashed, where it matters.
    pub(crate) browser: Option<String>,
}

/// A link's token: 32 random bytes, in hexadecimal digits as with the original.
pub(crate) fn draw_token(random: &dyn Random) -> Secret {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    Secret::from(hex::encode(bytes))
}

/// How a store knows a token, as NextAuth stores it: the hexadecimal SHA-256 of token and secret. It joins several
/// secrets by commas.
pub(crate) fn stored_form(token: &str, secrets: &[Secret]) -> String {
    let mut parts = vec![token.as_bytes()];
    for (index, secret) in secrets.iter().enumerate() {
        if index > 0 {
            parts.push(b",");
        }
        parts.push(secret.expose().as_bytes());
    }
    sha256_hex(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c1_a_token_is_stored_as_the_real_packages_store_it() {
        let token = "00112233445566778899aabbccddeeff".repeat(2);
        let secrets = ["keyward-test-secret-0123456789abcdef", "an older secret of thirty-two characters"]
            .map(Secret::from);
        // By `hashToken` of next-auth 4.24.15 and `createHash` of @auth/core 0.41.3.
        let one = "7cb3460589831306c4aee2e9f165c3c7f6005037f3fddf3b32178aa8999e7dcf";
        assert_eq!(stored_form(&token, &secrets[..1]), one);
        // By @auth/core alone: the other generations know one secret.
        let both = "6f435710057d6a674c74201c10e2f5017d7d90e5892928f54166490d8f9d978f";
        assert_eq!(stored_form(&token, &secrets), both);
    }
}

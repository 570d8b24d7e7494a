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

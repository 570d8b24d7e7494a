//! What a deployment decides about tokens for programs.

use std::time::Duration;

use keyward_jose::jws::Algorithm;

/// Tokens for programs: for whom, signed how, for how long.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// The services that access tokens are for; never empty. The first is meant where a request names none.
    pub audiences: Vec<Audience>,
    /// What access tokens are signed with.
    pub algorithm: Algorithm,
    /// Lifetime of an access token. It cannot be called back: whoever checks it asks nobody.
    pub access_lifetime: Duration,
    /// Lifetime of a refresh token that is not used. Each use begins it anew.
    pub refresh_lifetime: Duration,
    /// How long a refresh token that was used is answered with the same successor.
    pub refresh_grace: Duration,
    /// How long a key signs before the next one does.
    pub key_lifetime: Duration,
    /// Origins whose pages may call from a browser (CORS), `https://app.example`.
    pub allowed_origins: Vec<String>,
}

/// A service that access tokens are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// `aud`: what the service knows itself by, usually its address.
    pub name: String,
    /// Every scope that there is for it.
    pub scopes: Vec<String>,
    /// Lifetime of its tokens, where another than the usual.
    pub lifetime: Option<Duration>,
    /// True: only applications with a credential may have tokens for it.
    pub clients_only: bool,
}

impl Default for TokenSettings {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self {
            audiences: Vec::new(),
            algorithm: Algorithm::Es256,
            access_lifetime: Duration::from_mins(5),
            refresh_lifetime: Duration::from_secs(30 * DAY),
            refresh_grace: Duration::from_secs(10),
            key_lifetime: Duration::from_secs(30 * DAY),
            allowed_origins: Vec::new(),
        }
    }
}

impl TokenSettings {
    /// The algorithms that access tokens may be signed with.
    pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa];

    /// The audience of this name.
    #[must_use]
    pub fn audience(&self, name: &str) -> Option<&Audience> {
        self.audiences.iter().find(|audience| audience.name == name)
    }

    /// How long an access token for an audience lives.
    #[must_use]
    pub fn lifetime(&self, audience: &Audience) -> Duration {
        audience.lifetime.unwrap_or(self.access_lifetime)
    }

    /// How long the longest access token lives.
    #[must_use]
    pub fn longest(&self) -> Duration {
        let own = self.audiences.iter().map(|audience| self.lifetime(audience)).max();
        own.unwrap_or(self.access_lifetime)
    }

    /// How long before it signs a key is published: every process and whoever keeps the key set has it by then.
    #[must_use]
    pub fn lead(&self) -> Duration {
        (self.key_lifetime / 4).min(Duration::from_hours(24))
    }
}

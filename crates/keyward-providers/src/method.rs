//! A provider as the core's flows call it.

use std::sync::Arc;

use async_trait::async_trait;
use keyward_core::{
    error::{self, Refusal},
    method::redirect::{self, Arrived, Departed, Departure, Purpose, RedirectSignIn, Word},
    port::{Clock, Random},
    request::Pairs,
    secret::Secret,
    ticket::Once,
    time::Timestamp,
    user,
};
use serde_json::{Map, Value};
use url::Url;

use crate::{
    attempt::{Attempt, Sealer},
    cache::Cache,
    fault::{Code, Fault},
    flow::{self, Identity},
    http::ProviderHttp,
    profile::Profile,
    provider::Provider,
    word,
    world::World,
};

/// Signing in through one provider.
pub struct RedirectMethod {
    provider: Provider,
    tools: RedirectTools,
}

/// What all providers of a deployment share.
#[derive(Clone)]
pub struct RedirectTools {
    /// Outgoing requests.
    pub http: Arc<dyn ProviderHttp>,
    /// Documents of the providers.
    pub cache: Arc<Cache>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Seals attempts.
    pub sealer: Arc<Sealer>,
}

impl RedirectMethod {
    /// Signing in through this provider, with these tools.
    #[must_use]
    pub fn new(provider: Provider, tools: RedirectTools) -> Self {
        Self { provider, tools }
    }

    fn world(&self) -> World<'_> {
        let RedirectTools { http, cache, clock, random, .. } = &self.tools;
        World { http: http.as_ref(), clock: clock.as_ref(), random: random.as_ref(), cache }
    }
}

#[async_trait]
impl RedirectSignIn for RedirectMethod {
    async fn depart(&self, departure: Departure<'_>) -> Result<Departed, Refusal> {
        let start = flow::begin(&self.provider, departure, &self.world()).await?;
        let sealed = self.tools.sealer.seal(&start.attempt, self.tools.random.as_ref())?;
        Ok(Departed { url: start.url, state: start.attempt.checks.state, sealed })
    }

    fn attempt(&self, sealed: &str) -> Result<Box<dyn redirect::Attempt + '_>, Refusal> {
        let attempt = self.tools.sealer.open(sealed, &self.provider.id, self.tools.clock.now())?;
        Ok(Box::new(Opened { method: self, attempt }))
    }

    async fn take_word(&self, word: Word) -> Result<Arrived, Refusal> {
        let (profile, raw, once) = word::take(&self.provider, word, &self.world()).await?;
        let members = [
            ("provider", self.provider.id.as_str()),
            ("type", self.provider.kind.as_str()),
            ("providerAccountId", profile.id.as_str()),
        ];
        let account = members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        Ok(Arrived { once, ..arrived(profile, raw, account) })
    }

    async fn end_session_url(&self, id_token: Option<&Secret>, back_to: &str) -> Option<Url> {
        let url = flow::end_session(&self.provider, id_token, back_to, &self.world()).await;
        url.inspect_err(|fault| {
            let provider = &self.provider.id;
            tracing::warn!(%fault, provider, "the session at the provider cannot be ended");
        })
        .ok()
    }
}

/// An attempt of this provider's.
struct Opened<'m> {
    method: &'m RedirectMethod,
    attempt: Attempt,
}

#[async_trait]
impl redirect::Attempt for Opened<'_> {
    fn once(&self) -> Once {
        let Attempt { checks, expires, .. } = &self.attempt;
        Once { what: checks.state.as_str().into(), until: Timestamp::from_secs(*expires) }
    }

    async fn arrive(self: Box<Self>, response: &Pairs) -> Result<Arrived, Refusal> {
        let Self { method, attempt } = *self;
        let identity = flow::complete(&method.provider, response, &attempt, &method.world()).await?;
        let account = identity.account();
        let Identity { profile, raw, .. } = identity;
        let Attempt { purpose, landing, .. } = attempt;
        Ok(Arrived { purpose, landing, ..arrived(profile, raw, account) })
    }
}

/// Somebody who signs in, wherever they are to land, by what is not good once by itself.
fn arrived(profile: Profile, raw: Value, account: Map<String, Value>) -> Arrived {
    Arrived {
        purpose: Purpose::SignIn,
        landing: None,
        id: profile.id,
        profile: user::Profile {
            name: Some(profile.name),
            email: Some(profile.email),
            image: Some(profile.image),
        },
        email_verified: profile.email_verified == Some(true),
        raw,
        account,
        once: None,
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let code = match fault.code {
            Code::Denied => error::Code::ProviderDenied,
            Code::ProviderError => error::Code::ProviderError,
            Code::BadRequest => error::Code::ProviderParameter,
            Code::BadAttempt => error::Code::ProviderAttempt,
            Code::BadState => error::Code::ProviderState,
            Code::BadIssuer => error::Code::ProviderIssuer,
            Code::BadResponse => error::Code::ProviderResponse,
            Code::Discovery => error::Code::ProviderDiscovery,
            Code::Unreachable => error::Code::ProviderUnreachable,
            Code::Token => error::Code::ProviderToken,
            Code::IdToken => error::Code::ProviderIdToken,
            Code::Userinfo => error::Code::ProviderUserinfo,
            Code::Profile => error::Code::ProviderProfile,
        };
        Self::new(code).because(fault.detail)
    }
}

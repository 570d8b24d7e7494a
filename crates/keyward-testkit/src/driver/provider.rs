//! Another site to sign in at, which believes whatever the test says.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use keyward_core::{
    error::{Code, Refusal},
    method::redirect::{Arrived, Attempt, Departed, Departure, Purpose, RedirectSignIn},
    reply::Reply,
    request::{Body, Method, Pairs},
    secret::Secret,
    settings::{RedirectKind, RedirectProvider, SignOutScope},
    ticket::Once,
    time::Timestamp,
    user::Profile,
};
use serde_json::json;
use url::Url;

use super::{Browser, url as url_of};

/// When an attempt is over, in seconds: in another century.
const NEVER: i64 = 4_100_000_000;

/// A provider without a protocol: the attempt is kept in the clear, and the response says who came.
#[derive(Debug, Default)]
pub struct FakeProvider(AtomicUsize);

/// Somebody at the provider, whose address it has verified.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The provider's own id of them.
    pub id: &'a str,
    /// Their address.
    pub email: &'a str,
}

impl FakeProvider {
    /// It, under this id, as a deployment lists it.
    #[must_use]
    pub fn listed(id: &str) -> RedirectProvider {
        RedirectProvider {
            id: id.to_owned(),
            name: id.to_owned(),
            kind: RedirectKind::OAuth,
            way: Arc::new(Self::default()),
            on_sign_in_page: true,
            answers_by_post: false,
            sign_out: SignOutScope::Local,
            allow_dangerous_email_account_linking: false,
            keep: Vec::new(),
            brand: None,
        }
    }
}

#[async_trait]
impl RedirectSignIn for FakeProvider {
    async fn depart(&self, departure: Departure<'_>) -> Result<Departed, Refusal> {
        let state = format!("state-{}", self.0.fetch_add(1, Ordering::SeqCst));
        let mut url = Url::parse("https://provider.test/authorize").expect("an address");
        url.query_pairs_mut().append_pair("state", &state);
        let kept = json!({ "purpose": departure.purpose, "landing": departure.landing, "state": state });
        Ok(Departed { url, state, sealed: kept.to_string() })
    }

    fn attempt(&self, sealed: &str) -> Result<Box<dyn Attempt + '_>, Refusal> {
        Ok(Box::new(FakeAttempt(sealed.to_owned())))
    }

    async fn end_session_url(&self, _: Option<&Secret>, _: &str) -> Option<Url> {
        None
    }
}

/// As it was kept.
struct FakeAttempt(String);

#[async_trait]
impl Attempt for FakeAttempt {
    fn once(&self) -> Once {
        Once { what: Secret::from(self.0.as_str()), until: Timestamp::from_secs(NEVER) }
    }

    async fn arrive(self: Box<Self>, response: &Pairs) -> Result<Arrived, Refusal> {
        let said = |name| response.get(name).map(str::to_owned);
        if said("error").is_some() {
            return Err(Refusal::new(Code::ProviderDenied));
        }
        let attempt: serde_json::Value = serde_json::from_str(&self.0).expect("as it was kept");
        let purpose: Purpose = serde_json::from_value(attempt["purpose"].clone()).expect("as it was kept");
        let id = said("id").ok_or_else(|| Refusal::new(Code::ProviderResponse))?;
        let account = json!({ "access_token": format!("token of {id}") });
        Ok(Arrived {
            purpose,
            landing: attempt["landing"].as_str().map(str::to_owned),
            profile: Profile { name: Some(said("id")), email: Some(said("email")), image: None },
            email_verified: true,
            raw: json!({ "id": id }),
            account: account.as_object().cloned().expect("an object"),
            id,
            once: None,
        })
    }
}

impl Browser<'_> {
    /// As `signIn(provider)` does: gives the `state` with which the provider will answer.
    ///
    /// # Errors
    /// What was answered in its place.
    pub async fn depart(&mut self, provider: &str, landing: &str) -> Result<String, Box<Reply>> {
        let reply = self.post(&format!("signin/{provider}"), &[("callbackUrl", landing)]).await;
        let url = Url::parse(&url_of(&reply)).expect("absolute");
        let state = url.query_pairs().find(|(name, _)| name == "state").map(|(_, state)| state.into_owned());
        state.ok_or_else(|| Box::new(reply))
    }

    /// Comes back as this person.
    pub async fn arrive(&mut self, provider: &str, state: &str, person: &Person<'_>) -> Reply {
        let response = [("state", state), ("id", person.id), ("email", person.email)];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(response).finish();
        self.send(Method::Get, &format!("callback/{provider}?{query}"), Body::None).await
    }

    /// All of it.
    pub async fn sign_in_at(&mut self, provider: &str, person: &Person<'_>) -> Reply {
        match self.depart(provider, "/dash").await {
            Ok(state) => self.arrive(provider, &state, person).await,
            Err(reply) => *reply,
        }
    }
}

//! An imagined OpenID provider that answers honestly, and wrongly in one thing where an attack wants it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use keyward_core::{
    port::{Clock as _, HttpFault},
    secret::Secret,
};
use keyward_jose::jws::{self, Algorithm, MacAlgorithm, MacKey, SigningKey};
use keyward_providers::{
    Cache, Entry, Provider, ProviderHttp, Settings,
    attempt::Attempt,
    catalogue::{self, ProfileFrom},
    http::{Answer, Outgoing},
};
use keyward_testkit::{FakeClock, SeededRandom};
use serde_json::{Value, json};
use url::Url;

pub(crate) const ISSUER: &str = "https://op.example";

/// Who signs the ID token, and how.
#[derive(Clone, Copy)]
pub(crate) enum Signed {
    /// The provider's key.
    Honestly,
    /// Another key under the same `kid`.
    ByAnotherKey,
    /// A key whose `kid` is not in the set.
    ByAnUnknownKey,
    /// `alg: none`, without a signature.
    Not,
    /// HS256 with this text's bytes as the key.
    ByPublicKey,
}

/// A provider with one fault, or none.
pub(crate) struct Op {
    pub(crate) clock: FakeClock,
    pub(crate) random: SeededRandom,
    pub(crate) cache: Arc<Cache>,
    pub(crate) entry: Entry,
    pub(crate) settings: Settings,
    pub(crate) metadata: (u16, Value),
    pub(crate) keys: (u16, Value),
    pub(crate) key: SigningKey,
    pub(crate) other_key: SigningKey,
    pub(crate) signed: Signed,
    pub(crate) claims: Value,
    /// Replaces the ID token's payload.
    pub(crate) payload: Option<String>,
    pub(crate) token: (u16, Value),
    pub(crate) userinfo: (u16, Value),
    /// GitHub's second list.
    pub(crate) emails: (u16, Value),
    /// What does not come, by the end of the path.
    pub(crate) fault: Option<(&'static str, HttpFault)>,
    pub(crate) response: Vec<(String, String)>,
    /// What is done to the attempt that the browser keeps.
    pub(crate) attempt: fn(&mut Attempt),
    pub(crate) calls: Mutex<Vec<Outgoing>>,
    nonce: Mutex<Option<String>>,
}

impl Op {
    pub(crate) fn honest() -> Self {
        let clock = FakeClock::default();
        let now = clock.now().secs();
        let make = |kid: &str| SigningKey::generate(Algorithm::Es256).expect("a key").with_kid(kid);
        let key = make("k1");
        Self {
            entry: Entry::openid("op", "The provider"),
            settings: Settings {
                client_id: "client".to_owned(),
                client_secret: Some(Secret::from("secret")),
                issuer: Some(ISSUER.to_owned()),
                ..Settings::default()
            },
            metadata: (
                200,
                json!({
                    "issuer": ISSUER,
                    "authorization_endpoint": format!("{ISSUER}/authorize"),
                    "token_endpoint": format!("{ISSUER}/token"),
                    "userinfo_endpoint": format!("{ISSUER}/userinfo"),
                    "jwks_uri": format!("{ISSUER}/keys"),
                    "authorization_response_iss_parameter_supported": true,
                }),
            ),
            keys: (200, json!({"keys": [key.public_jwk().to_json()]})),
            key,
            other_key: make("k1"),
            signed: Signed::Honestly,
            claims: json!({"iss": ISSUER, "aud": "client", "sub": "ada", "iat": now, "exp": now + 300}),
            payload: None,
            token: (200, json!({"access_token": "at", "token_type": "Bearer"})),
            userinfo: (200, json!({"sub": "ada", "name": "Ada"})),
            emails: (200, json!([])),
            response: vec![pair("code", "c"), pair("state", ""), pair("iss", ISSUER)],
            attempt: |_| {},
            fault: None,
            calls: Mutex::default(),
            nonce: Mutex::default(),
            clock,
            random: SeededRandom::default(),
            cache: Arc::default(),
        }
    }

    /// As GitHub: plain OAuth 2.0 with a list of addresses, and a person whose profile shows this one.
    pub(crate) fn github(shown: Option<&str>) -> Self {
        let mut op = Self::honest();
        op.entry = catalogue::find("github").expect("in the catalogue").clone();
        op.settings.authorization_endpoint = Some(format!("{ISSUER}/authorize"));
        op.settings.token_endpoint = Some(format!("{ISSUER}/token"));
        op.settings.userinfo_endpoint = Some(format!("{ISSUER}/userinfo"));
        op.settings.options.insert("api_url".to_owned(), Secret::from(format!("{ISSUER}/api")));
        op.userinfo = (200, json!({"id": 1, "login": "ada", "email": shown}));
        op
    }

    pub(crate) fn provider(&self) -> Provider {
        Provider::new("op", &self.entry, self.settings.clone()).expect("settings")
    }

    /// The person agrees: what their browser brings back. An empty `state` in the response stands for the right one,
    /// a nonce that was asked for goes into claims that have none.
    pub(crate) fn agrees(&self, asked: &Url) -> Vec<(String, String)> {
        let parameter =
            |name: &str| asked.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
        *self.nonce.lock().expect("a lock") = parameter("nonce");
        let state = parameter("state").expect("state is always sent");
        let filled = |(name, value): &(String, String)| match (name.as_str(), value.as_str()) {
            ("state", "") => (name.clone(), state.clone()),
            _ => (name.clone(), value.clone()),
        };
        self.response.iter().map(filled).collect()
    }

    /// How often the path was asked.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.calls.lock().expect("a lock").iter().filter(|call| call.url.path() == path).count()
    }

    pub(crate) fn asked_by_userinfo(mut self) -> Self {
        self.settings.profile_from = Some(ProfileFrom::Userinfo);
        self
    }

    fn id_token(&self, nonce: Option<String>) -> String {
        let mut claims = self.claims.clone();
        let members = claims.as_object_mut().expect("an object");
        if let Some(nonce) = nonce {
            members.entry("nonce").or_insert(nonce.into());
        }
        members.retain(|_, value| !value.is_null());
        let payload = self.payload.clone().unwrap_or_else(|| claims.to_string());
        let sign = |key: &SigningKey| key.sign(None, payload.as_bytes()).expect("signed");
        match self.signed {
            Signed::Honestly => sign(&self.key),
            Signed::ByAnotherKey => sign(&self.other_key),
            Signed::ByAnUnknownKey => {
                sign(&SigningKey::generate(Algorithm::Es256).expect("a key").with_kid("k2"))
            }
            Signed::Not => {
                let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
                format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&payload))
            }
            Signed::ByPublicKey => {
                let public = self.key.public_jwk().to_json().to_string();
                let key = MacKey::new(MacAlgorithm::Hs256, public.as_bytes()).expect("long enough");
                jws::sign(&key, payload.as_bytes()).expect("signed")
            }
        }
    }
}

pub(crate) fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[async_trait]
impl ProviderHttp for Op {
    async fn send(&self, request: Outgoing) -> Result<Answer, HttpFault> {
        self.calls.lock().expect("a lock").push(request.clone());
        if let Some((_, fault)) = self.fault.as_ref().filter(|(path, _)| request.url.path().ends_with(path)) {
            return Err(fault.clone());
        }
        let (status, body) = match request.url.path() {
            path if path.ends_with("/.well-known/openid-configuration") => self.metadata.clone(),
            "/keys" => self.keys.clone(),
            "/userinfo" => self.userinfo.clone(),
            "/api/user/emails" => self.emails.clone(),
            "/token" => {
                let (status, mut body) = self.token.clone();
                if let Some(members) = body.as_object_mut() {
                    let token = self.id_token(self.nonce.lock().expect("a lock").clone());
                    members.entry("id_token").or_insert(token.into());
                }
                (status, body)
            }
            _ => return Err(HttpFault::Unreachable("nobody there".to_owned())),
        };
        // A text is sent as it is.
        let html = body.as_str().map(|text| text.as_bytes().to_vec());
        let content_type = if html.is_some() { "text/html" } else { "application/json" };
        let body = html.unwrap_or_else(|| body.to_string().into_bytes());
        Ok(Answer { status, content_type: Some(content_type.to_owned()), body })
    }
}

//! Two imagined providers behind one port: a plain OAuth 2.0 server (`hub.example`) and an OpenID provider
//! (`op.example`). Codes are good once, for the client that they were made for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use keyward_core::port::{Clock as _, HttpFault};
use keyward_jose::jws::{Algorithm, SigningKey};
use keyward_providers::{
    ProviderHttp,
    http::{Answer, Body, Outgoing},
};
use keyward_testkit::FakeClock;
use serde_json::{Value, json};
use url::Url;

/// A person as both providers know them.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) email: &'static str,
    pub(crate) email_verified: bool,
}

pub(crate) const ADA: Person =
    Person { id: "ada-1", name: "Ada", email: "ada@example.com", email_verified: true };

/// What a provider does wrong at one of its addresses, by the end of the path.
#[derive(Clone)]
pub(crate) enum Wrong {
    Status(u16, &'static str),
    Fault(HttpFault),
    WithoutId,
    ForAnotherClient,
}

pub(crate) struct Upstream {
    clock: Arc<FakeClock>,
    key: SigningKey,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    grants: HashMap<String, Grant>,
    wrong: HashMap<&'static str, Wrong>,
    /// What comes with the tokens beside the access token.
    extra: Value,
    calls: Vec<String>,
    codes: usize,
}

struct Grant {
    host: String,
    nonce: Option<String>,
    person: Person,
}

impl Upstream {
    pub(crate) fn new(clock: Arc<FakeClock>) -> Self {
        let key = SigningKey::generate(Algorithm::Es256).expect("a key").with_kid("k1");
        let inner = Mutex::new(Inner { extra: json!({"refresh_token": "rt-1"}), ..Inner::default() });
        Self { clock, key, inner }
    }

    /// The person agrees: what their browser brings back.
    pub(crate) fn agree(&self, asked: &Url, person: &Person) -> Vec<(String, String)> {
        let parameter =
            |name: &str| asked.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
        let mut inner = self.inner();
        inner.codes += 1;
        let code = format!("code-{}", inner.codes);
        let host = asked.host_str().expect("a host").to_owned();
        let grant = Grant { host, nonce: parameter("nonce"), person: person.clone() };
        inner.grants.insert(code.clone(), grant);
        let state = parameter("state").expect("state is always sent");
        vec![("code".to_owned(), code), ("state".to_owned(), state)]
    }

    /// From now on the address whose path ends so does this.
    pub(crate) fn does(&self, path: &'static str, wrong: Wrong) {
        self.inner().wrong.insert(path, wrong);
    }

    pub(crate) fn hands_out(&self, extra: Value) {
        self.inner().extra = extra;
    }

    /// An ID token as a front end gets it, with some claims changed; null takes one away.
    pub(crate) fn id_token(&self, person: &Person, changed: &Value) -> String {
        let now = self.clock.now().secs();
        let mut claims = described(person);
        let own = json!({ "iss": "https://op.example", "aud": "client", "iat": now, "exp": now + 300 });
        for claim in [&own, changed] {
            claims.as_object_mut().expect("an object").extend(claim.as_object().expect("an object").clone());
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        self.key.sign(None, claims.to_string().as_bytes()).expect("signed")
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.inner().calls.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tokens(&self, inner: &mut Inner, host: &str, form: &str) -> (u16, Value) {
        let form: HashMap<_, _> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        let grant =
            form.get("code").and_then(|code| inner.grants.remove(code)).filter(|grant| grant.host == host);
        let Some(Grant { nonce, person, .. }) = grant else {
            return (400, json!({"error": "invalid_grant"}));
        };
        let access_token = format!("at-{}", person.id);
        let mut tokens = json!({"access_token": access_token, "token_type": "Bearer", "expires_in": 3600});
        if host == "op.example" {
            let another = matches!(inner.wrong.get("/token"), Some(Wrong::ForAnotherClient));
            let mut claims = described(&person);
            let now = self.clock.now().secs();
            let own = json!({
                "iss": "https://op.example", "aud": if another { "other" } else { "client" },
                "iat": now, "exp": now + 300, "nonce": nonce,
            });
            claims.as_object_mut().expect("an object").extend(own.as_object().expect("an object").clone());
            tokens["id_token"] = self.key.sign(None, claims.to_string().as_bytes()).expect("signed").into();
        }
        let extra = inner.extra.as_object().expect("an object").clone();
        tokens.as_object_mut().expect("an object").extend(extra);
        inner.grants.insert(access_token, Grant { host: host.to_owned(), nonce: None, person });
        (200, tokens)
    }
}

fn described(person: &Person) -> Value {
    json!({
        "sub": person.id, "id": person.id, "name": person.name, "login": person.name.to_lowercase(),
        "email": person.email, "email_verified": person.email_verified,
    })
}

#[async_trait]
impl ProviderHttp for Upstream {
    async fn send(&self, request: Outgoing) -> Result<Answer, HttpFault> {
        let path = request.url.path().to_owned();
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let mut inner = self.inner();
        inner.calls.push(format!("{host}{path}"));
        let wrong = inner.wrong.iter().find(|(end, _)| path.ends_with(**end)).map(|(_, wrong)| wrong.clone());
        match &wrong {
            Some(Wrong::Fault(fault)) => return Err(fault.clone()),
            Some(Wrong::Status(status, body)) => {
                let content_type = Some("text/html".to_owned());
                return Ok(Answer { status: *status, content_type, body: body.as_bytes().to_vec() });
            }
            _ => {}
        }
        let (status, mut body) = match (path.as_str(), &request.body) {
            ("/.well-known/openid-configuration", _) => (
                200,
                json!({
                    "issuer": "https://op.example",
                    "authorization_endpoint": "https://op.example/authorize",
                    "token_endpoint": "https://op.example/token",
                    "jwks_uri": "https://op.example/keys",
                    "end_session_endpoint": "https://op.example/logout?x=1",
                }),
            ),
            ("/keys", _) => (200, json!({"keys": [self.key.public_jwk().to_json()]})),
            ("/token", Some(Body::Form(form))) => {
                let form = form.expose().to_owned();
                self.tokens(&mut inner, &host, &form)
            }
            ("/user", _) => {
                let bearer = request.headers.iter().find(|(name, _)| name == "Authorization");
                let token = bearer.and_then(|(_, value)| value.expose().strip_prefix("Bearer "));
                match token.and_then(|token| inner.grants.get(token)) {
                    Some(grant) => (200, described(&grant.person)),
                    None => (401, json!({})),
                }
            }
            _ => return Err(HttpFault::Unreachable("nobody there".to_owned())),
        };
        if matches!(wrong, Some(Wrong::WithoutId)) {
            body = json!({"name": "Nobody"});
        }
        let content_type = Some("application/json".to_owned());
        Ok(Answer { status, content_type, body: body.to_string().into_bytes() })
    }
}

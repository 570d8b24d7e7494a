//! Plays sign-ins through providers from a description and prints what came of them: what the comparison with the
//! original reads (`tests/providers/catalogue.test.mjs`).
//!
//! In: a JSON list of cases on standard input. Out: a JSON list in the same order.

use std::{collections::BTreeMap, io::Read as _, sync::Mutex};

use async_trait::async_trait;
use keyward_core::{
    method::redirect::Departure,
    port::{Clock as _, HttpFault},
    request::Pairs,
    secret::Secret,
};
use keyward_jose::jws::{self, Algorithm, MacAlgorithm, MacKey, SigningKey};
use keyward_providers::{
    Cache, Entry, Identity, Provider, ProviderHttp, Settings, World,
    attempt::Purpose,
    begin, catalogue, complete,
    http::{Answer, Body, Outgoing},
};
use keyward_testkit::{FakeClock, SeededRandom};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// One sign-in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    client_id: String,
    client_secret: String,
    #[serde(default)]
    issuer: Option<String>,
    #[serde(default)]
    options: BTreeMap<String, String>,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    redirect_uri: String,
    #[serde(default)]
    query: Vec<(String, String)>,
    /// The provider's metadata, where it has some.
    #[serde(default)]
    metadata: Value,
    /// The token response.
    tokens: Map<String, Value>,
    /// Claims of the ID token; issuer, audience, times and nonce are added.
    #[serde(default)]
    claims: Option<Map<String, Value>>,
    /// Beside code and state.
    #[serde(default)]
    response: Vec<(String, String)>,
    /// Bodies by address, `*` for all others. `null` is a 404, `{"@jwt": claims}` a signed answer.
    #[serde(default)]
    answers: BTreeMap<String, Value>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let cases: Vec<Case> = serde_json::from_str(&text)?;
    let mut results = Vec::new();
    for case in cases {
        let log = Mutex::default();
        let mut result = match play(&case, &log).await {
            Ok((url, identity)) => {
                json!({"url": url, "user": user(&identity), "account": identity.account()})
            }
            Err(why) => json!({"error": why}),
        };
        result["requests"] = Value::Array(log.into_inner()?);
        results.push(result);
    }
    serde_json::to_writer(std::io::stdout(), &results)?;
    Ok(())
}

async fn play(case: &Case, log: &Mutex<Vec<Value>>) -> Result<(String, Identity), String> {
    let entry = match catalogue::find(&case.id) {
        Some(entry) => entry.clone(),
        None => Entry::openid(&case.id, &case.id),
    };
    let settings = Settings {
        client_id: case.client_id.clone(),
        client_secret: Some(Secret::from(case.client_secret.as_str())),
        issuer: case.issuer.clone(),
        options: case
            .options
            .iter()
            .map(|(name, value)| (name.clone(), Secret::from(value.as_str())))
            .collect(),
        userinfo_endpoint: case.userinfo_endpoint.clone(),
        ..Settings::default()
    };
    let provider = Provider::new(&case.id, &entry, settings).map_err(|why| why.to_string())?;

    let (clock, random, cache) = (FakeClock::default(), SeededRandom::default(), Cache::default());
    let key = SigningKey::generate(Algorithm::Es256).map_err(|why| why.to_string())?.with_kid("k");
    let http = Fake { case, log, key, claims: None };
    let world = World { http: &http, clock: &clock, random: &random, cache: &cache };
    let asked = Pairs(case.query.clone());
    let departure = Departure {
        purpose: Purpose::SignIn,
        redirect_uri: case.redirect_uri.clone(),
        landing: None,
        asked: &asked,
    };
    let start = begin(&provider, departure, &world).await.map_err(|why| why.to_string())?;

    let claims = case.claims.clone().map(|mut claims| {
        let now = clock.now().secs();
        let own = json!({
            "iss": case.metadata["issuer"], "aud": case.client_id, "iat": now, "exp": now + 60,
            "nonce": start.attempt.checks.nonce,
        });
        for (name, value) in own.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            claims.entry(name.as_str()).or_insert_with(|| value.clone());
        }
        claims
    });
    let mut response = vec![
        ("code".to_owned(), "the-code".to_owned()),
        ("state".to_owned(), start.attempt.checks.state.clone()),
    ];
    response.extend(case.response.iter().cloned());
    let http = Fake { case, log, key: http.key, claims };
    let world = World { http: &http, clock: &clock, random: &random, cache: &cache };
    let identity =
        complete(&provider, &Pairs(response), &start.attempt, &world).await.map_err(|why| why.to_string())?;
    Ok((start.url.into(), identity))
}

fn user(identity: &Identity) -> Value {
    let profile = &identity.profile;
    json!({
        "id": profile.id, "name": profile.name, "email": profile.email, "image": profile.image,
        "email_verified": profile.email_verified,
    })
}

/// Answers as the case says, and keeps what was asked behind the browser's back, apart from metadata and keys.
struct Fake<'c> {
    case: &'c Case,
    log: &'c Mutex<Vec<Value>>,
    key: SigningKey,
    claims: Option<Map<String, Value>>,
}

#[async_trait]
impl ProviderHttp for Fake<'_> {
    async fn send(&self, request: Outgoing) -> Result<Answer, HttpFault> {
        let url = request.url.as_str();
        if url.ends_with("/.well-known/openid-configuration") {
            return Ok(answer(&self.case.metadata));
        }
        if self.case.metadata["jwks_uri"] == url {
            return Ok(answer(&json!({"keys": [self.key.public_jwk().to_json()]})));
        }
        self.keep(&request);
        if matches!(request.body, Some(Body::Form(_))) {
            let mut tokens = self.case.tokens.clone();
            if let Some(claims) = &self.claims {
                tokens.insert("id_token".to_owned(), self.sign(&claims.clone().into())?.into());
            }
            return Ok(answer(&Value::Object(tokens)));
        }
        let body = self.case.answers.get(url).or_else(|| self.case.answers.get("*"));
        match body.filter(|body| !body.is_null()) {
            None => Ok(Answer { status: 404, content_type: None, body: Vec::new() }),
            Some(body) => match body.get("@jwt") {
                None => Ok(answer(body)),
                Some(claims) => Ok(Answer {
                    status: 200,
                    content_type: Some("application/jwt".to_owned()),
                    body: self.sign(claims)?.into_bytes(),
                }),
            },
        }
    }
}

impl Fake<'_> {
    fn sign(&self, claims: &Value) -> Result<String, HttpFault> {
        let payload = claims.to_string();
        let by_secret = catalogue::find(&self.case.id).is_some_and(|entry| entry.id_token_alg.is_some());
        let token = if by_secret {
            let key = MacKey::new(MacAlgorithm::Hs256, self.case.client_secret.as_bytes());
            jws::sign(&key.map_err(|why| HttpFault::Unreachable(why.to_string()))?, payload.as_bytes())
        } else {
            self.key.sign(Some("JWT"), payload.as_bytes())
        };
        token.map_err(|why| HttpFault::Unreachable(why.to_string()))
    }

    fn keep(&self, request: &Outgoing) {
        let headers: Map<String, Value> = request
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.expose().into()))
            .collect();
        let (method, body) = match &request.body {
            None => ("GET", ""),
            Some(Body::Form(text) | Body::Json(text)) => ("POST", text.expose()),
            Some(Body::Empty) => ("POST", ""),
        };
        let entry = json!({"method": method, "url": request.url.as_str(), "headers": headers, "body": body});
        self.log.lock().expect("nobody panics while writing").push(entry);
    }
}

fn answer(body: &Value) -> Answer {
    Answer {
        status: 200,
        content_type: Some("application/json".to_owned()),
        body: body.to_string().into_bytes(),
    }
}

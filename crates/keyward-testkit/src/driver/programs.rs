//! Programs, which get tokens in place of a cookie.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyward_core::{
    dialect::Dialect,
    reply::Reply,
    request::{Body, Method, Pairs, Request},
    secret::Secret,
    settings::Strategy,
    tokens::{Audience, Client, TokenSettings},
};
use serde_json::Value;

use super::{Options, PASSWORD, World, json};

/// Whom tokens are for.
pub const API: &str = "https://api.test";
const CLIENT_SECRET: &str = "a client's secret of thirty-two characters";

/// Three audiences, one for clients alone.
#[must_use]
pub fn tokens() -> TokenSettings {
    let audience = |name: &str, scopes: &[&str], clients_only| Audience {
        name: name.to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        clients_only,
        ..Audience::default()
    };
    TokenSettings {
        audiences: vec![
            audience(API, &["read", "write"], false),
            audience("https://blog.test", &["post"], false),
            audience("https://ledger.test", &["audit"], true),
        ],
        ..TokenSettings::default()
    }
}

impl Options {
    /// Where programs get tokens: the clients `shop` and `blog`, and programs without a secret.
    #[must_use]
    pub fn for_programs(dialect: Dialect, strategy: Strategy) -> Self {
        let client = |id: &str, audiences: &[&str]| Client {
            id: id.to_owned(),
            secret: Secret::from(CLIENT_SECRET),
            audiences: audiences.iter().map(|name| (*name).to_owned()).collect(),
            vouches_for: Vec::new(),
        };
        Self {
            tokens: Some(tokens()),
            clients: vec![
                client("shop", &[API, "https://ledger.test"]),
                client("blog", &["https://blog.test"]),
            ],
            ..Self::new(dialect, strategy)
        }
    }
}

/// A call as a program makes it.
pub struct Asking<'a> {
    /// Where it calls.
    pub world: &'a World,
    /// Of a session, where it brings one along.
    pub cookies: Pairs,
    /// Who it is.
    pub authorization: Option<Secret>,
}

impl World {
    /// A program that has no secret.
    #[must_use]
    pub fn program(&self) -> Asking<'_> {
        Asking { world: self, cookies: Pairs::default(), authorization: None }
    }

    /// A program that shows its secret.
    #[must_use]
    pub fn client(&self, id: &str) -> Asking<'_> {
        let header = format!("Basic {}", STANDARD.encode(format!("{id}:{CLIENT_SECRET}")));
        Asking { authorization: Some(header.into()), ..self.program() }
    }

    /// A program that shows an access token.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Asking<'_> {
        Asking { authorization: Some(format!("Bearer {token}").into()), ..self.program() }
    }
}

impl Asking<'_> {
    /// With the cookies of a person.
    #[must_use]
    pub fn bringing(self, cookies: &Pairs) -> Self {
        Self { cookies: cookies.clone(), ..self }
    }

    /// Sends a request to a call.
    pub async fn send(&self, method: Method, call: &str, body: Body) -> Reply {
        let settings = self.world.engine.settings();
        let reply = self
            .world
            .engine
            .answer(Request {
                method,
                path: ["-", "v1", call].map(str::to_owned).to_vec(),
                query: Pairs::default(),
                body,
                cookies: self.cookies.clone(),
                json_header: false,
                public: settings.public.clone(),
                client: [192, 0, 2, 1].into(),
                user_agent: Some("a program".to_owned()),
                authorization: self.authorization.clone(),
            })
            .await;
        assert!(reply.cookies.is_empty(), "programs get no cookies: {call}");
        reply
    }

    /// Posts: status and answer.
    pub async fn post(&self, call: &str, members: Value) -> (u16, Value) {
        let Value::Object(members) = members else { unreachable!("an object") };
        let reply = self.send(Method::Post, call, Body::Json(members)).await;
        (reply.status, json(&reply))
    }

    /// Asks: status and answer.
    pub async fn get(&self, call: &str) -> (u16, Value) {
        let reply = self.send(Method::Get, call, Body::None).await;
        (reply.status, json(&reply))
    }

    /// Shows a refresh token.
    pub async fn refresh(&self, token: &str) -> (u16, Value) {
        self.post("refresh", serde_json::json!({ "refreshToken": token })).await
    }

    /// Signs up, and gives what came back.
    pub async fn begins(&self, wanted: Value) -> Value {
        let mut members =
            serde_json::json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada" });
        members.as_object_mut().expect("one").extend(wanted.as_object().cloned().unwrap_or_default());
        let (status, answer) = self.post("sign-up", members).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

/// A text member of an answer.
#[must_use]
pub fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| unreachable!("{name} in {answer}"))
}

/// The refresh token of an answer.
#[must_use]
pub fn refresh_token(answer: &Value) -> &str {
    text(answer, "refreshToken")
}

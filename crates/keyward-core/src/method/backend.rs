//! Credentials that an existing back end checks (B1, B2).
//!
//! The submitted fields go out as JSON. 2xx is the user; 401 is "wrong credentials"; any other refusal carries
//! the back end's own word to the person where it has one. Whatever else may happen has a code of its own.

mod refresh;
mod tokens;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::{Map, Value};
use url::Url;

pub use self::{
    refresh::{BackendRefresh, RefreshEndpoint},
    tokens::{ExpiresAs, TokenPlaces},
};
use super::{CredentialsCheck, OpensTo, Proof, Submitted};
use crate::{
    error::{Code, Refusal, Said, cleaned},
    port::{Clock, HttpAnswer, HttpCall, HttpClient, Random, uuid},
    secret::Secret,
    time::Timestamp,
    user::{AccountKey, Admission, Extra, Profile, UserId},
    vault::ForeignTokens,
};

/// How much of a failing back end's body goes to the log, in characters.
const MAX_LOGGED: usize = 300;

/// How one endpoint of a back end is asked, and how its answer is read.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where the fields are sent.
    pub url: Url,
    /// Additional headers, such as an API key.
    pub headers: Vec<(String, Secret)>,
    /// The back end's name: accounts of all endpoints of one source are one person's.
    pub source: String,
    /// For the whole exchange.
    pub timeout: Duration,
    /// Largest answer, in bytes.
    pub max_answer: usize,
    /// Where the user lies in the answer; empty: the whole body.
    pub user: Vec<String>,
    /// Where in the user the id, name, address and picture lie.
    pub fields: UserFields,
    /// Fields of the user that the token keeps: token field to path in the user.
    pub keep: Vec<(String, Vec<String>)>,
    /// Where its tokens lie; `None`: it hands out none that sessions keep.
    pub tokens: Option<TokenPlaces>,
    /// True: a 401 carries the back end's own word too.
    pub own_word_on_401: bool,
    /// Where in a refusal the message for the person lies.
    pub message: Vec<String>,
    /// Where in a refusal the code lies.
    pub code: Vec<String>,
}

/// Paths within a back end's user.
#[derive(Clone, Debug)]
pub struct UserFields {
    /// The first of these that holds a text or a number is the person's id.
    pub id: Vec<Vec<String>>,
    /// Display name.
    pub name: Vec<String>,
    /// Address.
    pub email: Vec<String>,
    /// Picture.
    pub image: Vec<String>,
}

impl Default for UserFields {
    fn default() -> Self {
        let path = |text: &str| vec![text.to_owned()];
        Self {
            id: ["id", "_id", "sub", "email"].map(path).to_vec(),
            name: path("name"),
            email: path("email"),
            image: path("image"),
        }
    }
}

/// Asks a back end who somebody is.
pub struct BackendCheck {
    /// Whom, and how.
    pub endpoint: Endpoint,
    /// Outgoing HTTP.
    pub http: Arc<dyn HttpClient>,
    /// Draws user ids.
    pub random: Arc<dyn Random>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl CredentialsCheck for BackendCheck {
    async fn check(&self, submitted: &Submitted) -> Result<Proof, Refusal> {
        let endpoint = &self.endpoint;
        let body = serde_json::to_string(&submitted.fields).expect("JSON values are JSON");
        let call = HttpCall {
            url: endpoint.url.clone(),
            headers: endpoint.headers.clone(),
            body: Secret::from(body),
            timeout: endpoint.timeout,
            max_answer: endpoint.max_answer,
            alone: false,
        };
        let answer = self.http.call(call).await?;
        let body = endpoint.body_of(&answer, &submitted.fields)?;
        let user = endpoint.user_of(&body)?;
        let new_id = UserId(uuid(self.random.as_ref()));
        let proof = endpoint.proof_of(user, new_id).ok_or_else(|| {
            Refusal::new(Code::BackendWrongShape).because("the user holds no id (a text or a number)")
        })?;
        Ok(Proof { tokens: endpoint.tokens_of(&body, self.clock.now()), ..proof })
    }

    fn opens_to(&self) -> OpensTo<'_> {
        OpensTo::Account(&self.endpoint.source)
    }
}

impl Endpoint {
    /// What an answer says, or what it refuses with.
    fn body_of(&self, answer: &HttpAnswer, submitted: &Map<String, Value>) -> Result<Value, Refusal> {
        if !(200..300).contains(&answer.status) {
            return Err(self.refusal_of(answer, submitted));
        }
        serde_json::from_slice(&answer.body).map_err(|error| {
            Refusal::new(Code::BackendNotJson).because(format!(
                "at line {} column {}",
                error.line(),
                error.column()
            ))
        })
    }

    fn user_of<'b>(&self, body: &'b Value) -> Result<&'b Value, Refusal> {
        match at(body, &self.user) {
            Some(user @ Value::Object(_)) => Ok(user),
            // As `authorize` that returns null or false: nobody.
            Some(Value::Null | Value::Bool(false)) => Err(Refusal::new(Code::CredentialsSignin)),
            _ => {
                let place = if self.user.is_empty() { "the body".to_owned() } else { self.user.join(".") };
                Err(Refusal::new(Code::BackendWrongShape).because(format!("{place} is not an object")))
            }
        }
    }

    fn tokens_of(&self, body: &Value, now: Timestamp) -> Option<ForeignTokens> {
        let tokens = self.tokens.as_ref()?.read(body, &self.user, now);
        if tokens.is_none() {
            let source = &self.source;
            tracing::warn!(source, "the back end's answer holds no access token where one was declared");
        }
        tokens
    }

    fn refusal_of(&self, answer: &HttpAnswer, submitted: &Map<String, Value>) -> Refusal {
        if answer.status == 401 && !self.own_word_on_401 {
            return Refusal::new(Code::CredentialsSignin).because("the back end answered 401");
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let said = Said::of(at(&body, &self.message), at(&body, &self.code));
        let detail = format!("the back end answered {}", answer.status);
        if said != Said::default() {
            let mut refusal = Refusal::new(Code::BackendRefused).because(detail);
            refusal.said = Some(said);
            refusal.wrong = answer.status == 401;
            return refusal;
        }
        match answer.status {
            401 => Refusal::new(Code::CredentialsSignin).because(detail),
            400..=499 => Refusal::new(Code::BackendRefused).because(detail),
            _ => {
                let text = without(submitted, &String::from_utf8_lossy(&answer.body));
                let text = cleaned(&text, MAX_LOGGED).unwrap_or_default();
                Refusal::new(Code::BackendFailed).because(format!("{detail}: {text}"))
            }
        }
    }

    fn proof_of(&self, user: &Value, new_id: UserId) -> Option<Proof> {
        let id = self.fields.id.iter().find_map(|path| match at(user, path)? {
            Value::String(id) if !id.is_empty() => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        })?;
        let text = |path: &[String]| match at(user, path)? {
            Value::String(text) => Some(Some(text.clone())),
            Value::Null => Some(None),
            _ => None,
        };
        let profile = Profile {
            name: text(&self.fields.name),
            email: text(&self.fields.email),
            image: text(&self.fields.image),
        };
        let mut extra = Extra::new();
        for (field, path) in &self.keep {
            if let Some(value) = at(user, path) {
                extra.insert(field.clone(), value.clone());
            }
        }
        let key = AccountKey { source: self.source.clone(), id: id.clone() };
        let admission = Admission::Account { key, profile: profile.clone(), new_id };
        Some(Proof { admission, sub: id, profile, extra, tokens: None, opens_session: true })
    }
}

fn at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| value.get(step))
}

/// A back end that fails may quote what it was sent, and a password has no place in a log.
fn without(submitted: &Map<String, Value>, text: &str) -> String {
    // More than is logged, so that nothing is cut in two and then missed.
    let mut text: String = text.chars().take(MAX_LOGGED * 16).collect();
    for sent in submitted.values().filter_map(Value::as_str).filter(|sent| !sent.is_empty()) {
        let quoted = Value::from(sent).to_string();
        text = text.replace(quoted.trim_matches('"'), "…").replace(sent, "…");
    }
    text
}

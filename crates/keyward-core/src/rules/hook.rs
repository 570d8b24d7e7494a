//! Rules that are asked over HTTP: a receiver in any language answers what a callback would return.
//!
//! A request is `{"type": …, "timestamp": …, "data": {…}}`, signed ([`super::webhook`]). What is not answered is
//! refused: a hook that cannot be reached, is too slow, fails or talks nonsense lets nobody in.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    Candidate, Rules, Trigger, Verdict,
    webhook::{self, WebhookKey},
};
use crate::{
    claims::Claims,
    error::{Code, Refusal, Said},
    event::{Event, Events, NotTaken},
    port::{Clock, HttpAnswer, HttpCall, HttpClient, HttpFault, Random, uuid},
    secret::Secret,
    time::Timestamp,
};

/// Where the hooks of a deployment are. What has no address is not asked.
#[derive(Clone, Debug)]
pub struct HookSettings {
    /// NextAuth's `signIn`.
    pub sign_in: Option<Url>,
    /// The deployment's own API server takes a provider's profile and answers with its user (A1).
    pub profile_exchange: Option<Url>,
    /// NextAuth's `jwt`.
    pub jwt: Option<Url>,
    /// NextAuth's `session`.
    pub session: Option<Url>,
    /// NextAuth's `redirect`.
    pub redirect: Option<Url>,
    /// NextAuth's events, told afterwards.
    pub events: Option<Url>,
    /// Sign every request; never empty where there is an address.
    pub keys: Vec<WebhookKey>,
    /// For a whole exchange.
    pub timeout: Duration,
    /// Largest answer, in bytes.
    pub max_answer: usize,
}

/// Asks the hooks.
pub struct Hooks {
    /// Which, and how.
    pub settings: HookSettings,
    /// Outgoing HTTP.
    pub http: Arc<dyn HttpClient>,
    /// Dates the requests.
    pub clock: Arc<dyn Clock>,
    /// Draws their ids.
    pub random: Arc<dyn Random>,
}

#[async_trait]
impl Rules for Hooks {
    async fn sign_in(&self, candidate: &Candidate) -> Result<Verdict, Refusal> {
        let arguments = Value::Object(candidate.arguments());
        let mut added = Map::new();
        if let Some(url) = &self.settings.sign_in {
            match self.ask("sign_in", url, arguments.clone(), verdict).await? {
                Verdict::Allow(user) => added.extend(user),
                other => return Ok(other),
            }
        }
        // The exchange is for people whom a provider vouches for.
        if let (Some(url), Some(_)) = (&self.settings.profile_exchange, &candidate.profile) {
            match self.ask("profile_exchange", url, arguments, verdict).await? {
                Verdict::Allow(user) => added.extend(user),
                other => return Ok(other),
            }
        }
        Ok(Verdict::Allow(added))
    }

    async fn token(
        &self,
        claims: &Claims,
        trigger: Trigger,
        candidate: Option<&Candidate>,
        data: Option<&Value>,
    ) -> Result<Map<String, Value>, Refusal> {
        let Some(url) = &self.settings.jwt else { return Ok(Map::new()) };
        let mut arguments = candidate.map(Candidate::arguments).unwrap_or_default();
        arguments.insert("token".to_owned(), json!(claims));
        arguments.insert("trigger".to_owned(), trigger.as_str().into());
        arguments.insert("isNewUser".to_owned(), (trigger == Trigger::SignUp).into());
        if let Some(data) = data {
            arguments.insert("session".to_owned(), data.clone());
        }
        self.ask("jwt", url, Value::Object(arguments), |answer| member(answer, "token")).await
    }

    async fn session(&self, session: &Value, claims: &Claims) -> Result<Map<String, Value>, Refusal> {
        let Some(url) = &self.settings.session else { return Ok(Map::new()) };
        let arguments = json!({ "session": session, "token": claims });
        self.ask("session", url, arguments, |answer| member(answer, "session")).await
    }

    async fn redirect(&self, url: &str, base_url: &str) -> Result<Option<String>, Refusal> {
        let Some(hook) = &self.settings.redirect else { return Ok(None) };
        let arguments = json!({ "url": url, "baseUrl": base_url });
        let place = |answer: &Map<String, Value>| match said(answer, "url") {
            Some(Value::String(url)) => Ok(url.clone()),
            _ => Err(wrong("its `url` is no text")),
        };
        self.ask("redirect", hook, arguments, place).await.map(Some)
    }
}

impl Hooks {
    /// One question, and what `read` makes of the answer.
    async fn ask<T>(
        &self,
        kind: &str,
        url: &Url,
        data: Value,
        read: impl Fn(&Map<String, Value>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let now = self.clock.now();
        let body = json!({ "type": kind, "timestamp": now.iso(), "data": data }).to_string();
        let id = format!("msg_{}", uuid(self.random.as_ref()));
        let answer = self.send(url, &id, now, body).await.map_err(|fault| unanswered(&fault));
        answer.and_then(|answer| read(&members(&answer)?)).map_err(|refusal| {
            let detail = refusal.detail.clone().unwrap_or_default();
            refusal.because(format!("hook {kind}: {detail}"))
        })
    }
}

impl Hooks {
    /// One signed request.
    async fn send(&self, url: &Url, id: &str, now: Timestamp, body: String) -> Result<HttpAnswer, HttpFault> {
        let call = HttpCall {
            alone: false,
            url: url.clone(),
            headers: webhook::headers(&self.settings.keys, id, now, &body),
            body: Secret::from(body),
            timeout: self.settings.timeout,
            max_answer: self.settings.max_answer,
        };
        self.http.call(call).await
    }
}

/// Any 2xx takes an event. It is signed anew at each try: receivers refuse what was signed long ago.
#[async_trait]
impl Events for Hooks {
    async fn receive(&self, event: &Event) -> Result<(), NotTaken> {
        let Some(url) = &self.settings.events else { return Ok(()) };
        match self.send(url, &event.id, self.clock.now(), event.body.clone()).await {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
            Ok(answer) => Err(NotTaken(format!("it answered {}", answer.status))),
            Err(fault) => Err(NotTaken(fault.to_string())),
        }
    }
}

/// The members of an answer: a JSON object with status 200.
fn members(answer: &HttpAnswer) -> Result<Map<String, Value>, Refusal> {
    let parsed = serde_json::from_slice::<Value>(&answer.body).unwrap_or(Value::Null);
    match (answer.status, parsed) {
        (200, Value::Object(members)) => Ok(members),
        (200, _) => Err(wrong("its answer is no JSON object")),
        (status @ 400..=499, parsed) => {
            let mut refusal = Refusal::new(Code::HookRefused).because(format!("it answered {status}"));
            let said = Said::of(parsed.get("message"), parsed.get("code"));
            refusal.said = (said != Said::default()).then_some(said);
            Err(refusal)
        }
        (status, _) => Err(Refusal::new(Code::HookUnavailable).because(format!("it answered {status}"))),
    }
}

/// `{allow: true, user?}`, `{allow: false}`, or `{redirect}`.
fn verdict(answer: &Map<String, Value>) -> Result<Verdict, Refusal> {
    if let Some(redirect) = said(answer, "redirect") {
        let place = redirect.as_str().ok_or_else(|| wrong("its `redirect` is no text"))?;
        return Ok(Verdict::Redirect(place.to_owned()));
    }
    match (said(answer, "allow"), said(answer, "user")) {
        (Some(Value::Bool(false)), _) => Ok(Verdict::Deny),
        (Some(Value::Bool(true)), None) => Ok(Verdict::allow()),
        (Some(Value::Bool(true)), Some(Value::Object(user))) => Ok(Verdict::Allow(user.clone())),
        (Some(Value::Bool(true)), Some(_)) => Err(wrong("its `user` is no object")),
        _ => Err(wrong("it holds neither `allow` (true or false) nor `redirect`")),
    }
}

/// The answer's member `name`. Null says nothing: many write what they leave out so.
fn said<'a>(answer: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    answer.get(name).filter(|value| !value.is_null())
}

/// The answer's member `name`, an object.
fn member(answer: &Map<String, Value>, name: &str) -> Result<Map<String, Value>, Refusal> {
    match said(answer, name) {
        Some(Value::Object(members)) => Ok(members.clone()),
        _ => Err(wrong(&format!("its `{name}` is no object"))),
    }
}

fn wrong(why: &str) -> Refusal {
    Refusal::new(Code::HookWrongAnswer).because(why)
}

fn unanswered(fault: &HttpFault) -> Refusal {
    let code = match fault {
        HttpFault::TooLarge(_) => Code::HookWrongAnswer,
        HttpFault::Timeout(_) | HttpFault::Unreachable(_) | HttpFault::NotSent(_) => Code::HookUnavailable,
    };
    Refusal::new(code).because(fault.to_string())
}

//! Browsers that keep cookies, and what they are answered.

use std::net::IpAddr;

use keyward_core::{
    dialect::Dialect,
    reply::{Reply, ReplyBody},
    request::{Body, Method, Pairs, Request},
    secret::Secret,
};
use serde_json::Value;

use super::{PASSWORD, World};

/// A browser: sends its cookies, keeps what is set.
pub struct Browser<'a> {
    /// Where it browses.
    pub world: &'a World,
    /// Names and values.
    pub cookies: Vec<(String, String)>,
    /// Where it comes from.
    pub address: IpAddr,
    /// As it names itself.
    pub agent: String,
    /// Sent with every request.
    pub authorization: Option<String>,
}

impl Browser<'_> {
    /// Sends a request, its query in `target`, to a path below the base.
    pub async fn send(&mut self, method: Method, target: &str, body: Body) -> Reply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let request = Request {
            method,
            path: path.split('/').map(str::to_owned).collect(),
            query: Pairs(query),
            body,
            cookies: Pairs(self.cookies.clone()),
            // The client asks so when it posts; a link in a mail is opened by the browser itself.
            json_header: method == Method::Post && self.world.engine.settings().dialect == Dialect::AuthJs5,
            public: self.world.engine.settings().public.clone(),
            client: self.address,
            user_agent: Some(self.agent.clone()),
            authorization: self.authorization.as_deref().map(Secret::from),
        };
        let reply = self.world.engine.answer(request).await;
        for cookie in &reply.cookies {
            let (name, rest) = cookie.split_once('=').expect("name=value");
            let value = rest.split(';').next().expect("a value");
            let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
            self.cookies.retain(|(other, _)| other != name);
            if !rest.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value));
            }
        }
        reply
    }

    /// Asks for a page.
    pub async fn get(&mut self, target: &str) -> Reply {
        self.send(Method::Get, target, Body::None).await
    }

    /// A token for forms.
    pub async fn csrf(&mut self) -> String {
        json(&self.get("csrf").await)["csrfToken"].as_str().expect("a token").to_owned()
    }

    /// Posts a form in JSON mode with a good CSRF token.
    pub async fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Reply {
        let csrf = self.csrf().await;
        let mut form = vec![("csrfToken".to_owned(), csrf), ("json".to_owned(), "true".to_owned())];
        form.extend(fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        self.send(Method::Post, target, Body::Form(Pairs(form))).await
    }

    /// Signs up as Ada, with [`PASSWORD`].
    pub async fn sign_up(&mut self, email: &str) -> Reply {
        self.post("callback/signup", &[("email", email), ("password", PASSWORD), ("name", "Ada")]).await
    }

    /// Signs in with a password.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> Reply {
        self.post("callback/credentials", &[("email", email), ("password", password)]).await
    }

    /// What the session shows.
    pub async fn session(&mut self) -> Value {
        let reply = self.get("session").await;
        assert_eq!(reply.status, 200);
        json(&reply)
    }

    /// Whether it shows anybody.
    pub async fn is_signed_in(&mut self) -> bool {
        self.session().await.get("user").is_some()
    }

    /// The session's cookie.
    #[must_use]
    pub fn session_cookie(&self) -> Option<&str> {
        let name = self.world.engine.settings().dialect.cookie_names(false).session;
        self.cookies.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// The JSON of an answer.
#[must_use]
pub fn json(reply: &Reply) -> Value {
    let ReplyBody::Json(text) = &reply.body else {
        unreachable!("not JSON: {:?} with status {}", reply.body, reply.status)
    };
    serde_json::from_str(text).expect("JSON")
}

/// The `url` of an answer.
#[must_use]
pub fn url(reply: &Reply) -> String {
    json(reply)["url"].as_str().expect("a url").to_owned()
}

/// Where an answer redirects to; empty if nowhere.
#[must_use]
pub fn location(reply: &Reply) -> &str {
    let found = reply.headers.iter().find(|(name, _)| *name == "location");
    found.map(|(_, value)| &**value).unwrap_or_default()
}

/// A link as the path below the base that a browser asks for.
#[must_use]
pub fn target(link: &str) -> String {
    link.strip_prefix("http://app.test/api/auth/").expect("a link of this deployment").to_owned()
}

/// The `error` and `code` that a client reads from the answer's `url`.
#[must_use]
pub fn error_of(reply: &Reply) -> (Option<String>, Option<String>) {
    let url = url(reply);
    let url = url::Url::parse(&url).expect("absolute, as the clients need it");
    let get = |name| url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
    (get("error"), get("code"))
}

//! A browser of sorts: keeps cookies, follows nothing.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{Client, Response, StatusCode, header, redirect::Policy};
use serde_json::Value;

/// One person's browser at one origin.
pub(crate) struct Browser {
    client: Client,
    pub(crate) origin: String,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) fn at(origin: String) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(Duration::from_secs(20));
        Self { client: client.build().expect("a client"), origin, cookies: BTreeMap::new() }
    }

    pub(crate) async fn get(&mut self, path: &str, accept: &str) -> Answer {
        let request = self.client.get(format!("{}{path}", self.origin)).header(header::ACCEPT, accept);
        self.send(request).await
    }

    pub(crate) async fn json(&mut self, path: &str) -> Value {
        let answer = self.get(path, "application/json").await;
        serde_json::from_str(&answer.text).expect("JSON")
    }

    /// Posts fields with the CSRF token, as NextAuth's client does.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.json("/api/auth/csrf").await;
        let mut body: serde_json::Map<String, Value> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        body.insert("csrfToken".to_owned(), csrf["csrfToken"].clone());
        body.insert("json".to_owned(), Value::from("true"));
        let request = self.client.post(format!("{}{path}", self.origin)).json(&body);
        self.send(request).await
    }

    pub(crate) async fn session(&mut self) -> Value {
        self.json("/api/auth/session").await
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = request.header(header::COOKIE, cookies.join("; ")).send().await.expect("an answer");
        self.keep_cookies(&response);
        let location = response.headers().get(header::LOCATION);
        let location = location.map(|location| location.to_str().expect("ASCII").to_owned());
        Answer { status: response.status(), location, text: response.text().await.expect("text") }
    }

    fn keep_cookies(&mut self, response: &Response) {
        for line in response.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("ASCII");
            let (name, rest) = line.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

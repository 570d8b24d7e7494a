//! A back end's own way to refresh its tokens (D2).

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use super::{TokenPlaces, at};
use crate::{
    error::cleaned,
    port::{Clock, HttpAnswer, HttpCall, HttpClient},
    secret::Secret,
    vault::{ForeignTokens, RefreshFault, Refresher},
};

/// How a back end is asked for new tokens.
#[derive(Clone, Debug)]
pub struct RefreshEndpoint {
    /// Where the refresh token is sent.
    pub url: Url,
    /// Additional headers. `{refresh_token}` and `{access_token}` in them stand for the tokens.
    pub headers: Vec<(String, Secret)>,
    /// The fields that are sent, with the same placeholders.
    pub fields: Vec<(String, String)>,
    /// How they are sent.
    pub form: bool,
    /// For the whole exchange.
    pub timeout: std::time::Duration,
    /// Largest answer, in bytes.
    pub max_answer: usize,
    /// Where the new tokens lie.
    pub tokens: TokenPlaces,
    /// Where the user lies in an answer.
    pub user: Vec<String>,
    /// Where in a refusal the message lies: for the log.
    pub message: Vec<String>,
}

/// Asks a back end for new tokens.
pub struct BackendRefresh {
    /// Whom, and how.
    pub endpoint: RefreshEndpoint,
    /// Outgoing HTTP.
    pub http: Arc<dyn HttpClient>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Refresher for BackendRefresh {
    async fn refresh(&self, tokens: &ForeignTokens, key: &str) -> Result<ForeignTokens, RefreshFault> {
        let RefreshEndpoint { url, timeout, max_answer, .. } = &self.endpoint;
        let call = HttpCall {
            url: url.clone(),
            headers: self.endpoint.headers(tokens, key),
            body: self.endpoint.body(tokens),
            timeout: *timeout,
            max_answer: *max_answer,
            alone: true,
        };
        let answer = self.http.call(call).await?;
        let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
        match answer.status {
            200..=299 => {
                let user = &self.endpoint.user;
                let new = body.and_then(|body| self.endpoint.tokens.read(&body, user, self.clock.now()));
                // It may well have taken the old one back.
                new.ok_or_else(|| {
                    RefreshFault::Unanswered("there was no access token in the answer".to_owned())
                })
            }
            400 | 401 | 403 | 409 | 410 | 422 => {
                Err(RefreshFault::Refused(self.endpoint.said(&answer, body.as_ref(), tokens)))
            }
            _ => Err(RefreshFault::Failed(self.endpoint.said(&answer, body.as_ref(), tokens))),
        }
    }
}

impl RefreshEndpoint {
    fn headers(&self, tokens: &ForeignTokens, key: &str) -> Vec<(String, Secret)> {
        let mut headers = vec![("idempotency-key".to_owned(), Secret::from(key))];
        if self.form {
            headers.push(("content-type".to_owned(), Secret::from("application/x-www-form-urlencoded")));
        }
        let own = self.headers.iter();
        headers.extend(own.map(|(name, value)| (name.clone(), Secret::from(filled(value.expose(), tokens)))));
        headers
    }

    fn body(&self, tokens: &ForeignTokens) -> Secret {
        let fields = self.fields.iter().map(|(name, value)| (name.clone(), filled(value, tokens)));
        Secret::from(if self.form {
            form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
        } else {
            let fields: Map<String, Value> = fields.map(|(name, value)| (name, Value::from(value))).collect();
            serde_json::to_string(&fields).expect("JSON values are JSON")
        })
    }

    /// Its message alone, without what it was sent: it may quote that.
    fn said(&self, answer: &HttpAnswer, body: Option<&Value>, tokens: &ForeignTokens) -> String {
        let message = body.and_then(|body| at(body, &self.message)?.as_str()).map(|text| {
            let sent = [Some(&tokens.access_token), tokens.refresh_token.as_ref()].into_iter().flatten();
            sent.fold(text.to_owned(), |text, token| text.replace(token.expose(), "…"))
        });
        let message = message.and_then(|text| cleaned(&text, 200)).map(|text| format!(": {text}"));
        format!("the back end answered {}{}", answer.status, message.unwrap_or_default())
    }
}

/// Each placeholder once, so that a token that looks like one stays as it is.
fn filled(template: &str, tokens: &ForeignTokens) -> String {
    const PLACES: [&str; 2] = ["{refresh_token}", "{access_token}"];
    let mut text = String::new();
    let mut rest = template;
    while let Some((at, place)) =
        PLACES.iter().filter_map(|place| Some((rest.find(place)?, *place))).min_by_key(|(at, _)| *at)
    {
        text.push_str(&rest[..at]);
        text.push_str(match place {
            "{access_token}" => tokens.access_token.expose(),
            _ => tokens.refresh_token.as_ref().map(Secret::expose).unwrap_or_default(),
        });
        rest = &rest[at + place.len()..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> RefreshEndpoint {
        RefreshEndpoint {
            url: "http://127.0.0.1/refresh".parse().expect("an address"),
            headers: vec![("authorization".to_owned(), Secret::from("Bearer {access_token}"))],
            fields: vec![
                ("refreshToken".to_owned(), "{refresh_token}".to_owned()),
                ("both".to_owned(), "{access_token}-{refresh_token}-{other}".to_owned()),
            ],
            form: false,
            timeout: std::time::Duration::from_secs(1),
            max_answer: 1024,
            tokens: TokenPlaces::default(),
            user: Vec::new(),
            message: vec!["message".to_owned()],
        }
    }

    fn tokens() -> ForeignTokens {
        let access_token = Secret::from("{refresh_token}&");
        ForeignTokens { access_token, refresh_token: Some(Secret::from("r\"1")), expires: None }
    }

    #[test]
    fn a_back_end_that_quotes_the_tokens_writes_none_of_them_into_the_log() {
        let body = serde_json::json!({"message": "r\"1 is used up, and so is {refresh_token}&"});
        let answer = HttpAnswer { status: 401, body: Vec::new() };
        let said = endpoint().said(&answer, Some(&body), &tokens());
        assert_eq!(said, "the back end answered 401: … is used up, and so is …");
        assert_eq!(endpoint().said(&answer, None, &tokens()), "the back end answered 401");
    }

    #[test]
    fn d2_the_declared_fields_and_headers_carry_the_tokens() {
        let endpoint = endpoint();
        let body = endpoint.body(&tokens());
        assert_eq!(
            body.expose(),
            r#"{"refreshToken":"r\"1","both":"{refresh_token}&-r\"1-{other}"}"#,
            "a token that looks like a placeholder is none"
        );
        let headers = endpoint.headers(&tokens(), "k1");
        let exposed: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(exposed, [("idempotency-key", "k1"), ("authorization", "Bearer {refresh_token}&")]);
        let form = RefreshEndpoint { form: true, ..endpoint };
        assert_eq!(
            form.body(&tokens()).expose(),
            "refreshToken=r%221&both=%7Brefresh_token%7D%26-r%221-%7Bother%7D"
        );
        assert!(
            form.headers(&tokens(), "k1").iter().any(|(_, value)| value.expose().ends_with("urlencoded"))
        );
    }
}

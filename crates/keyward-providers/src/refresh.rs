//! The refresh grant (RFC 6749 §6).

use async_trait::async_trait;
use keyward_core::{
    secret::Secret,
    vault::{ForeignTokens, RefreshFault, Refresher},
};
use url::form_urlencoded;

use crate::{
    client_auth::Parties,
    discovery::Endpoint,
    fault::{Code, Fault, quoted},
    flow,
    http::{Answer, Body, Outgoing},
    method::RedirectTools,
    provider::Provider,
    token::{self, Tokens},
    world::World,
};

/// Refreshes what one provider handed out.
pub struct ProviderRefresh {
    provider: Provider,
    tools: RedirectTools,
}

impl ProviderRefresh {
    /// At this provider, with these tools.
    #[must_use]
    pub fn new(provider: Provider, tools: RedirectTools) -> Self {
        Self { provider, tools }
    }

    fn world(&self) -> World<'_> {
        let RedirectTools { http, cache, clock, random, .. } = &self.tools;
        World { http: http.as_ref(), clock: clock.as_ref(), random: random.as_ref(), cache }
    }

    async fn endpoint(&self) -> Result<Endpoint, Fault> {
        let metadata = flow::metadata(&self.provider, &self.world()).await?;
        metadata.token.ok_or_else(|| Code::Discovery.because("there is no token endpoint"))
    }

    fn request(&self, endpoint: &Endpoint, refresh_token: &Secret, key: &str) -> Result<Outgoing, Fault> {
        let mut form = vec![
            ("grant_type".to_owned(), "refresh_token".to_owned()),
            ("refresh_token".to_owned(), refresh_token.expose().to_owned()),
        ];
        let parties = Parties {
            client_id: &self.provider.client_id,
            issuer: self.provider.issuer.as_deref(),
            token_endpoint: endpoint.url.as_str(),
        };
        let RedirectTools { clock, random, .. } = &self.tools;
        let header = self.provider.client_auth.prove(parties, &mut form, random.as_ref(), clock.now())?;
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let body = Body::Form(Secret::from(body));
        let request = Outgoing::post(endpoint.url.clone(), endpoint.learned, body);
        let request = Outgoing { alone: true, ..request.header("Idempotency-Key", key) };
        Ok(match header {
            Some(header) => request.header("Authorization", header),
            None => request,
        })
    }
}

#[async_trait]
impl Refresher for ProviderRefresh {
    /// The provider's metadata is here before the refresh token leaves.
    async fn prepare(&self) -> Result<(), String> {
        self.endpoint().await.map(drop).map_err(|fault| fault.to_string())
    }

    async fn refresh(&self, tokens: &ForeignTokens, key: &str) -> Result<ForeignTokens, RefreshFault> {
        let not_sent = |fault: Fault| RefreshFault::NotSent(fault.to_string());
        let Some(refresh_token) = &tokens.refresh_token else {
            return Err(RefreshFault::NotSent("there is no refresh token".to_owned()));
        };
        let endpoint = self.endpoint().await.map_err(not_sent)?;
        let request = self.request(&endpoint, refresh_token, key).map_err(not_sent)?;
        let answer = self.tools.http.send(request).await?;
        let Tokens { access_token, refresh_token, expires_at, .. } = match read(&answer) {
            Reading::Tokens => {
                let now = self.tools.clock.now();
                token::tokens(&answer, now).map_err(|fault| RefreshFault::Unanswered(fault.to_string()))?
            }
            Reading::Refused(why) => return Err(RefreshFault::Refused(why)),
            Reading::Failed(why) => return Err(RefreshFault::Failed(why)),
        };
        let expires = expires_at.map(keyward_core::time::Timestamp::from_secs);
        Ok(ForeignTokens { access_token, refresh_token, expires })
    }
}

/// What an answer is, before anything is taken out of it.
#[derive(Debug, PartialEq)]
enum Reading {
    Tokens,
    Refused(String),
    Failed(String),
}

/// RFC 6749 §5.2. What is wrong with the client, and not with the grant, may be put right again.
fn read(answer: &Answer) -> Reading {
    let error = match answer.json() {
        Some(body) => body.get("error").and_then(serde_json::Value::as_str).map(str::to_owned),
        None => None,
    };
    let why = format!(
        "the provider answered {} {}",
        answer.status,
        quoted(error.as_deref().unwrap_or("no error code"))
    );
    match (answer.status, error.as_deref()) {
        (_, Some("temporarily_unavailable" | "server_error" | "slow_down" | "invalid_client")) => {
            Reading::Failed(why)
        }
        (408 | 425 | 429 | 500.., _) => Reading::Failed(why),
        (200..=299, None) => Reading::Tokens,
        (200..=299 | 400..=499, Some(_)) | (400 | 401 | 403, None) => Reading::Refused(why),
        (_, _) => Reading::Failed(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, content_type: Some("application/json".to_owned()), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn d3_a_refused_grant_is_over_and_a_failing_provider_is_tried_again() {
        for (status, body) in [
            (400, r#"{"error":"invalid_grant"}"#),
            (401, r#"{"error":"invalid_grant"}"#),
            (400, r#"{"error":"unauthorized_client"}"#),
            (200, r#"{"error":"bad_refresh_token"}"#),
            (403, "no"),
        ] {
            assert!(matches!(read(&answer(status, body)), Reading::Refused(_)), "{status} {body}");
        }
        for (status, body) in [
            (503, "{}"),
            (500, r#"{"error":"invalid_grant"}"#),
            (429, r#"{"error":"invalid_grant"}"#),
            (401, r#"{"error":"invalid_client"}"#),
            (400, r#"{"error":"temporarily_unavailable"}"#),
            (404, "not here"),
            (302, ""),
        ] {
            assert!(matches!(read(&answer(status, body)), Reading::Failed(_)), "{status} {body}");
        }
        assert_eq!(read(&answer(200, r#"{"access_token":"a"}"#)), Reading::Tokens);
    }
}

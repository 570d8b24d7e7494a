//! Reading and updating the session (protocol notes §1.4, §4.2).

use serde_json::Value;

use super::{events, rules};
use crate::{
    action::Outcome,
    claims::RESERVED,
    deployment::Deployment,
    dialect::cookies::SessionCookie,
    error::Refusal,
    exchange::Exchange,
    rules::Trigger,
    session::{self, Live},
};

/// Reads the session and renews its cookie.
pub async fn read(deployment: &Deployment, exchange: &mut Exchange<'_>) -> Outcome {
    with_session(deployment, exchange, async |_, _| Ok(false)).await
}

/// The client's `update(data)`: takes over the fields that the deployment lets it change (B3), and then asks its rules.
pub async fn update(deployment: &Deployment, exchange: &mut Exchange<'_>, data: Option<Value>) -> Outcome {
    let fields = deployment.settings().session.update.iter().filter(|f| !RESERVED.contains(&f.as_str()));
    with_session(deployment, exchange, async |live, exchange| {
        let Some(data) = &data else { return Ok(false) };
        let before = live.claims.clone();
        for field in fields {
            // `update({name})` and `update({user: {name}})` are both in use.
            if let Some(value) = data.get(field).or_else(|| data.get("user")?.get(field)) {
                let claim = if field == "image" { "picture" } else { field };
                live.claims.set(claim, value.clone());
            }
        }
        rules::complete(deployment, exchange, &mut live.claims, Trigger::Update, None, Some(data)).await?;
        Ok(live.claims != before)
    })
    .await
}

async fn with_session(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    change: impl AsyncFnOnce(&mut Live, &Exchange<'_>) -> Result<bool, Refusal>,
) -> Outcome {
    let Some(token) = exchange.session_token(deployment) else { return Outcome::Session(None) };
    let opened = session::open(deployment, &token, exchange.request.public.is_secure(), exchange.now).await;
    let mut reader = None;
    let renewed = match opened {
        Ok(Some(mut live)) => match change(&mut live, exchange).await {
            Ok(changed) => {
                reader = events::reader(deployment, &live.claims);
                session::renew(deployment, live, changed, exchange).await
            }
            Err(refusal) => Err(refusal),
        },
        Ok(None) => Ok(None),
        Err(error) => Err(Refusal::from(error)),
    };
    match renewed {
        Ok(Some((view, cookie))) => {
            exchange.changes.session = cookie;
            if let Some(reader) = reader {
                Box::pin(events::session_read(deployment, exchange, reader, &view)).await;
            }
            Outcome::Session(Some(view))
        }
        Ok(None) => {
            exchange.changes.session = SessionCookie::Clear;
            Outcome::Session(None)
        }
        // The cookie is kept: the session may well be alive (invariant 6).
        Err(refusal) => Outcome::SessionUnavailable(refusal),
    }
}

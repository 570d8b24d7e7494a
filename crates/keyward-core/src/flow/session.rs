//! Reading and updating the session (protocol notes §1.4, §4.2).

use serde_json::Value;

use super::{events, rules};
use crate::{
    action::Outcome,
    claims::{RESERVED, STALE},
    deployment::Deployment,
    dialect::cookies::SessionCookie,
    error::{Code, Refusal},
    exchange::Exchange,
    rules::Trigger,
    session::{self, Live, Prolonged, Reading},
};

/// Reads the session and renews its cookie.
pub async fn read(deployment: &Deployment, exchange: &mut Exchange<'_>) -> Outcome {
    with_session(deployment, exchange, None).await
}

/// The client's `update(data)`: takes over the fields that the deployment lets it change (B3), and then asks its rules.
pub async fn update(deployment: &Deployment, exchange: &mut Exchange<'_>, data: Option<Value>) -> Outcome {
    with_session(deployment, exchange, data.as_ref()).await
}

/// True if the session says something else now.
async fn change(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    live: &mut Live,
    data: &Value,
) -> Result<bool, Refusal> {
    let before = live.claims.clone();
    let fields = &deployment.settings().session.update;
    for field in fields.iter().filter(|field| !RESERVED.contains(&field.as_str())) {
        // `update({name})` and `update({user: {name}})` are both in use.
        if let Some(value) = data.get(field).or_else(|| data.get("user")?.get(field)) {
            let claim = if field == "image" { "picture" } else { field };
            live.claims.set(claim, value.clone());
        }
    }
    rules::complete(deployment, exchange, &mut live.claims, Trigger::Update, None, Some(data)).await?;
    Ok(live.claims != before)
}

/// Rare: somebody changed it from outside, and rules of the deployment have a say in what it shows.
fn is_stale(deployment: &Deployment, live: &Live) -> bool {
    !deployment.rules().is_empty() && live.claims.get(STALE).is_some()
}

/// How often a session is read again that was changed while it was answered.
const TRIES: usize = 4;

async fn with_session(deployment: &Deployment, exchange: &mut Exchange<'_>, data: Option<&Value>) -> Outcome {
    let Some(token) = exchange.session_token(deployment) else { return Outcome::Session(None) };
    for _ in 0..TRIES {
        let mut reader = None;
        match prolong(deployment, exchange, &token, data, &mut reader).await {
            Ok(Prolonged::Done(view, cookie)) => {
                exchange.changes.session = cookie;
                if let Some(reader) = reader {
                    Box::pin(events::session_read(deployment, exchange, reader, &view)).await;
                }
                return Outcome::Session(Some(view));
            }
            // By an operator, or by another tab: what it says now is what is to be changed.
            Ok(Prolonged::Changed) => {}
            Ok(Prolonged::Gone) => {
                exchange.changes.session = SessionCookie::Clear;
                return Outcome::Session(None);
            }
            // The cookie is kept: the session may well be alive (invariant 6).
            Err(refusal) => return Outcome::SessionUnavailable(refusal),
        }
    }
    let again = std::time::Duration::from_secs(1);
    let refusal =
        Refusal::new(Code::StoreUnavailable).because("the session kept changing").retry_after(again);
    Outcome::SessionUnavailable(refusal)
}

/// Opens the session, changes it if that is asked for, and prolongs it. Says whose it is where reading one is told.
async fn prolong(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    token: &str,
    data: Option<&Value>,
    reader: &mut Option<Value>,
) -> Result<Prolonged, Refusal> {
    let Some(mut live) = session::open_fresh(deployment, token, Reading::of(exchange)).await? else {
        return Ok(Prolonged::Gone);
    };
    let changed = match data {
        Some(data) => Box::pin(change(deployment, exchange, &mut live, data)).await?,
        None if is_stale(deployment, &live) => {
            Box::pin(rules::show_anew(deployment, exchange, &mut live.claims)).await
        }
        None => false,
    };
    *reader = events::reader(deployment, &live.claims);
    session::renew(deployment, live, changed, exchange).await
}

//! Signing out (protocol notes §1.3).

use crate::{
    action::Outcome, deployment::Deployment, dialect::cookies::SessionCookie, error::Refusal,
    exchange::Exchange, session,
};

/// Ends the session that came, if one did, and removes its cookie. A store that fails is a refusal: the person
/// is not told that they are signed out when they are not (lesson 30).
pub async fn sign_out(deployment: &Deployment, exchange: &mut Exchange<'_>) -> Outcome {
    if let Some(token) = exchange.session_token(deployment) {
        if let Err(error) = session::end(deployment, &token, exchange).await {
            return Outcome::Refused { refusal: Refusal::from(error), provider: None };
        }
        exchange.changes.session = SessionCookie::Clear;
    }
    Outcome::Land(exchange.landing.clone())
}

//! A program signs out: its family of refresh tokens ends, and with it the session.

use super::super::events;
use crate::{
    action::ProgramAnswer,
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    session,
};

/// Ends the session behind a refresh token, whichever of its family it is: signing out twice is signing out. A store that
/// fails is a refusal, never a success (lesson 30).
pub(super) async fn sign_out(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    token: Option<&str>,
) -> Result<ProgramAnswer, Refusal> {
    let token = token.ok_or_else(|| Refusal::new(Code::MissingField))?;
    let known = deployment.refresh_keys().known(token);
    let known = known.ok_or_else(|| Refusal::new(Code::InvalidGrant).because("it was not made here"))?;
    let events = events::of_program(deployment, exchange, &known.session).await?;
    session::end_of_program(deployment, &known.session, exchange, &events).await?;
    events::are_written(deployment, &events);
    Ok(ProgramAnswer::SignedOut)
}

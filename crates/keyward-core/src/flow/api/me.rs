//! Who is calling?

use crate::{
    action::{Me, ProgramAnswer},
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    port::SessionId,
    tokens::access,
};

/// The person behind an access token, while their session lasts: unlike a service that checks the token by itself, who asks
/// here hears of a sign-out at once.
pub(super) async fn me(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<ProgramAnswer, Refusal> {
    let invalid = || Refusal::new(Code::InvalidToken);
    let token = exchange.request.bearer().ok_or_else(invalid)?;
    let (ring, public) = (deployment.key_ring(), &deployment.settings().public);
    let opened = access::opened(ring, deployment.store(), public, token, exchange.now);
    let claims = opened.await?.ok_or_else(invalid)?;
    let (session, store) = (SessionId(claims.sid.clone()), deployment.store());
    let record = store.session_record(&session).await?.filter(|record| exchange.now < record.expires);
    let owner = record.and_then(|record| record.user).filter(|owner| owner.0 == claims.sub);
    let user = store.user(&owner.ok_or_else(invalid)?).await?.ok_or_else(invalid)?;
    Ok(ProgramAnswer::Me(Box::new(Me { user, claims })))
}

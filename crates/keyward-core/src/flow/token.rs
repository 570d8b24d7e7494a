//! A token for an application's server side, valid now, by the session of the person whom it works for (E4).

use std::time::Duration;

use super::api;
use crate::{
    action::{Answer, ForeignToken, ProgramAnswer},
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    secret::Secret,
    session::{self, Reading, foreign},
    tokens::{self, terms::Wanted},
    vault::Trouble,
};

/// With an audience one of our own, else the one that the session's back end or provider handed out.
pub(super) async fn token(deployment: &Deployment, exchange: &Exchange<'_>, wanted: &Wanted) -> Answer {
    if *wanted != Wanted::default() {
        let token = api::token(deployment, exchange, wanted).await;
        return Answer::Program(token.unwrap_or_else(ProgramAnswer::Refused));
    }
    match foreign_token(deployment, exchange).await {
        Ok(token) => Answer::ForeignToken(Box::new(token)),
        Err(refusal) => Answer::Refused(refusal),
    }
}

/// The session's cookie alone is not enough: whoever can read a person's cookies could call as the application.
async fn foreign_token(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<ForeignToken, Refusal> {
    tokens::caller(&deployment.settings().clients, exchange.request)?;
    let nobody = || Refusal::new(Code::SessionRequired);
    let cookie = exchange.session_token(deployment).ok_or_else(nobody)?;
    let reading = Reading::of(exchange);
    let live = session::open_fresh(deployment, &cookie, reading).await?.ok_or_else(nobody)?;
    let now = deployment.now();
    let expires = foreign::expires(&live.claims);
    let token = live.claims.text(foreign::ACCESS_TOKEN).filter(|_| foreign::has_tokens(&live.claims));
    match (token, live.trouble()) {
        (Some(token), _) if expires.is_none_or(|expires| now < expires) => {
            Ok(ForeignToken { token: Secret::from(token), expires, now })
        }
        (_, Some(Trouble::Passing)) => {
            Err(Refusal::new(Code::ForeignTokenUnavailable).retry_after(Duration::from_secs(1)))
        }
        (Some(_), _) | (None, Some(Trouble::ForGood)) => Err(Refusal::new(Code::ForeignTokenOver)),
        (None, None) => Err(Refusal::new(Code::NoForeignToken)),
    }
}

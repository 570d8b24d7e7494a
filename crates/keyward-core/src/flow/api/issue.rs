//! Tokens are made out.

use std::sync::Arc;

use super::super::redirect::signed_in;
use crate::{
    action::{ProgramAnswer, Tokens},
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    policy::recent::AUTH_TIME,
    time::Timestamp,
    tokens::{
        self,
        access::{self, AccessToken, Bearer},
        keys::Signer,
        refresh::RefreshToken,
        terms::{self, Access, Terms, Wanted},
    },
};

/// An access token for the person whose session the application brings along (E4). Its cookie alone is not enough, nor is
/// the application's credential.
///
/// # Errors
/// [`Code::InvalidClient`], [`Code::SessionRequired`], or as [`terms::granted`].
pub async fn token(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    wanted: &Wanted,
) -> Result<ProgramAnswer, Refusal> {
    let client = tokens::caller(&deployment.settings().clients, exchange.request)?;
    let settings = deployment.tokens()?;
    let granted = terms::granted(settings, Some(client), wanted)?;
    let access = terms::narrowed(settings, &granted, &Wanted { scope: None, ..wanted.clone() })?;
    let caller = signed_in(deployment, exchange).await?;
    let caller = caller.ok_or_else(|| Refusal::new(Code::SessionRequired))?;
    let signer = signer(deployment, exchange.now).await?;
    let bearer = Bearer {
        user: &caller.user,
        session: &caller.session,
        client: Some(&client.id),
        auth_time: caller.claims.time(AUTH_TIME).map(Timestamp::secs),
    };
    let token = signed(deployment, &signer, &bearer, &access, exchange.now)?;
    Ok(ProgramAnswer::AccessToken(Box::new(token)))
}

/// The keys that others check access tokens with.
pub(super) async fn key_set(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
) -> Result<ProgramAnswer, Refusal> {
    let published = deployment.key_ring().published(deployment.store(), exchange.now).await?;
    Ok(ProgramAnswer::KeySet(published))
}

/// The first tokens of a session that was just opened.
pub(super) async fn first(
    deployment: &Deployment,
    now: Timestamp,
    refresh: RefreshToken,
    client: Option<&str>,
    terms: &Terms,
) -> Result<ProgramAnswer, Refusal> {
    let store = deployment.store();
    let gone = || Refusal::new(Code::InvalidGrant).because("the session was ended meanwhile");
    let record = store.session_record(&refresh.session).await?.ok_or_else(gone)?;
    let id = record.user.ok_or_else(gone)?;
    let user = store.user(&id).await?.ok_or_else(gone)?;
    let access = terms::narrowed(deployment.tokens()?, &terms.access, &Wanted::default())?;
    let bearer = Bearer { user: &id, session: &refresh.session, client, auth_time: terms.auth_time };
    let signer = signer(deployment, now).await?;
    let access = signed(deployment, &signer, &bearer, &access, now)?;
    Ok(ProgramAnswer::Tokens(Box::new(Tokens { access, refresh, user: Some(user) })))
}

/// An access token by this key.
pub(super) fn signed(
    deployment: &Deployment,
    signer: &Signer,
    bearer: &Bearer<'_>,
    access: &Access,
    now: Timestamp,
) -> Result<AccessToken, Refusal> {
    let (settings, public) = (deployment.tokens()?, &deployment.settings().public);
    access::issue(settings, public, signer, bearer, access, deployment.random(), now)
}

/// What signs now.
pub(super) async fn signer(deployment: &Deployment, now: Timestamp) -> Result<Arc<Signer>, Refusal> {
    let (settings, store) = (deployment.tokens()?, deployment.store());
    deployment.key_ring().signer(settings, store, deployment.random(), now).await
}

//! An attempt comes back once.

use crate::{
    deployment::Deployment,
    dialect::attempts::{self, AttemptChange},
    error::{Code, Refusal},
    exchange::Exchange,
    request::Pairs,
    settings::RedirectProvider,
    ticket::{Purpose, Ticket},
};

/// The attempt that the response names, sealed. It is used up, whatever comes of it: a browser forgets its cookie, and who
/// kept that could have the provider asked again and again, by every process.
pub(super) async fn take(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &RedirectProvider,
    response: &Pairs,
) -> Result<String, Refusal> {
    let state = response.get("state").ok_or_else(|| refused("the response names no attempt"))?;
    let secure = exchange.request.public.is_secure();
    let sealed = attempts::attempt(&exchange.request.cookies, secure, state);
    let sealed = sealed.ok_or_else(|| refused("this browser has no such attempt"))?.to_owned();
    let change = AttemptChange::End { state: state.to_owned(), cross_site: provider.answers_by_post };
    exchange.changes.attempts.push(change);
    // Nobody can fill the store with attempts that were never made.
    let attempt = provider.way.attempt(&sealed)?;
    use_up(deployment, &attempt.used(Purpose::SPENT_ATTEMPT, &provider.id, exchange.now)).await?;
    Ok(sealed)
}

async fn use_up(deployment: &Deployment, spent: &Ticket) -> Result<(), Refusal> {
    let (store, used) = (deployment.store(), || refused("the attempt was used before"));
    if store.ticket(&spent.key, spent.created).await?.is_some() {
        return Err(used());
    }
    match store.issue_ticket(spent).await {
        Ok(()) => Ok(()),
        // Of many at once, one keeps it.
        Err(_) if store.ticket(&spent.key, spent.created).await?.is_some() => Err(used()),
        Err(error) => Err(error.into()),
    }
}

fn refused(why: &str) -> Refusal {
    Refusal::new(Code::ProviderAttempt).because(why)
}

//! An attempt comes back once.

use crate::{
    deployment::Deployment,
    dialect::attempts::{self, AttemptChange},
    error::{Code, Refusal},
    exchange::Exchange,
    method::redirect::Attempt,
    request::Pairs,
    settings::RedirectProvider,
    ticket::{Purpose, Ticket},
};

/// The attempt that the response names, and what uses it up. A browser forgets its cookie; who kept that could
/// have the provider asked again and again, by every process. So it is used up [whatever comes of it](use_up): by the
/// admission, in the same transition, or else by itself.
pub(super) async fn take<'p>(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &'p RedirectProvider,
    response: &Pairs,
) -> Result<(Box<dyn Attempt + 'p>, Ticket), Refusal> {
    let state = response.get("state").ok_or_else(|| refused("the response names no attempt"))?;
    let secure = exchange.request.public.is_secure();
    let sealed = attempts::attempt(&exchange.request.cookies, secure, state);
    let sealed = sealed.ok_or_else(|| refused("this browser has no such attempt"))?;
    let change = AttemptChange::End { state: state.to_owned(), cross_site: provider.answers_by_post };
    exchange.changes.attempts.push(change);
    // Nobody can fill the store with attempts that were never made.
    let attempt = provider.way.attempt(sealed)?;
    let spent = attempt.once().used(Purpose::SPENT_ATTEMPT, &provider.id, exchange.now);
    must_be_unused(deployment, &spent).await?;
    Ok((attempt, spent))
}

/// Writes down that it was used, where no admission did.
pub(super) async fn use_up(deployment: &Deployment, spent: &Ticket) -> Result<(), Refusal> {
    let Err(error) = deployment.store().issue_ticket(spent).await else { return Ok(()) };
    // Of many at once, one keeps it.
    must_be_unused(deployment, spent).await?;
    Err(error.into())
}

/// # Errors
/// [`Code::ProviderAttempt`] or, of an ID token, [`Code::ProviderIdToken`].
pub(super) async fn must_be_unused(deployment: &Deployment, spent: &Ticket) -> Result<(), Refusal> {
    let known = deployment.store().ticket(&spent.key, spent.created).await?;
    if known.is_none() {
        return Ok(());
    }
    Err(match spent.key.purpose {
        Purpose::SPENT_ID_TOKEN => Refusal::new(Code::ProviderIdToken).because("it was used before"),
        _ => refused("the attempt was used before"),
    })
}

fn refused(why: &str) -> Refusal {
    Refusal::new(Code::ProviderAttempt).because(why)
}

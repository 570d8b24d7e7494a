//! Holding back who guesses passwords: limits that forget quickly, failures that are remembered, and clients that an
//! account knows, which strangers cannot keep out.
//!
//! Limits are of one process. Failures are in the store: all processes count them together, and they are there after a
//! restart.

use std::time::Duration;

use super::audit;
use crate::{
    audit::{AuditEntry, AuditKind},
    deployment::Deployment,
    dialect::device::Device,
    error::{Code, Refusal},
    exchange::Exchange,
    policy::{abuse::Attempted, email},
    port::{Limit, StoreError, address_bucket, site_bucket},
};

/// After so long a network from which somebody signed in at a back end is written down anew.
const REMEMBERED_ANEW: Duration = Duration::from_secs(24 * 60 * 60);

/// A guess at the password of an account, ours or a back end's: by its submitted name, whether it exists or not.
pub(super) struct Guess {
    account: String,
    /// The back end that knows the password. Whose account there the name stands for, only it can say: it knows people by
    /// the networks from which they signed in, and by no device.
    elsewhere: Option<String>,
    /// The device that sent it, if the account knows it.
    device: Option<Device>,
}

impl Guess {
    /// The guess that is made at `account` of this back end.
    pub(super) fn elsewhere(source: &str, account: &str) -> Self {
        Self { account: account.to_owned(), elsewhere: Some(source.to_owned()), device: None }
    }

    /// The guess that this exchange makes at `account` of ours.
    pub(super) fn at(deployment: &Deployment, exchange: &Exchange<'_>, account: &str) -> Self {
        let request = exchange.request;
        let device = Device::of(&request.cookies, request.public.is_secure());
        let device = device.filter(|device| device.is_known(&|name: &str| proof(deployment, name, account)));
        Self { account: account.to_owned(), elsewhere: None, device }
    }

    /// Draws on the allowances, and refuses who failed too often to try again now.
    ///
    /// # Errors
    /// [`Code::RateLimited`], with when to come again; [`Code::StoreUnavailable`].
    pub(super) async fn permit(
        &self,
        deployment: &Deployment,
        exchange: &Exchange<'_>,
    ) -> Result<(), Refusal> {
        self.draw(deployment, exchange).await?;
        let settings = deployment.settings();
        let keys = self.keys(deployment, exchange);
        let known = deployment.store().failures(&keys, exchange.now).await?;
        let at = |place: usize| known.get(place).copied().unwrap_or_default();
        let mut attempted =
            Attempted { own: at(0), strangers: at(1), network: at(2), known: self.device.is_some() };
        let mut wait = settings.guesses.wait(&attempted, exchange.now);
        if wait.is_some() && !attempted.known && self.knows_network(deployment, exchange).await? {
            attempted.known = true;
            wait = settings.guesses.wait(&attempted, exchange.now);
        }
        let Some(wait) = wait else { return Ok(()) };
        let entry = self.about(deployment, audit::entry(exchange, AuditKind::SignInDelayed)).await;
        audit::refused(deployment, entry).await;
        Err(Refusal::new(Code::RateLimited).because("too many wrong passwords").retry_after(wait))
    }

    /// Counts a failure, and writes it into the audit trail.
    ///
    /// # Errors
    /// The store's: an attempt that is not counted is not answered.
    pub(super) async fn failed(
        &self,
        deployment: &Deployment,
        exchange: &Exchange<'_>,
        refusal: &Refusal,
        method: &str,
    ) -> Result<(), StoreError> {
        let guesses = &deployment.settings().guesses;
        let mut keys = self.keys(deployment, exchange);
        if self.device.is_some() || self.knows_network(deployment, exchange).await? {
            keys.truncate(1);
        }
        let mut events = Vec::new();
        if let Some(entry) = audit::of_refusal(exchange, refusal, method) {
            let entry = self.about(deployment, entry).await;
            events = audit::refusal_events(deployment, entry);
        }
        let now = exchange.now;
        let store = deployment.store();
        // Failures of a whole network are forgotten sooner: others share it.
        let of_network = keys.split_off(keys.len().min(2));
        store.count_failure(&keys, now, now.plus(guesses.forget), &events).await?;
        if !of_network.is_empty() {
            store.count_failure(&of_network, now, now.plus(guesses.forget_network), &[]).await?;
        }
        Ok(())
    }

    /// Forgets the client's own failures, and makes its device known to the account, or its network where the account is
    /// elsewhere. Those of strangers stay: signing in gives an attacker no new guesses.
    pub(super) async fn succeeded(self, deployment: &Deployment, exchange: &mut Exchange<'_>) {
        let own = self.keys(deployment, exchange).swap_remove(0);
        if let Err(error) = self.settle(deployment, exchange, own).await {
            tracing::warn!(%error, "failed attempts could not be forgotten, or a network not be remembered");
        }
        if self.elsewhere.is_none() {
            remember_device(deployment, exchange, &self.account);
        }
    }

    async fn settle(
        &self,
        deployment: &Deployment,
        exchange: &Exchange<'_>,
        own: String,
    ) -> Result<(), StoreError> {
        let (store, guesses, now) = (deployment.store(), &deployment.settings().guesses, exchange.now);
        let own = [own];
        if store.failures(&own, now).await?.iter().any(|failures| failures.count > 0) {
            store.forget_failures(&own).await?;
        }
        let Some(source) = self.elsewhere.as_ref().filter(|_| guesses.free > 0) else { return Ok(()) };
        let network = self.network_key(deployment, exchange, source);
        let last = store.known_network(&network, now).await?;
        if last.is_none_or(|last| last.plus(REMEMBERED_ANEW) <= now) {
            store.remember_network(&network, now, now.plus(guesses.knows)).await?;
        }
        Ok(())
    }

    /// A back end's people are no users of ours by the name that they type.
    async fn about(&self, deployment: &Deployment, entry: AuditEntry) -> AuditEntry {
        match self.elsewhere {
            Some(_) => entry,
            None => audit::about(deployment, entry, &self.account).await,
        }
    }

    /// The device's own allowance where the account knows it; otherwise those of site, network and account. Who comes
    /// from a network that the account knows has one of their own there, when others used up the account's.
    async fn draw(&self, deployment: &Deployment, exchange: &Exchange<'_>) -> Result<(), Refusal> {
        if let Some(device) = &self.device {
            let key = format!("{}\n{}", self.account, device.name());
            return take(deployment, exchange, Limit::SignInPerAccount, &key).await;
        }
        draw_on_network(deployment, exchange, Limit::SignInPerAddress).await?;
        match deployment.limiter().take(Limit::SignInPerAccount, &self.account) {
            Ok(()) => Ok(()),
            Err(_) if self.knows_network(deployment, exchange).await? => {
                let key = format!("{}\n{}", self.account, address_bucket(exchange.request.client));
                take(deployment, exchange, Limit::SignInPerAccount, &key).await
            }
            Err(wait) => Err(limited(deployment, exchange, Limit::SignInPerAccount, wait).await),
        }
    }

    async fn knows_network(
        &self,
        deployment: &Deployment,
        exchange: &Exchange<'_>,
    ) -> Result<bool, StoreError> {
        if let Some(source) = &self.elsewhere {
            let key = self.network_key(deployment, exchange, source);
            return Ok(deployment.store().known_network(&key, exchange.now).await?.is_some());
        }
        let Some(address) = email::normalise(&self.account) else { return Ok(false) };
        let since = exchange.now.minus(deployment.settings().guesses.knows);
        let network = address_bucket(exchange.request.client);
        deployment.store().has_come_from(&address, &network, since).await
    }

    /// Under what it is remembered that the owner of an account at a back end came from this network.
    fn network_key(&self, deployment: &Deployment, exchange: &Exchange<'_>, source: &str) -> String {
        let network = address_bucket(exchange.request.client);
        deployment.keyed(&["known network", &network, source, &self.account])
    }

    /// Of this client at the account, of strangers at the account, of the network.
    fn keys(&self, deployment: &Deployment, exchange: &Exchange<'_>) -> Vec<String> {
        let account = self.elsewhere.iter().chain([&self.account]).map(String::as_str);
        let of_account = |parts: &[&str]| {
            deployment.keyed(&parts.iter().copied().chain(account.clone()).collect::<Vec<_>>())
        };
        let network = address_bucket(exchange.request.client);
        let client = self.device.as_ref().map_or(&*network, Device::name);
        let kind = if self.device.is_some() { "device" } else { "network" };
        vec![
            of_account(&["failures", kind, client]),
            of_account(&["failures of strangers"]),
            deployment.keyed(&["failures of a network", &network]),
        ]
    }
}

/// Writes down that what was submitted to this method proved nobody, and counts it if it was a wrong guess. Hands the
/// refusal back.
///
/// # Errors
/// As [`Guess::failed`].
pub(super) async fn note(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    method: &str,
    guess: Option<&Guess>,
    refusal: Refusal,
) -> Result<Refusal, StoreError> {
    if let Some(guess) = guess.filter(|_| refusal.is_wrong_guess()) {
        guess.failed(deployment, exchange, &refusal, method).await?;
    } else if let Some(entry) = audit::of_refusal(exchange, &refusal, method) {
        audit::refused(deployment, entry).await;
    }
    Ok(refusal)
}

/// Makes the device known to an account whose owner proved themselves on it.
pub(super) fn remember_device(deployment: &Deployment, exchange: &mut Exchange<'_>, account: &str) {
    let guesses = &deployment.settings().guesses;
    if guesses.free == 0 {
        return;
    }
    let request = exchange.request;
    let device = Device::of(&request.cookies, request.public.is_secure());
    let device = device.unwrap_or_else(|| Device::new(deployment.random()));
    let device = device.known_to(&|name: &str| proof(deployment, name, account));
    let max_age = u32::try_from(guesses.knows.as_secs()).unwrap_or(u32::MAX);
    exchange.changes.device = Some((device, max_age));
}

/// Takes one from the allowance of the client's network address, and of its site.
pub(super) async fn draw_on_network(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    limit: Limit,
) -> Result<(), Refusal> {
    let client = exchange.request.client;
    // The widest first: a site that has used up its own leaves no trace of each of its addresses.
    if let (Some(of_site), Some(site)) = (limit.of_site(), site_bucket(client)) {
        take(deployment, exchange, of_site, &site).await?;
    }
    take(deployment, exchange, limit, &address_bucket(client)).await
}

/// Takes from the allowances for mails, before anything is written or sent: each is a mail to somebody who may not want it.
pub(super) async fn draw_on_mail(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    address: &str,
) -> Result<(), Refusal> {
    draw_on_network(deployment, exchange, Limit::LinkPerAddress).await?;
    take(deployment, exchange, Limit::LinkPerAccount, address).await
}

/// Takes one from an allowance.
pub(super) async fn take(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    limit: Limit,
    key: &str,
) -> Result<(), Refusal> {
    match deployment.limiter().take(limit, key) {
        Ok(()) => Ok(()),
        Err(wait) => Err(limited(deployment, exchange, limit, wait).await),
    }
}

async fn limited(deployment: &Deployment, exchange: &Exchange<'_>, limit: Limit, wait: Duration) -> Refusal {
    audit::refused(deployment, audit::limit_reached(exchange, limit)).await;
    Refusal::new(Code::RateLimited).retry_after(wait)
}

fn proof(deployment: &Deployment, device: &str, account: &str) -> String {
    deployment.keyed(&["known device", device, account])
}

//! There: an attempt begins.

use url::Url;

use super::{super::guessing, SignedIn, configured, parked, signed_in};
use crate::{
    action::{Leg, Outcome},
    deployment::Deployment,
    dialect::attempts::AttemptChange,
    error::Refusal,
    exchange::Exchange,
    method::redirect::{Departure, Purpose},
    port::Limit,
    request::Pairs,
};

/// Longest landing place that goes along in the attempt, in bytes: with it the cookie stays well below 4 KiB, above
/// which browsers drop it.
const LONGEST_LANDING: usize = 1500;

/// The steps: limits, what for, authorization request, what would not come back, attempt.
pub async fn depart(deployment: &Deployment, exchange: &mut Exchange<'_>, provider: String) -> Outcome {
    match begin(deployment, exchange, &provider).await {
        Ok(url) => Outcome::Depart(url),
        Err(refusal) => Outcome::RedirectRefused { refusal, leg: Leg::Out },
    }
}

async fn begin(deployment: &Deployment, exchange: &mut Exchange<'_>, provider: &str) -> Result<Url, Refusal> {
    let provider = configured(deployment, provider)?;
    // One of the sign-ins that an address has, whatever comes of it: each may cost a request to the provider.
    guessing::draw_on_network(deployment, exchange, Limit::SignInPerAddress).await?;
    let person = signed_in(deployment, exchange).await?;
    let purpose = match &person {
        Some(SignedIn { user, session, .. }) => {
            Purpose::Link { user: user.0.clone(), session: session.0.clone() }
        }
        None => Purpose::SignIn,
    };
    let landing = exchange.landing.as_str();
    let departure = Departure {
        purpose,
        redirect_uri: exchange.request.public.route(&format!("callback/{}", provider.id)),
        landing: (landing.len() <= LONGEST_LANDING).then(|| landing.to_owned()),
        asked: &asked(&exchange.request.query),
    };
    let departed = provider.way.depart(departure).await?;
    if let Some(SignedIn { session, claims, .. }) = person.filter(|_| provider.answers_by_post) {
        parked::keep(deployment, exchange, &session, &claims, &departed.state).await?;
    }
    exchange.changes.attempts.push(AttemptChange::Begin {
        state: departed.state,
        sealed: departed.sealed,
        cross_site: provider.answers_by_post,
    });
    Ok(departed.url)
}

/// What goes on to the provider: all of the query but what is for us.
fn asked(query: &Pairs) -> Pairs {
    Pairs(query.0.iter().filter(|(name, _)| name != "callbackUrl").cloned().collect())
}

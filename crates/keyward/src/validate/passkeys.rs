//! Passkeys: their domain, and whose pages may ask for them.

use url::Url;

use super::{id, is_loopback};
use crate::{mistake::Mistake, plan::Plan};

pub(super) fn mistakes(plan: &Plan, found: &mut Vec<Mistake>) {
    let Some(settings) = &plan.passkeys else { return };
    id("passkeys.id", &settings.id, found);
    let host = Url::parse(&plan.public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let domain = settings.rp_id.clone().or_else(|| host.clone()).unwrap_or_default();
    let is_within = |host: &str| host == domain || host.ends_with(&format!(".{domain}"));
    // A whole top-level domain is no browser's domain; what else is a public suffix the browsers know.
    if !host.as_deref().is_none_or(is_within)
        || settings.rp_id.as_deref().is_some_and(|id| !id.contains('.')) && !domain.eq("localhost")
    {
        found.push(Mistake::new(
            "passkeys.rp_id",
            format!("{domain:?} is neither the host of public_url nor a domain above it"),
            "write the domain that passkeys are for, or leave it out",
        ));
    }
    for (index, origin) in settings.origins.iter().enumerate() {
        let url = Url::parse(origin).ok().filter(|url| url.origin().ascii_serialization() == *origin);
        let is_secure = |url: &Url| url.scheme() == "https" || is_loopback(url);
        let good = url.filter(is_secure).is_some_and(|url| url.host_str().is_some_and(is_within));
        if !good {
            found.push(Mistake::new(
                format!("passkeys.origins[{index}]"),
                format!("{origin:?} is no origin whose pages could use passkeys of {domain:?}"),
                "write an origin of that domain, such as https://login.example.org",
            ));
        }
    }
}

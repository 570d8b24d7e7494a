//! The guard before addresses that were learned from data (invariant 13, lessons 70 and 71).
//!
//! Whoever writes the data (a provider's metadata, say) must not be able to send us into the deployment's own
//! network. A name is judged by the addresses that are connected to: the guard sits in the client's resolver, so
//! there is no second resolution that could answer otherwise.

use std::{error::Error, fmt, net::IpAddr, sync::Arc};

use keyward_core::port::HttpFault;
use reqwest::{
    ClientBuilder,
    dns::{Addrs, Name, Resolve, Resolving},
};
use url::{Host, Url};

use crate::{fault, public};

/// What lets learned addresses pass, or not.
#[derive(Clone)]
pub(crate) struct Guard {
    names: Arc<dyn Resolve>,
    allowed: fn(IpAddr) -> bool,
}

impl Guard {
    /// Judges the answers of `names` by `allowed`.
    pub(crate) fn new(names: Arc<dyn Resolve>, allowed: fn(IpAddr) -> bool) -> Self {
        Self { names, allowed }
    }

    /// What can be said without resolving: https, a port that a web server has, and no address in the place of
    /// a name that is not public. A client does not ask its resolver about the latter. What goes `alone` is known not
    /// to have been sent.
    pub(crate) fn check(&self, url: &Url, alone: bool) -> Result<(), HttpFault> {
        let port = url.port_or_known_default().unwrap_or_default();
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        };
        let why = if url.scheme() != "https" {
            "is not https"
        } else if port != 443 && port < 1024 {
            "names a port below 1024 that is not 443"
        } else if literal.is_some_and(|address| !(self.allowed)(address)) {
            "is not on the public internet"
        } else {
            return Ok(());
        };
        let place = fault::place(url);
        Err(fault::no_connection(format!("no connection to {place}: the address {why}. {REMEDY}"), alone))
    }

    /// The client that connects only to what the guard allows.
    pub(crate) fn over(&self, client: ClientBuilder) -> ClientBuilder {
        client.https_only(true).dns_resolver(self.clone())
    }
}

impl Default for Guard {
    fn default() -> Self {
        Self::new(Arc::new(SystemNames), public::is_public)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let answer = self.names.resolve(name);
        let allowed = self.allowed;
        Box::pin(async move {
            let addresses: Vec<_> = answer.await?.collect();
            // One stray among them is enough: which one is taken is left to chance.
            if addresses.iter().all(|address| allowed(address.ip())) {
                Ok(Box::new(addresses.into_iter()) as Addrs)
            } else {
                Err(Box::new(NotPublic) as Box<dyn Error + Send + Sync>)
            }
        })
    }
}

const REMEDY: &str = "It was learned from a provider's document; what is meant to be reached there has to stand in the configuration";

/// The name leads to an address that is not public.
#[derive(Debug)]
struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name leads off the public internet. {REMEDY}")
    }
}

impl Error for NotPublic {}

/// What the system's resolver says.
struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;

//! The handle that routes, extractors and guards share: the engine, and what the edge itself has to know.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use http::HeaderValue;
use ipnet::IpNet;
use keyward_core::{address::PublicUrl, engine::Engine, mail::Mailbox, settings::Settings};
use keyward_pages::{CONTENT_SECURITY_POLICY, Theme, theme_css};
use tokio::sync::Semaphore;

use crate::{strangers::Strangers, streams::Streams};

/// An engine with its edge. Cheap to clone; an application keeps it in its state.
#[derive(Clone)]
pub struct Auth(Arc<Edge>);

/// What a deployment decides about the edge.
#[derive(Clone, Debug, Default)]
pub struct EdgeSettings {
    /// Peers whose `X-Forwarded-For` counts (invariant 4). Nobody else's does.
    pub trusted_proxies: Vec<IpNet>,
    /// Development alone: the `Host` or `X-Forwarded-Host` of a request from the loopback interface gives
    /// the public origin. In production the configured one always counts.
    pub development_origin: bool,
    /// The look of the built-in pages.
    pub theme: Theme,
    /// Development alone: where mail goes instead of a mail server. It is shown at `{base}/-/mailbox`.
    pub mailbox: Option<Arc<Mailbox>>,
    /// What one process takes on.
    pub limits: Limits,
}

/// What one process takes on at once, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A request's body has to arrive within this time; beyond it the answer is 408.
    pub body_time: Duration,
    /// Requests that the engine answers at once; beyond it the answer is 503.
    pub in_flight: usize,
    /// Bodies of more than 16 KiB that may be in memory at once; beyond it the answer is 503. A form that a person
    /// fills in is smaller.
    pub large_bodies: usize,
    /// Streams of events that tabs hold open at once; beyond it the answer is 503. Each takes a connection.
    pub streams: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_time: Duration::from_secs(10), in_flight: 1024, large_bodies: 32, streams: 256 }
    }
}

impl Auth {
    /// Puts an edge around an engine.
    #[must_use]
    pub fn new(engine: Arc<Engine>, settings: EdgeSettings) -> Self {
        let streams = Arc::new(Streams::new(settings.limits.streams));
        let woken = Arc::clone(&streams);
        engine.on_session_change(Box::new(move |session| woken.wake(session)));
        Self(Arc::new(Edge {
            streams,
            strangers: Strangers::default(),
            page_policy: page_policy(&form_targets(engine.settings())),
            theme_css: theme_css(&settings.theme),
            process: process_name(&engine),
            in_flight: Semaphore::new(settings.limits.in_flight),
            large_bodies: Semaphore::new(settings.limits.large_bodies),
            requests: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            engine,
            settings,
        }))
    }

    /// From now on `/readyz` says 503, so that a balancer sends nobody here any more. Requests are still
    /// answered; streams of events end, and their browsers come back elsewhere.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
        self.0.streams.end();
    }

    /// The engine behind: people and their sessions for an application's own code.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn edge(&self) -> &Edge {
        &self.0
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").field("public", self.0.public()).finish_non_exhaustive()
    }
}

/// How log, error page and `X-Request-Id` name a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Everything behind an [`Auth`].
pub(crate) struct Edge {
    pub(crate) engine: Arc<Engine>,
    pub(crate) settings: EdgeSettings,
    pub(crate) in_flight: Semaphore,
    pub(crate) large_bodies: Semaphore,
    pub(crate) streams: Arc<Streams>,
    pub(crate) strangers: Strangers,
    /// `Content-Security-Policy` of the built-in pages.
    pub(crate) page_policy: HeaderValue,
    /// The owner's colours; empty if there are none.
    pub(crate) theme_css: String,
    /// How this process's request ids begin, so that those of several processes differ.
    process: String,
    requests: AtomicU64,
    draining: AtomicBool,
}

impl Edge {
    pub(crate) fn next_request_id(&self) -> RequestId {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        RequestId(format!("{}-{number:x}", self.process))
    }

    /// Where people reach Keyward, as configured.
    pub(crate) fn public(&self) -> &PublicUrl {
        &self.engine.settings().public
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

fn process_name(engine: &Engine) -> String {
    let mut bytes = [0; 4];
    engine.random().fill(&mut bytes);
    format!("{:08x}", u32::from_be_bytes(bytes))
}

/// Where a form of ours may lead. Browsers hold `form-action` against every redirect after a form too, so the landing
/// places on other origins have to be in it. Providers send people on to sites that nobody here knows: with one of
/// them every site is.
fn form_targets(settings: &Settings) -> Vec<String> {
    if settings.redirects.is_empty() {
        return settings.allowed_origins.clone();
    }
    vec!["https:".to_owned(), "http:".to_owned()]
}

fn page_policy(form_targets: &[String]) -> HeaderValue {
    let forms = "form-action 'self'";
    let allowed = form_targets.iter().fold(forms.to_owned(), |list, target| list + " " + target);
    let plain = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    HeaderValue::try_from(CONTENT_SECURITY_POLICY.replace(forms, &allowed)).unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c6_a_form_may_land_on_the_allowed_origins_and_nowhere_else() {
        let policy = page_policy(&["https://other.example".to_owned()]);
        let policy = policy.to_str().expect("ASCII");
        assert!(policy.contains("form-action 'self' https://other.example;"), "{policy}");
        assert_eq!(page_policy(&[]), CONTENT_SECURITY_POLICY);
    }
}

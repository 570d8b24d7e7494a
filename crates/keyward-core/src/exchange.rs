//! One exchange: a request and what every action starts from.

use std::{borrow::Cow, time::Duration};

use crate::{
    action::Misdirected,
    csrf::Csrf,
    deployment::Deployment,
    dialect::cookies::{CookieChanges, CookieNames},
    policy::redirect::{self, Landing},
    request::Request,
    time::Timestamp,
};

/// What every action starts from: the request, its CSRF state, where the person will land, the time.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The request.
    pub request: &'a Request,
    /// The moment at which it is answered.
    pub now: Timestamp,
    /// Names of this deployment's cookies.
    pub names: CookieNames,
    /// CSRF double submit.
    pub csrf: Csrf,
    /// Where the person lands.
    pub landing: Landing,
    /// What happens to the browser's cookies.
    pub changes: CookieChanges,
    /// Set where a program calls that wants tokens: a session that is opened then is opened for it.
    pub program: Option<Program>,
}

/// A program that wants tokens in place of a cookie.
#[derive(Clone, Debug)]
pub struct Program {
    /// The application, if it has a credential.
    pub client: Option<String>,
    /// What it may have ([`crate::port::NewGrant::terms`]).
    pub terms: String,
    /// Lifetime of a refresh token that is not used.
    pub lives: Duration,
}

impl<'a> Exchange<'a> {
    /// Begins an exchange. With `Err` the submitted callback address is none; the exchange then lands at home.
    pub fn begin(deployment: &Deployment, request: &'a Request) -> (Self, Result<(), Misdirected>) {
        let settings = deployment.settings();
        let names = settings.dialect.cookie_names(request.public.is_secure());
        let mut csrf = Csrf::of(
            request.cookies.get(names.csrf),
            request.body.text("csrfToken"),
            settings.secret(),
            deployment.random(),
        );
        let submitted = request.body.text("callbackUrl").or_else(|| request.query.get("callbackUrl"));
        let remembered = request.cookies.get(names.callback_url);
        let allowed = &settings.allowed_origins;
        let (landing, sound) = match redirect::landing(&request.public, allowed, submitted, remembered) {
            Ok(landing) => (landing, Ok(())),
            Err(redirect::InvalidCallbackUrl) => {
                let home = redirect::landing(&request.public, allowed, None, None);
                (home.expect("nothing was submitted"), Err(Misdirected::InvalidCallbackUrl))
            }
        };
        let changes = CookieChanges {
            csrf: csrf.cookie.take(),
            callback_url: (remembered != Some(landing.as_str())).then(|| landing.as_str().to_owned()),
            ..CookieChanges::default()
        };
        (Self { request, now: deployment.now(), names, csrf, landing, changes, program: None }, sound)
    }

    /// The session token that came with the request.
    #[must_use]
    pub fn session_token(&self, deployment: &Deployment) -> Option<Cow<'a, str>> {
        deployment.settings().dialect.session_token(&self.request.cookies, &self.names)
    }
}

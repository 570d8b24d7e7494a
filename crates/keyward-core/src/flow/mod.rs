//! One flow per action: asynchronous code over the ports, a visible list of named steps.

pub mod session;
pub mod sign_in;
pub mod sign_out;

use crate::{
    action::{Action, Asked, Form, Misdirected, Outcome},
    csrf::Csrf,
    dialect::cookies::{CookieChanges, CookieNames},
    engine::Engine,
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
}

impl<'a> Exchange<'a> {
    /// Begins an exchange. With `Err` the submitted callback address is none; the exchange then lands at home.
    pub fn begin(engine: &Engine, request: &'a Request) -> (Self, Result<(), Misdirected>) {
        let settings = engine.settings();
        let names = settings.dialect.cookie_names(request.public.is_secure());
        let csrf = Csrf::of(
            request.cookies.get(names.csrf),
            request.body.text("csrfToken"),
            settings.secret(),
            engine.random(),
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
            csrf: csrf.cookie.clone(),
            callback_url: (remembered != Some(landing.as_str())).then(|| landing.as_str().to_owned()),
            ..CookieChanges::default()
        };
        (Self { request, now: engine.now(), names, csrf, landing, changes }, sound)
    }

    /// The session token that came with the request.
    #[must_use]
    pub fn session_token(&self, engine: &Engine) -> Option<String> {
        engine.settings().dialect.session_token(&self.request.cookies, &self.names)
    }
}

/// Carries out an action.
pub async fn carry_out(engine: &Engine, action: Action, exchange: &mut Exchange<'_>) -> Outcome {
    match action {
        Action::Csrf => Outcome::Csrf,
        Action::Providers => Outcome::Providers,
        Action::Session => session::read(engine, exchange).await,
        Action::UpdateSession { data } if exchange.csrf.verified => {
            session::update(engine, exchange, data).await
        }
        Action::UpdateSession { .. } => Outcome::UpdateRefused,
        Action::SignIn { .. } if !exchange.csrf.verified => Outcome::CsrfRefused(Form::SignIn),
        Action::SignIn { .. } => Outcome::ChooseSignIn,
        Action::Credentials { .. } if !exchange.csrf.verified => Outcome::CsrfRefused(Form::SignIn),
        Action::Credentials { provider, fields } => {
            sign_in::with_credentials(engine, exchange, provider, fields).await
        }
        Action::SignOut if exchange.csrf.verified => sign_out::sign_out(engine, exchange).await,
        Action::SignOut => Outcome::CsrfRefused(Form::SignOut),
        Action::SignInPage { error } => Outcome::Page(Asked::SignIn { error }),
        Action::SignUpPage { error } => Outcome::Page(Asked::SignUp { error }),
        Action::SignOutPage => Outcome::Page(Asked::SignOut),
        Action::ErrorPage { error } => Outcome::Page(Asked::Error { error }),
        Action::VerifyRequest => Outcome::Page(Asked::VerifyRequest),
        Action::Log { level, code } => {
            tracing::warn!(target: "keyward::client", level, code, "a client reported an error");
            Outcome::Done
        }
    }
}

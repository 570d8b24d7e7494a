//! The map of NextAuth's surface: every action there is, and every outcome a flow may have.

use serde_json::{Map, Value};

use crate::{error::Refusal, policy::redirect::Landing};

/// What a request asks for (protocol notes §1).
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// `GET csrf`.
    Csrf,
    /// `GET providers`.
    Providers,
    /// `GET session`.
    Session,
    /// `POST session`: the client's `update(data)`.
    UpdateSession {
        /// What the application passed.
        data: Option<Value>,
    },
    /// `GET signin`.
    SignInPage {
        /// From the query.
        error: Option<String>,
    },
    /// `POST signin[/provider]`: starts a sign-in. Credentials have nothing to start.
    SignIn {
        /// Second segment.
        provider: Option<String>,
    },
    /// `POST callback/provider`: credentials.
    Credentials {
        /// Id of a provider that exists.
        provider: String,
        /// What was submitted, without NextAuth's own fields.
        fields: Map<String, Value>,
    },
    /// `GET -/signup`.
    SignUpPage {
        /// From the query.
        error: Option<String>,
    },
    /// `GET signout`.
    SignOutPage,
    /// `POST signout`.
    SignOut,
    /// `GET error`.
    ErrorPage {
        /// From the query, or the second segment in generations 3 and 4.
        error: Option<String>,
    },
    /// `GET verify-request`.
    VerifyRequest,
    /// `POST _log` (generations 3 and 4): the client reports an error of its own.
    Log {
        /// `error`, `warn`, `debug`.
        level: String,
        /// The client's code, such as `CLIENT_FETCH_ERROR`.
        code: String,
    },
}

/// A request that asks for nothing there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misdirected {
    /// No such action, or a path of the wrong shape.
    UnknownAction,
    /// The action exists, for another method.
    WrongMethod,
    /// `signin/<id>` with an id that is not configured.
    UnknownSignInProvider,
    /// `callback/<id>` with an id that is not configured.
    UnknownCallbackProvider,
    /// The callback address is neither a path nor an http(s) URL.
    InvalidCallbackUrl,
}

/// A page that a person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Sign in.
    SignIn {
        /// Code or text to show.
        error: Option<String>,
    },
    /// Sign up.
    SignUp {
        /// Code or text to show.
        error: Option<String>,
    },
    /// Sign out.
    SignOut,
    /// Something went wrong.
    Error {
        /// Code or text to show.
        error: Option<String>,
    },
    /// "Check your e-mail".
    VerifyRequest,
}

/// What came of an action. Knows nothing of generations: [`crate::surface::render`] words it.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The CSRF token.
    Csrf,
    /// The configured providers.
    Providers,
    /// The session as its client sees it; `None` for nobody.
    Session(Option<Value>),
    /// `update()` without a good CSRF token.
    UpdateRefused,
    /// The session could not be read: not "nobody", but "ask again".
    SessionUnavailable(Refusal),
    /// A page: the application's own, or the built-in one.
    Page(Asked),
    /// Send the person on: signed in, signed out, or nothing to do.
    Land(Landing),
    /// A new user, to be greeted by the application's page before they land.
    Welcome(Landing),
    /// Send the person to the sign-in page.
    ChooseSignIn,
    /// Refused.
    Refused {
        /// Why.
        refusal: Refusal,
        /// At which provider; `None` outside a sign-in.
        provider: Option<String>,
    },
    /// A POST without a good CSRF token.
    CsrfRefused(Form),
    /// Nothing to say.
    Done,
}

/// The form whose CSRF token was not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Sign-in, sign-up.
    SignIn,
    /// Sign-out.
    SignOut,
}

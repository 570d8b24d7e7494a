//! The map of NextAuth's surface: every action there is, and every outcome a flow may have.

mod account;
mod admin;
mod call;
mod factor;
mod factor_page;
mod program;
mod recovery;
mod sessions;

use serde_json::{Map, Value};

use url::Url;

pub use self::{
    account::{AccountAction, AccountOutcome, Content, OwnAccount, Tab},
    admin::{AdminAnswer, AdminCall},
    call::{Accounts, Answer, Call, ForeignToken},
    factor::{Answer as FactorAnswer, FactorAction, FactorOutcome, OwnPage},
    factor_page::{Ask, AskedField, FactorPage, PasskeyForm, ShownPasskey},
    program::{Me, ProgramAnswer, ProgramCall, Refused, Tokens, Vouching},
    recovery::{Filled, Link, Recovering, Recovery, Shown, State, Step},
    sessions::{EndWhich, SessionAnswer, SessionCall},
};
use crate::{
    error::Refusal,
    policy::{linking::NotLinked, redirect::Landing},
    request::Pairs,
};

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
        /// Id of a provider that exists and is to be added, once the person has signed in.
        link: Option<String>,
    },
    /// `POST signin[/provider]`: starts a sign-in. Credentials have nothing to start.
    SignIn {
        /// Second segment.
        provider: Option<String>,
    },
    /// `POST signin/provider`: sends the browser to another site.
    Depart {
        /// Id of a provider that exists.
        provider: String,
    },
    /// `GET callback/provider`, or `POST` where the provider posts: the browser is back from there.
    Arrive {
        /// Id of a provider that exists.
        provider: String,
        /// What it brings.
        response: Pairs,
    },
    /// `HEAD callback/provider`: a program looks at an address. It learns nothing and uses nothing up (lesson 37).
    LookAtLink,
    /// `GET -/signed-out`: the browser is back from ending its session at a provider.
    SignedOut,
    /// `POST callback/provider`: credentials.
    Credentials {
        /// Id of a provider that exists.
        provider: String,
        /// What was submitted, without NextAuth's own fields.
        fields: Map<String, Value>,
    },
    /// `POST signin/provider` with an address: sends a link there.
    RequestLink {
        /// Id of a provider that exists.
        provider: String,
        /// As submitted.
        email: Option<String>,
    },
    /// `GET callback/provider` from a mail, or the form behind it by `POST`.
    FollowLink {
        /// Id of a provider that exists.
        provider: String,
        /// From the link.
        token: Option<String>,
        /// From the link.
        email: Option<String>,
        /// True for the form: somebody pressed the button.
        by_form: bool,
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
    /// A page about one's own account.
    Recovery(Recovery),
    /// A page about one's own account.
    Account(AccountAction),
    /// Second factors and passkeys.
    Factor(FactorAction),
    /// One of our own calls, `-/v1/…`.
    Call(Call),
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
    /// None of our own calls.
    UnknownCall,
    /// One of our own calls, for another method.
    WrongCallMethod {
        /// Those that it takes.
        allow: &'static str,
    },
}

/// A page that a person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Sign in.
    SignIn {
        /// Code or text to show.
        error: Option<String>,
    },
    /// Add a provider to who is signed in.
    AddAccount {
        /// Id of a provider that exists.
        provider: String,
    },
    /// Sign up.
    SignUp {
        /// Code or text to show.
        error: Option<String>,
        /// What was typed before, by field.
        typed: Vec<(String, String)>,
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
    /// The session as its client sees it, in JSON; `None` for nobody.
    Session(Option<String>),
    /// `update()` without a good CSRF token.
    UpdateRefused,
    /// The session could not be read: not "nobody", but "ask again".
    SessionUnavailable(Refusal),
    /// A page: the application's own, or the built-in one.
    Page(Asked),
    /// Send the person on: signed in, signed out, or nothing to do.
    Land(Landing),
    /// Send the browser to a provider.
    Depart(Url),
    /// A new user, to be greeted by the application's page before they land.
    Welcome(Landing),
    /// A mail with a link is on its way.
    LinkSent {
        /// Id of the provider.
        provider: String,
    },
    /// A good link that waits for somebody to press the button.
    ConfirmLink {
        /// Id of the provider.
        provider: String,
        /// From the link.
        token: String,
        /// The address that the link was sent to.
        email: String,
    },
    /// Send the person to the sign-in page.
    ChooseSignIn,
    /// Send who signed up to the page that says that a mail is on its way.
    VerifyFirst,
    /// What came of a page about one's own account.
    Recovery(Recovering),
    /// What came of a page about one's own account.
    Account(AccountOutcome),
    /// Refused.
    Refused {
        /// Why.
        refusal: Refusal,
        /// At which provider; `None` outside a sign-in.
        provider: Option<String>,
    },
    /// Refused a link, or who followed one.
    EmailRefused(Refusal),
    /// The account, or its address, belongs to somebody who signs in another way.
    NotLinked {
        /// Id of the provider that they tried.
        provider: String,
        /// What may be told of the other way.
        known: NotLinked,
    },
    /// Refused on the way to a provider or back.
    RedirectRefused {
        /// Why.
        refusal: Refusal,
        /// On which half of the way.
        leg: Leg,
    },
    /// A POST without a good CSRF token.
    CsrfRefused(Form),
    /// What came of second factors and passkeys.
    Factor(FactorOutcome),
    /// What one of our own calls answers.
    Answer(Answer),
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

/// A half of the way to a provider and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// There.
    Out,
    /// And back.
    Home,
}

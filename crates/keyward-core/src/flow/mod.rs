//! One flow per action: asynchronous code over the ports, a visible list of named steps.

pub mod account;
pub mod accounts;
pub mod admin;
pub mod api;
mod audit;
pub mod email;
mod events;
pub mod factor;
mod guessing;
pub mod recovery;
pub mod redirect;
mod rules;
pub mod session;
pub mod sessions;
pub mod sign_in;
pub mod sign_out;
mod token;
mod typed;

use crate::{
    action::{Action, Answer, Asked, Call, Form, Outcome},
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
};

/// Carries out an action.
///
/// Flows that are rare have a box of their own: a future is as large as its largest branch, and that of each
/// session read is moved around before it runs.
pub async fn carry_out(deployment: &Deployment, action: Action, exchange: &mut Exchange<'_>) -> Outcome {
    match action {
        Action::Csrf => Outcome::Csrf,
        Action::Providers => Outcome::Providers,
        Action::Session => session::read(deployment, exchange).await,
        Action::UpdateSession { data } if exchange.csrf.verified => {
            session::update(deployment, exchange, data).await
        }
        Action::UpdateSession { .. } => Outcome::UpdateRefused,
        Action::SignIn { .. } | Action::Depart { .. } if !exchange.csrf.verified => {
            Outcome::CsrfRefused(Form::SignIn)
        }
        Action::Depart { provider } => Box::pin(redirect::depart(deployment, exchange, provider)).await,
        // Without a token: the attempt's cookie and `state` prove that this browser asked for it.
        Action::Arrive { provider, response } => {
            Box::pin(redirect::arrive(deployment, exchange, provider, response)).await
        }
        Action::Call(Call::Accounts) => Outcome::Answer(Box::pin(accounts::list(deployment, exchange)).await),
        Action::Call(Call::Unlink { provider, id }) => {
            Outcome::Answer(Box::pin(accounts::unlink(deployment, exchange, provider, id)).await)
        }
        Action::Call(Call::Token { wanted }) => {
            Outcome::Answer(Box::pin(token::token(deployment, exchange, &wanted)).await)
        }
        Action::Call(Call::Recovery { step, link, filled }) => {
            Outcome::Answer(Box::pin(recovery::call(deployment, exchange, step, link, filled)).await)
        }
        Action::Account(action) => {
            Outcome::Account(Box::pin(account::carry_out(deployment, exchange, action)).await)
        }
        Action::Call(Call::Activity { before }) => {
            Outcome::Answer(Box::pin(account::activity(deployment, exchange, before)).await)
        }
        Action::Recovery(what) => Box::pin(recovery::page(deployment, exchange, what)).await,
        Action::Call(Call::Program(call)) => {
            Outcome::Answer(Answer::Program(Box::pin(api::carry_out(deployment, exchange, call)).await))
        }
        Action::Call(Call::Sessions(call)) => {
            Outcome::Answer(Box::pin(sessions::carry_out(deployment, exchange, call)).await)
        }
        Action::Call(Call::Admin(call)) => {
            Outcome::Answer(Box::pin(admin::carry_out(deployment, exchange, call)).await)
        }
        Action::Call(Call::Invalid) => Outcome::Answer(Answer::Refused(Refusal::new(Code::InvalidField))),
        Action::Factor(action) => Box::pin(factor::carry_out(deployment, exchange, action)).await,
        Action::SignedOut => Outcome::Land(rules::landing_signed_out(deployment, exchange, false).await),
        Action::LookAtLink => Outcome::Done,
        Action::SignIn { .. } => Outcome::ChooseSignIn,
        Action::Credentials { .. } if !exchange.csrf.verified => Outcome::CsrfRefused(Form::SignIn),
        Action::Credentials { provider, fields } => {
            Box::pin(sign_in::with_credentials(deployment, exchange, provider, fields)).await
        }
        Action::RequestLink { .. } if !exchange.csrf.verified => Outcome::CsrfRefused(Form::SignIn),
        Action::RequestLink { provider, email } => {
            Box::pin(email::request(deployment, exchange, provider, email.as_deref())).await
        }
        Action::FollowLink { provider, token, email, by_form } => {
            let link = email::Link { token, email, by_form };
            Box::pin(email::follow(deployment, exchange, &provider, link)).await
        }
        Action::SignOut if exchange.csrf.verified => Box::pin(sign_out::sign_out(deployment, exchange)).await,
        Action::SignOut => Outcome::CsrfRefused(Form::SignOut),
        Action::SignInPage { error, link: None } => Outcome::Page(Asked::SignIn { error }),
        Action::SignInPage { error, link: Some(provider) } => {
            Box::pin(redirect::offer(deployment, exchange, provider, error)).await
        }
        Action::SignUpPage { error } => {
            Outcome::Page(Asked::SignUp { error, typed: typed::read(deployment, exchange) })
        }
        Action::SignOutPage => Outcome::Page(Asked::SignOut),
        Action::ErrorPage { error } => Outcome::Page(Asked::Error { error }),
        Action::VerifyRequest => Outcome::Page(Asked::VerifyRequest),
        Action::Log { level, code } => {
            tracing::warn!(target: "keyward::client", level, code, "a client reported an error");
            Outcome::Done
        }
    }
}

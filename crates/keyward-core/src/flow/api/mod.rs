//! What programs call: sign up, sign in, refresh, sign out, get an access token, exchange a provider's sign-in for our own
//! tokens, ask who one is. JSON in, JSON out, no cookie is set. Who comes in comes in by the flows of the pages: an
//! [`Exchange`] that is for a [`Program`](crate::exchange::Program) opens its session for a refresh token instead of a
//! cookie.

mod enter;
mod issue;
mod me;
mod refresh;
mod sign_out;

use crate::{
    action::{ProgramAnswer, ProgramCall, Refused},
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
};

pub use self::issue::token;

/// Carries out what a program calls.
pub async fn carry_out(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    call: ProgramCall,
) -> ProgramAnswer {
    let answer = match call {
        ProgramCall::SignUp { fields, wanted } => enter::sign_up(deployment, exchange, fields, wanted).await,
        ProgramCall::SignIn { provider, fields, wanted } => {
            enter::sign_in(deployment, exchange, provider, fields, wanted).await
        }
        ProgramCall::Exchange { vouching, wanted } => {
            enter::with_word(deployment, exchange, vouching, wanted).await
        }
        ProgramCall::Factor { answer, wanted } => {
            enter::with_factor(deployment, exchange, &answer, wanted).await
        }
        ProgramCall::Refresh { token, wanted } => {
            refresh::refresh(deployment, exchange, token.as_deref(), &wanted).await
        }
        ProgramCall::SignOut { token } => sign_out::sign_out(deployment, exchange, token.as_deref()).await,
        ProgramCall::Me => me::me(deployment, exchange).await,
        ProgramCall::KeySet => issue::key_set(deployment, exchange).await,
        ProgramCall::OpenApi => Ok(ProgramAnswer::OpenApi),
        ProgramCall::Malformed(what) => Err(Refusal::new(match what {
            Refused::Audience => Code::InvalidTarget,
            Refused::Scope => Code::InvalidScope,
            Refused::Member => Code::MissingField,
        })),
    };
    answer.unwrap_or_else(ProgramAnswer::Refused)
}

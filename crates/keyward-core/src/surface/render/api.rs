//! What our own calls answer, `-/v1/…`: the same JSON for every generation, and no cookies.

use serde_json::{Value, json};

use super::Render;
use crate::{
    action::{Accounts, Answer, ForeignToken},
    error::{Code, Refusal},
    reply::Reply,
    user::Account,
};

impl Render<'_> {
    pub(super) fn answer(&self, answer: Answer) -> Reply {
        match answer {
            Answer::Accounts(accounts) => self.call(200, &listed(&accounts)),
            Answer::ForeignToken(token) => self.call(200, &foreign(&token)),
            Answer::Program(answer) => self.program(answer),
            Answer::Recovered { step, state, next } => self.recovered(step, state, next.as_ref()),
            Answer::Everything(data) => self.file(data),
            Answer::Activity { records, older } => self.activity(&records, older),
            Answer::Unlinked => self.call(200, &json!({ "unlinked": true })),
            Answer::Sessions(answer) => self.sessions(answer),
            Answer::Admin(answer) => self.admin(answer),
            Answer::Refused(refusal) => {
                let (status, message) = status_and_message(refusal.code);
                let mut reply = self.refused_call(status, refusal.code.as_str(), message);
                if refusal.code == Code::InvalidClient {
                    reply.headers.push(("www-authenticate", "Basic realm=\"keyward\"".into()));
                }
                self.marked(reply, refusal)
            }
        }
    }

    pub(super) fn no_such_call(&self) -> Reply {
        self.refused_call(404, "not_found", "There is nothing at this address.")
    }

    pub(super) fn wrong_call_method(&self, allow: &'static str) -> Reply {
        let mut reply = self.refused_call(405, "method_not_allowed", "This address takes another method.");
        reply.headers.push(("allow", allow.into()));
        reply
    }

    /// As every refusal in JSON, with an absolute `url` (invariant 6).
    pub(super) fn refused_call(&self, status: u16, code: &str, message: &str) -> Reply {
        let url = self.exchange.request.public.route(&format!("error?error={code}"));
        self.call(status, &json!({ "url": url, "error": code, "message": message }))
    }

    pub(super) fn call(&self, status: u16, answer: &Value) -> Reply {
        Reply { cookies: Vec::new(), ..self.json(status, answer) }
    }
}

/// As the access tokens of our own.
fn foreign(token: &ForeignToken) -> Value {
    let mut answer = json!({ "tokenType": "Bearer", "accessToken": token.token.expose() });
    if let Some(expires) = token.expires {
        answer["accessTokenExpires"] = json!(expires.millis());
        answer["expiresIn"] = json!((expires.millis() - token.now.millis()).max(0) / 1000);
    }
    answer
}

fn listed(accounts: &Accounts) -> Value {
    let email = accounts.user.email.as_ref();
    json!({
        "accounts": accounts.accounts.iter().map(account).collect::<Vec<_>>(),
        "password": accounts.has_password,
        "email": email.map(|address| json!({
            "address": address,
            "verified": accounts.user.email_verified.is_some(),
        })),
    })
}

/// In NextAuth's words where it has them; no tokens.
fn account(account: &Account) -> Value {
    json!({
        "provider": account.key.source,
        "type": account.kind,
        "providerAccountId": account.key.id,
        "name": account.profile.name.as_ref().and_then(Option::as_deref),
        "email": account.profile.email.as_ref().and_then(Option::as_deref),
        "linkedAt": account.created.iso(),
    })
}

/// The message is for developers who read the answer.
pub(super) fn status_and_message(code: Code) -> (u16, &'static str) {
    match code {
        Code::SessionRequired => (401, "Sign in first."),
        Code::RecentSignInRequired => (403, "Sign in again: the last time is too long ago for this."),
        Code::MissingCsrf => (403, "csrfToken does not fit the cookie. Ask GET csrf for one."),
        Code::MissingField => (400, "A field is missing that is needed, or is no text."),
        Code::EmailNotVerified => (403, "The address has to be proven first: by the link in the mail."),
        Code::LinkNotValid => (403, "The link was used, has expired, or never was one."),
        Code::WrongPassword => (403, "That is not the person's password."),
        Code::AddressMissing => (409, "The person has no address."),
        Code::AccountDisabled => (403, "The account is kept out."),
        Code::EmailTaken => (409, "Somebody has that address."),
        Code::InvalidEmail => (400, "The address is none."),
        Code::InvalidPicture => (400, "The picture's address is no https address, or too long."),
        Code::WeakPassword => (400, "The password is easy to guess."),
        Code::BreachedPassword => (400, "The password is on a list of breached ones."),
        Code::PasswordTooLong => (400, "The password is too long."),
        Code::SessionUnknown => (404, "There is no such session, or it is over."),
        Code::UserUnknown => (404, "There is no such user."),
        Code::AdminKeyRequired => (401, "Send Authorization: Bearer with one of the admin keys."),
        Code::InvalidField => {
            (400, "A field is missing, unknown, or of the wrong kind. The manual lists them.")
        }
        Code::ClaimReserved => (400, "This claim is the token's own, or changed at the user."),
        Code::ClaimsTooLarge => (413, "The claims would no longer fit into a session."),
        Code::AccountUnknown => (404, "The person who is signed in has no such account."),
        Code::InvalidClient => {
            (401, "The application's own credentials are missing or wrong: HTTP Basic, id and secret.")
        }
        Code::NoForeignToken => {
            (404, "The session has no token of a back end. Name an audience, or keep the provider's tokens.")
        }
        Code::ForeignTokenOver => (401, "The back end's token is over for good. Sign in again."),
        Code::LastWayIn => (409, "Without this account the person could not sign in again."),
        _ => (Refusal::new(code).status().unwrap_or(500), "Try again in a moment."),
    }
}

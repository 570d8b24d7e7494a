//! What programs get: the same JSON for every generation, and no cookies.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::Render;
use crate::{
    action::{Me, OwnPage, ProgramAnswer, Tokens},
    error::{Code, Refusal, Said},
    reply::{FOR_MINUTES, Reply, ReplyBody},
    surface::openapi,
    tokens::access::AccessToken,
    user::User,
};

impl Render<'_> {
    pub(super) fn program(&self, answer: ProgramAnswer) -> Reply {
        match answer {
            ProgramAnswer::Tokens(tokens) => self.call(200, &handed_out(&tokens)),
            ProgramAnswer::AccessToken(token) => self.call(200, &Value::Object(of_access(&token))),
            ProgramAnswer::SecondFactor(pending) => {
                let public = &self.exchange.request.public;
                let code = Code::SecondFactorRequired;
                let url = public.route(&format!("{}?error={}", OwnPage::Factor.path(), code.as_str()));
                let message = "Show a second factor: POST factor, with `pending` and a code.";
                let body = json!({ "url": url, "error": code.as_str(), "message": message, "pending": pending.expose() });
                self.marked(self.call(401, &body), Refusal::new(code))
            }
            ProgramAnswer::SignInNext => self.call(202, &json!({ "signIn": true })),
            ProgramAnswer::SignedOut => self.call(200, &json!({ "signedOut": true })),
            ProgramAnswer::Me(me) => self.call(200, &of_me(&me)),
            ProgramAnswer::KeySet(keys) => open(keys.to_string()),
            ProgramAnswer::OpenApi => {
                let exchange = self.exchange;
                open(openapi::of(self.settings, &exchange.request.public, &exchange.names))
            }
            ProgramAnswer::Refused(refusal) => self.refused_program(refusal),
        }
    }

    fn refused_program(&self, refusal: Refusal) -> Reply {
        let (status, words) = words(&refusal);
        let said = refusal.said.as_ref();
        // A back end's own word is the person's to hear.
        let words = said.and_then(|said| said.message.clone()).map_or(Cow::Borrowed(words), Cow::Owned);
        let mut reply = self.refused_call(status, refusal.code.as_str(), &words);
        let challenge = match refusal.code {
            Code::InvalidClient => Some("Basic realm=\"keyward\""),
            Code::InvalidToken => Some("Bearer error=\"invalid_token\""),
            _ => None,
        };
        if let Some(challenge) = challenge {
            reply.headers.push(("www-authenticate", challenge.into()));
        }
        self.marked(reply, refusal)
    }
}

fn handed_out(tokens: &Tokens) -> Value {
    let mut members = of_access(&tokens.access);
    members.insert("refreshToken".to_owned(), tokens.refresh.text().expose().into());
    if let Some(user) = &tokens.user {
        members.insert("user".to_owned(), of_user(user));
    }
    Value::Object(members)
}

/// `accessTokenExpires` in milliseconds, as NextAuth's tutorials have it; `expiresIn` for whom clocks are a matter of doubt.
fn of_access(token: &AccessToken) -> Map<String, Value> {
    let members = [
        ("tokenType", json!("Bearer")),
        ("accessToken", json!(token.token.expose())),
        ("accessTokenExpires", json!(token.expires.millis())),
        ("expiresIn", json!(token.lives.as_secs())),
        ("scope", json!(token.scope)),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn of_user(user: &User) -> Value {
    json!({
        "id": user.id.0,
        "name": user.name,
        "email": user.email,
        "emailVerified": user.email_verified.is_some(),
        "image": user.image,
    })
}

fn of_me(me: &Me) -> Value {
    json!({
        "user": of_user(&me.user),
        "session": me.claims.sid,
        "audience": me.claims.aud,
        "clientId": me.claims.client_id,
        "scope": me.claims.scope,
    })
}

/// Of nobody in particular, so that whoever is on the way may keep it for a while.
fn open(json: String) -> Reply {
    Reply {
        status: 200,
        headers: vec![("cache-control", FOR_MINUTES.into())],
        cookies: Vec::new(),
        body: ReplyBody::Json(json),
        refused: None,
    }
}

/// The message is for developers who read the answer.
pub(super) fn words(refusal: &Refusal) -> (u16, &'static str) {
    if let Some(status) = refusal.status() {
        return (status, "Try again in a moment.");
    }
    let said = refusal.said.as_ref().is_some_and(|said| *said != Said::default());
    match refusal.code {
        Code::CredentialsSignin => (401, "What was submitted proves nobody."),
        Code::MissingField => (400, "A field that is needed is missing, or is no text."),
        Code::InvalidEmail => (400, "email is no address."),
        Code::WeakPassword => (400, "The password is easy to guess."),
        Code::BreachedPassword => (400, "The password is on a list of breached ones."),
        Code::PasswordTooLong => (400, "The password is too long."),
        Code::EmailTaken => (409, "Somebody has this address already."),
        Code::AccessDenied => (403, "A rule of the deployment says no."),
        Code::OAuthAccountNotLinked => (409, "Who has this address signs in another way."),
        Code::SessionRequired => (401, "No session came along that is alive."),
        Code::InvalidClient => {
            (401, "The application's own credentials are missing or wrong: HTTP Basic, id and secret.")
        }
        Code::InvalidToken => (401, "The access token is none, has expired, or its session is over."),
        Code::InvalidGrant => (401, "The refresh token is good no more: sign in again."),
        Code::InvalidTarget => (400, "Tokens for this audience are not yours to ask for."),
        Code::SecondFactorExpired => (401, "The half-finished sign-in is over: sign in again."),
        Code::WrongCode => (401, "The code is none, or was used."),
        Code::InvalidScope => (400, "A scope is none of this audience's, or not yours to ask for."),
        Code::Configuration => (500, "Something is wrong with this server; its log says what."),
        Code::UnknownProvider => (400, "There is no such provider, or not for this call."),
        code if code.is_of_provider() => (401, "The provider's word is not good."),
        code if code.is_of_backend() && said => (401, "The back end refuses."),
        code if code.is_of_backend() => {
            (502, "The back end behind this provider did not answer as it should.")
        }
        _ => (403, "This is refused."),
    }
}

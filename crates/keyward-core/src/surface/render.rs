//! From an outcome to the reply that the client's generation expects (protocol notes §1.3, §7, §9).

mod account;
mod api;
mod factor;
mod page;
mod people;
mod program;
mod recovery;

use serde_json::{Value, json};

use crate::{
    action::{Form, Misdirected, Outcome, Step},
    dialect::{
        Dialect,
        cookies::{CookieChanges, encode_component},
        own_cookies::OwnCookie,
    },
    error::{Code, Refusal},
    exchange::Exchange,
    policy::linking::NotLinked,
    reply::{Reply, ReplyBody},
    settings::Settings,
    surface::{link, not_linked::Second, words},
};

/// Every answer may set or depend on cookies, so none may be stored on the way (lesson 59). The three headers
/// are the original's for `session` and `csrf`; here they stand on every answer.
const NO_STORE: [(&str, &str); 3] =
    [("cache-control", "private, no-cache, no-store"), ("pragma", "no-cache"), ("expires", "0")];

/// Words an outcome.
#[must_use]
pub fn outcome(settings: &Settings, exchange: &Exchange<'_>, outcome: Outcome) -> Reply {
    let reply = Render { settings, exchange, dialect: settings.dialect };
    match outcome {
        Outcome::Csrf => reply.json(200, &json!({ "csrfToken": exchange.csrf.token })),
        Outcome::Providers => reply.without_cookies(reply.json(200, &reply.providers())),
        Outcome::Session(Some(session)) => reply.reply(200, ReplyBody::Json(session)),
        Outcome::Session(None) => reply.empty_session(200),
        Outcome::UpdateRefused => reply.refused_quietly(reply.empty_session(400)),
        // What `update()` brought makes it so; the session stays as it was.
        Outcome::SessionUnavailable(refusal) if refusal.code == Code::SessionTooLarge => {
            reply.marked(reply.empty_session(413), refusal)
        }
        Outcome::SessionUnavailable(refusal) => reply.marked(reply.empty_session(503), refusal),
        Outcome::Page(asked) => reply.page(asked),
        Outcome::Land(landing) => reply.go(200, landing.as_str()),
        Outcome::Welcome(landing) => match &settings.pages.new_user {
            Some(page) => {
                reply.go(200, &with_query(page, "callbackUrl", &encode_component(landing.as_str())))
            }
            None => reply.go(200, landing.as_str()),
        },
        Outcome::VerifyFirst => {
            let page = format!("{}?done=sent", Step::VerifyEmail.page());
            reply.go(200, &exchange.request.public.route(&page))
        }
        Outcome::Recovery(what) => reply.recovery(what),
        Outcome::Account(outcome) => reply.account(outcome),
        Outcome::ChooseSignIn => reply.go(200, &exchange.request.public.route("signin")),
        Outcome::Depart(url) => reply.go(200, url.as_str()),
        Outcome::Refused { refusal, provider } => reply.refused(refusal, provider.as_deref()),
        Outcome::NotLinked { provider, known } => reply.not_linked(&provider, &known),
        Outcome::RedirectRefused { refusal, leg } => {
            reply.refused_in_word(words::provider_word(settings.dialect, leg, &refusal), refusal)
        }
        Outcome::LinkSent { provider } => reply.go(200, &link::sent(&exchange.request.public, &provider)),
        Outcome::ConfirmLink { provider, token, email } => reply.confirm_link(&provider, token, email),
        Outcome::EmailRefused(refusal) => {
            reply.refused_in_word(words::email_word(settings.dialect, refusal.code), refusal)
        }
        Outcome::Factor(outcome) => reply.factor(outcome),
        Outcome::Answer(answer) => reply.answer(answer),
        Outcome::CsrfRefused(form) => reply.csrf_refused(form),
        Outcome::Done => reply.without_cookies(reply.reply(200, ReplyBody::Empty)),
    }
}

/// Words a request that asks for nothing there is.
#[must_use]
pub fn misdirected(settings: &Settings, exchange: &Exchange<'_>, why: Misdirected) -> Reply {
    let reply = Render { settings, exchange, dialect: settings.dialect };
    match (why, settings.dialect) {
        (Misdirected::InvalidCallbackUrl, _) => {
            let code = "invalid_callback_url";
            let url = format!("{}?error={code}", exchange.request.public.route("error"));
            let text = "callbackUrl is neither a path nor an http(s) URL";
            let mut reply = reply.json(400, &json!({ "url": url, "error": code, "message": text }));
            reply.cookies.clear();
            reply
        }
        (Misdirected::UnknownCall, _) => reply.no_such_call(),
        (Misdirected::WrongCallMethod { allow }, _) => reply.wrong_call_method(allow),
        (Misdirected::UnknownSignInProvider, Dialect::NextAuth3 | Dialect::NextAuth4) => {
            reply.go(200, &format!("{}?csrf=true", exchange.request.public.route("signin")))
        }
        (_, Dialect::NextAuth3 | Dialect::NextAuth4) => {
            let text = "This action is not supported here: check the path and the HTTP method.";
            reply.without_cookies(reply.reply(400, ReplyBody::Text(text.to_owned())))
        }
        (Misdirected::UnknownAction, Dialect::AuthJs5) => {
            reply.without_cookies(reply.json(400, &Value::from("Bad request.")))
        }
        (_, Dialect::AuthJs5) => reply.refused_quietly(reply.go(200, &reply.error_page(Code::Configuration))),
    }
}

/// The statuses of a refusal: among our own calls, and among those of programs.
#[cfg(test)]
pub(super) fn statuses(refusal: &Refusal) -> [u16; 2] {
    let (own, _) = api::status_and_message(refusal.code);
    let (of_programs, _) = program::words(refusal);
    [own, of_programs]
}

struct Render<'a> {
    settings: &'a Settings,
    exchange: &'a Exchange<'a>,
    dialect: Dialect,
}

impl Render<'_> {
    fn cookies(&self, changes: &CookieChanges) -> Vec<String> {
        let request = self.exchange.request;
        self.dialect.set_cookies(changes, &request.cookies, request.public.is_secure(), self.exchange.now)
    }

    fn reply(&self, status: u16, body: ReplyBody) -> Reply {
        Reply {
            status,
            headers: NO_STORE.map(|(name, value)| (name, value.into())).to_vec(),
            cookies: self.cookies(&self.exchange.changes),
            body,
            refused: None,
        }
    }

    fn json(&self, status: u16, value: &Value) -> Reply {
        self.reply(status, ReplyBody::Json(serde_json::to_string(value).expect("JSON values are JSON")))
    }

    fn empty_session(&self, status: u16) -> Reply {
        self.reply(status, ReplyBody::Json(self.dialect.empty_session().to_owned()))
    }

    /// Generation 3 sets its cookies on every answer, the others not where nothing was begun.
    fn without_cookies(&self, mut reply: Reply) -> Reply {
        if self.dialect != Dialect::NextAuth3 {
            reply.cookies.clear();
        }
        reply
    }

    /// Generation 5 answers refusals without cookies and, in JSON mode, without `Location`. An attempt is used up all
    /// the same.
    fn refused_quietly(&self, mut reply: Reply) -> Reply {
        if self.dialect == Dialect::AuthJs5 {
            let changes = &self.exchange.changes;
            let typed = changes.own.iter().filter(|change| change.cookie == OwnCookie::Typed);
            reply.cookies = self.cookies(&CookieChanges {
                attempts: changes.attempts.clone(),
                own: typed.cloned().collect(),
                ..CookieChanges::default()
            });
            if matches!(reply.body, ReplyBody::Json(_)) {
                reply.headers.retain(|(name, _)| *name != "location");
            }
        }
        reply
    }

    /// Adds what the log says, and when to try again.
    #[expect(clippy::unused_self, reason = "reads like its neighbours where it is used")]
    fn marked(&self, mut reply: Reply, refusal: Refusal) -> Reply {
        if let Some(span) = refusal.retry_after {
            reply.headers.push(("retry-after", span.as_secs().max(1).to_string().into()));
        }
        reply.refused = Some((refusal.code.as_str(), refusal.detail));
        reply
    }

    /// A redirect, or in JSON mode its address with `status`.
    fn go(&self, status: u16, target: &str) -> Reply {
        if !self.dialect.wants_json(self.exchange.request) {
            let mut reply = self.reply(302, ReplyBody::Empty);
            reply.headers.push(("location", target.to_owned().into()));
            return reply;
        }
        // The clients run `new URL(url)` on it, so it is absolute (protocol notes §0.5).
        let mut reply = self.json(status, &json!({ "url": self.absolute(target) }));
        if self.dialect == Dialect::AuthJs5 {
            reply.headers.push(("location", target.to_owned().into()));
        }
        reply
    }

    fn absolute(&self, target: &str) -> String {
        let origin = self.exchange.request.public.origin();
        if target.starts_with('/') { format!("{origin}{target}") } else { target.to_owned() }
    }

    fn refused(&self, refusal: Refusal, provider: Option<&str>) -> Reply {
        let target = self.refusal_address(&refusal, provider);
        let json = self.dialect.wants_json(self.exchange.request);
        if let (Some(status), false) = (refusal.status(), json) {
            // A redirect would hide the status that proxies and people need to see.
            let page = self.error_page_model(Some(refusal.code.as_str().to_owned()));
            return self.marked(self.reply(status, ReplyBody::Page(page)), refusal);
        }
        let status = refusal.status().unwrap_or(match (self.dialect, refusal.code) {
            (Dialect::AuthJs5, _) => 200,
            (_, Code::AccessDenied | Code::AccountDisabled) => 403,
            // Generation 3 answers what `authorize` throws with 200, and that is what a back end's failures are.
            (Dialect::NextAuth3, code) if code.is_of_backend() => 200,
            (Dialect::NextAuth3 | Dialect::NextAuth4, _) => 401,
        });
        self.marked(self.refused_quietly(self.go(status, &target)), refusal)
    }

    /// A sign-in in several steps: NextAuth's word for it, and beside it which step it was.
    fn refused_in_word(&self, word: Option<&'static str>, refusal: Refusal) -> Reply {
        let Some(word) = word else { return self.refused(refusal, None) };
        let mut target = self.word_address(word);
        let said = refusal.said.as_ref().and_then(|said| said.code.as_deref());
        // A hook's own word says more than ours of it.
        if let Some(code) = said.or_else(|| words::exact_code(refusal.code.as_str())) {
            target = with_query(&target, "code", &encode_component(code));
        }
        self.marked(self.refused_quietly(self.go(200, &target)), refusal)
    }

    fn not_linked(&self, provider: &str, known: &NotLinked) -> Reply {
        let refusal = Refusal::new(Code::OAuthAccountNotLinked);
        let mut target = self.word_address(refusal.code.as_str());
        if let Some(second) = Second::of(self.settings, provider, known) {
            target = second.write(&target);
        }
        self.marked(self.refused_quietly(self.go(200, &target)), refusal)
    }

    fn word_address(&self, word: &str) -> String {
        let page = match self.dialect {
            Dialect::AuthJs5 if words::is_for_sign_in_page(word) => self.sign_in_page(),
            Dialect::AuthJs5 => self.error_page_address(),
            Dialect::NextAuth3 | Dialect::NextAuth4 => self.exchange.request.public.route("error"),
        };
        with_query(&page, "error", word)
    }

    /// Where a refused person goes: every address carries `error`.
    fn refusal_address(&self, refusal: &Refusal, provider: Option<&str>) -> String {
        let public = &self.exchange.request.public;
        let on_sign_up = provider.is_some() && provider == self.settings.sign_up_provider.as_deref();
        let code = refusal.code.as_str();
        let said = refusal.said.clone().unwrap_or_default();
        if refusal.code == Code::EmailNotVerified {
            return self.verify_first();
        }
        if self.dialect == Dialect::AuthJs5 {
            return match refusal.code {
                Code::AccessDenied | Code::Configuration => self.error_page(refusal.code),
                _ => {
                    let code = match refusal.code {
                        Code::CredentialsSignin => "credentials",
                        _ => code,
                    };
                    let code = encode_component(said.code.as_deref().unwrap_or(code));
                    let page = if on_sign_up { public.route("-/signup") } else { self.sign_in_page() };
                    format!("{page}?error=CredentialsSignin&code={code}")
                }
            };
        }
        if on_sign_up && said == crate::error::Said::default() {
            return format!("{}?error={code}", public.route("-/signup"));
        }
        let page = public.route("error");
        match (refusal.code, provider, said.message.or(said.code)) {
            (_, _, Some(message)) => format!("{page}?error={}", encode_component(&message)),
            (Code::CredentialsSignin, Some(id), None) => {
                format!("{page}?error={code}&provider={}", encode_component(id))
            }
            _ => format!("{page}?error={code}"),
        }
    }

    fn csrf_refused(&self, form: Form) -> Reply {
        let public = &self.exchange.request.public;
        match (self.dialect, form) {
            (Dialect::AuthJs5, _) => {
                let target = format!("{}?error={}", self.sign_in_page(), Code::MissingCsrf.as_str());
                self.refused_quietly(self.go(200, &target))
            }
            (_, Form::SignIn) => self.go(200, &format!("{}?csrf=true", public.route("signin"))),
            (_, Form::SignOut) => self.go(200, &format!("{}?csrf=true", public.route("signout"))),
        }
    }

    /// Generation 5 sends refused people straight to the application's page.
    fn sign_in_page(&self) -> String {
        match &self.settings.pages.sign_in {
            Some(page) => self.absolute(page),
            None => self.exchange.request.public.route("signin"),
        }
    }

    fn error_page(&self, code: Code) -> String {
        format!("{}?error={}", self.error_page_address(), code.as_str())
    }

    fn error_page_address(&self) -> String {
        match &self.settings.pages.error {
            Some(page) => self.absolute(page),
            None => self.exchange.request.public.route("error"),
        }
    }
}

fn with_query(page: &str, name: &str, encoded: &str) -> String {
    let separator = if page.contains('?') { '&' } else { '?' };
    format!("{page}{separator}{name}={encoded}")
}

//! From an outcome to the reply that the client's generation expects (protocol notes §1.3, §7, §9).

use serde_json::{Map, Value, json};

use crate::{
    action::{Asked, Form, Misdirected, Outcome},
    dialect::{
        Dialect,
        cookies::{CookieChanges, encode_component},
    },
    error::{Code, Refusal},
    exchange::Exchange,
    method::email::EmailProvider,
    policy::linking::NotLinked,
    reply::{FormKind, Page, ProviderForm, Reply, ReplyBody},
    settings::{Provider, RedirectKind, RedirectProvider, Settings},
    surface::{link, not_linked::Second, words},
};

/// Every answer may set or depend on cookies, so none may be stored on the way (lesson 59). The three headers
/// are the original's for `session` and `csrf`; here they stand on every answer.
const NO_STORE: [(&str, &str); 3] =
    [("cache-control", "private, no-cache, no-store"), ("pragma", "no-cache"), ("expires", "0")];

/// Codes that generations 3 and 4 pass from the error page on to the sign-in page (protocol notes §9.3).
const SHOWN_ON_SIGN_IN: [&str; 10] = [
    "Signin",
    "OAuthSignin",
    "OAuthCallback",
    "OAuthCreateAccount",
    "EmailCreateAccount",
    "Callback",
    "OAuthAccountNotLinked",
    "EmailSignin",
    "CredentialsSignin",
    "SessionRequired",
];

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
            let attempts = self.exchange.changes.attempts.clone();
            reply.cookies = self.cookies(&CookieChanges { attempts, ..CookieChanges::default() });
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
            (_, Code::AccessDenied) => 403,
            // Generation 3 answers what `authorize` throws with 200, and that is what a back end's failures are.
            (Dialect::NextAuth3, code) if code.is_of_backend() => 200,
            (Dialect::NextAuth3 | Dialect::NextAuth4, _) => 401,
        });
        self.marked(self.refused_quietly(self.go(status, &target)), refusal)
    }

    /// A sign-in in several steps: NextAuth's word for it, and beside it which step it was.
    fn refused_in_word(&self, word: Option<&'static str>, refusal: Refusal) -> Reply {
        let Some(word) = word else { return self.refused(refusal, None) };
        let page = match self.dialect {
            Dialect::AuthJs5 if words::is_for_sign_in_page(word) => self.sign_in_page(),
            Dialect::AuthJs5 => self.error_page_address(),
            Dialect::NextAuth3 | Dialect::NextAuth4 => self.exchange.request.public.route("error"),
        };
        let mut target = with_query(&page, "error", word);
        if let Some(code) = words::exact_code(refusal.code.as_str()) {
            target = with_query(&target, "code", code);
        }
        self.marked(self.refused_quietly(self.go(200, &target)), refusal)
    }

    fn not_linked(&self, provider: &str, known: &NotLinked) -> Reply {
        let refusal = Refusal::new(Code::OAuthAccountNotLinked);
        let page = match self.dialect {
            Dialect::AuthJs5 => self.sign_in_page(),
            Dialect::NextAuth3 | Dialect::NextAuth4 => self.exchange.request.public.route("error"),
        };
        let mut target = with_query(&page, "error", refusal.code.as_str());
        if let Some(second) = Second::of(self.settings, provider, known) {
            target = second.write(&target);
        }
        self.marked(self.refused_quietly(self.go(200, &target)), refusal)
    }

    /// Where a refused person goes: every address carries `error`.
    fn refusal_address(&self, refusal: &Refusal, provider: Option<&str>) -> String {
        let public = &self.exchange.request.public;
        let on_sign_up = provider.is_some() && provider == self.settings.sign_up_provider.as_deref();
        let code = refusal.code.as_str();
        let said = refusal.said.clone().unwrap_or_default();
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

    fn confirm_link(&self, provider: &str, token: String, email: String) -> Reply {
        let public = &self.exchange.request.public;
        let page = Page::ConfirmLink {
            csrf_token: self.exchange.csrf.token.clone(),
            action: public.route(&format!("callback/{provider}")),
            callback_url: self.exchange.landing.as_str().to_owned(),
            token,
            email,
            host: public.host().to_owned(),
        };
        self.reply(200, ReplyBody::Page(page))
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

    /// What went wrong at a provider, where the address says so beside NextAuth's word.
    fn exact_code(&self) -> Option<&'static str> {
        self.exchange.request.query.get("code").and_then(words::exact_code)
    }

    fn page(&self, asked: Asked) -> Reply {
        let (pages, public) = (&self.settings.pages, &self.exchange.request.public);
        match asked {
            Asked::SignIn { error } => {
                let Some(page) = &pages.sign_in else {
                    return self.reply(200, ReplyBody::Page(self.sign_in_model(error)));
                };
                let landing = self.exchange.landing.as_str();
                let back = self.second().map(|second| second.landing(&public.route("signin"), landing));
                let landing = encode_component(back.as_deref().unwrap_or(landing));
                let mut target = with_query(page, "callbackUrl", &landing);
                // Generations 3 and 4 hand the second segment (`signin/<id>`) to the application's page as an error.
                let segment = (self.dialect != Dialect::AuthJs5)
                    .then(|| self.exchange.request.path.get(1).map(String::as_str))
                    .flatten();
                if let Some(error) = error.as_deref().or(segment) {
                    target = with_query(&target, "error", &encode_component(error));
                }
                self.redirect(&target)
            }
            Asked::AddAccount { provider } => self.add_account(&provider),
            Asked::SignUp { error } => match self.sign_up_model(error) {
                Some(page) => self.reply(200, ReplyBody::Page(page)),
                None => self.redirect(&public.route("signin")),
            },
            Asked::SignOut => match &pages.sign_out {
                Some(page) => self.redirect(page),
                None => self.reply(
                    200,
                    ReplyBody::Page(Page::SignOut {
                        csrf_token: self.exchange.csrf.token.clone(),
                        action: public.route("signout"),
                        stay: self.exchange.landing.as_str().to_owned(),
                    }),
                ),
            },
            Asked::Error { error } => self.error_answer(error),
            Asked::VerifyRequest => match &pages.verify_request {
                Some(page) => {
                    let mut target = page.clone();
                    if self.dialect == Dialect::AuthJs5 {
                        for (name, value) in self.exchange.request.query.iter() {
                            target = with_query(&target, &encode_component(name), &encode_component(value));
                        }
                    }
                    self.redirect(&target)
                }
                None => self.reply(
                    200,
                    ReplyBody::Page(Page::VerifyRequest {
                        host: public.host().to_owned(),
                        origin: public.origin().to_owned(),
                    }),
                ),
            },
        }
    }

    fn error_answer(&self, error: Option<String>) -> Reply {
        let code = error.as_deref().unwrap_or_default();
        let on_sign_in = SHOWN_ON_SIGN_IN.contains(&code) || is_own_code(code);
        let custom = self.settings.pages.error.as_deref();
        // Of the application's error page and the list, generation 3 asks the page first, 4 the list.
        let pass_on = match self.dialect {
            // It does not know `SessionRequired`, which came with generation 4.
            Dialect::NextAuth3 => on_sign_in && custom.is_none() && code != "SessionRequired",
            Dialect::NextAuth4 => on_sign_in,
            Dialect::AuthJs5 => false,
        };
        if pass_on {
            let target = format!("{}?error={code}", self.exchange.request.public.route("signin"));
            let target = match self.second() {
                Some(second) => second.write(&target),
                None => target,
            };
            return self.redirect(&match self.exact_code() {
                Some(exact) => with_query(&target, "code", exact),
                None => target,
            });
        }
        if let Some(page) = custom {
            let code = error.as_deref().unwrap_or("undefined");
            return self.redirect(&with_query(page, "error", &encode_component(code)));
        }
        let is = |known: &str| match self.dialect {
            Dialect::AuthJs5 => code == known,
            _ => code.eq_ignore_ascii_case(known),
        };
        let status = if is("Configuration") {
            500
        } else if is("AccessDenied") || is("Verification") {
            403
        } else {
            200
        };
        self.reply(status, ReplyBody::Page(self.error_page_model(error)))
    }

    /// Always a redirect: pages are asked for by GET, which has no JSON mode in generations 3 and 4.
    fn redirect(&self, target: &str) -> Reply {
        self.go(200, target)
    }

    fn error_page_model(&self, error: Option<String>) -> Page {
        let error = self.exact_code().map(str::to_owned).or(error);
        Page::Error { error, sign_in: self.exchange.request.public.route("signin") }
    }

    fn sign_in_model(&self, error: Option<String>) -> Page {
        let shown = self.settings.providers.iter().filter(|p| p.on_sign_in_page);
        let redirects = self.settings.redirects.iter().filter(|p| p.on_sign_in_page);
        let mut providers: Vec<_> = shown.map(|provider| self.form(provider)).collect();
        providers.extend(redirects.map(|provider| self.button(provider)));
        let emails = self.settings.emails.iter().filter(|p| p.on_sign_in_page);
        providers.extend(emails.map(|provider| self.email_form(provider)));
        providers.sort_by_key(|form| self.settings.place_of(&form.id));
        let second = self.second();
        if let Some(second) = &second {
            providers.retain(|form| second.is_proven_by(&form.id));
        }
        let public = &self.exchange.request.public;
        let back =
            |second: &Second<'_>| second.landing(&public.route("signin"), self.exchange.landing.as_str());
        let sign_up = self.settings.sign_up_provider.as_ref().filter(|_| second.is_none());
        Page::SignIn {
            csrf_token: self.exchange.csrf.token.clone(),
            error: self.exact_code().map(str::to_owned).or(error),
            providers,
            sign_up: sign_up.map(|_| public.route("-/signup")),
            callback_url: second.as_ref().map(back),
            adds: second.map(|second| second.provider.name.clone()),
        }
    }

    /// Who came with a second provider, where the address says so.
    fn second(&self) -> Option<Second<'_>> {
        Second::read(self.settings, &self.exchange.request.query)
    }

    fn add_account(&self, provider: &str) -> Reply {
        let public = &self.exchange.request.public;
        let name = self.settings.redirect(provider).map(|provider| provider.name.clone());
        let page = Page::AddAccount {
            csrf_token: self.exchange.csrf.token.clone(),
            action: public.route(&format!("signin/{provider}")),
            callback_url: self.exchange.landing.as_str().to_owned(),
            provider: name.unwrap_or_default(),
        };
        self.reply(200, ReplyBody::Page(page))
    }

    fn sign_up_model(&self, error: Option<String>) -> Option<Page> {
        let provider = self.settings.provider(self.settings.sign_up_provider.as_deref()?)?;
        Some(Page::SignUp {
            csrf_token: self.exchange.csrf.token.clone(),
            error,
            form: self.form(provider),
            sign_in: self.exchange.request.public.route("signin"),
        })
    }

    fn form(&self, provider: &Provider) -> ProviderForm {
        ProviderForm {
            id: provider.id.clone(),
            name: provider.name.clone(),
            action: self.exchange.request.public.route(&format!("callback/{}", provider.id)),
            kind: FormKind::Fields(provider.fields.clone()),
        }
    }

    fn button(&self, provider: &RedirectProvider) -> ProviderForm {
        ProviderForm {
            id: provider.id.clone(),
            name: provider.name.clone(),
            action: self.exchange.request.public.route(&format!("signin/{}", provider.id)),
            kind: FormKind::Button,
        }
    }

    fn email_form(&self, provider: &EmailProvider) -> ProviderForm {
        let asked_for = self.exchange.request.query.get("email").unwrap_or_default();
        ProviderForm {
            id: provider.id.clone(),
            name: provider.name.clone(),
            action: self.exchange.request.public.route(&format!("signin/{}", provider.id)),
            kind: FormKind::Email { value: asked_for.to_owned() },
        }
    }

    fn providers(&self) -> Value {
        let settings = self.settings;
        let fields = settings.providers.iter().map(|one| (&one.id, &one.name, "credentials"));
        let redirects = settings.redirects.iter().map(|one| (&one.id, &one.name, self.kind_of(one)));
        let emails = settings.emails.iter().map(|one| (&one.id, &one.name, "email"));
        let mut all: Vec<_> = fields.chain(redirects).chain(emails).collect();
        all.sort_by_key(|(id, ..)| settings.place_of(id));
        let public = &self.exchange.request.public;
        let entries = all.into_iter().map(|(id, name, kind)| {
            let entry = json!({
                "id": id,
                "name": name,
                "type": kind,
                "signinUrl": public.route(&format!("signin/{id}")),
                "callbackUrl": public.route(&format!("callback/{id}")),
            });
            (id.clone(), entry)
        });
        Value::Object(entries.collect::<Map<_, _>>())
    }

    /// Generations 3 and 4 know OpenID Connect as a kind of OAuth.
    fn kind_of(&self, provider: &RedirectProvider) -> &'static str {
        match self.dialect {
            Dialect::NextAuth3 | Dialect::NextAuth4 => RedirectKind::OAuth.as_str(),
            Dialect::AuthJs5 => provider.kind.as_str(),
        }
    }
}

/// Keyward's own codes about a sign-in: they belong on the sign-in page, where the person can try again.
fn is_own_code(code: &str) -> bool {
    Code::ALL.iter().any(|own| own.as_str() == code && code.starts_with(|c: char| c.is_ascii_lowercase()))
}

fn with_query(page: &str, name: &str, encoded: &str) -> String {
    let separator = if page.contains('?') { '&' } else { '?' };
    format!("{page}{separator}{name}={encoded}")
}

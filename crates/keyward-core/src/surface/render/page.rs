//! The pages that people ask for, the application's own or the built-in ones, and the list of providers.

use serde_json::{Map, Value, json};

use super::{Render, with_query};
use crate::{
    action::{Asked, Step},
    dialect::{Dialect, cookies::encode_component},
    error::Code,
    method::email::EmailProvider,
    reply::{FormKind, Page, ProviderForm, Reply, ReplyBody},
    settings::{Provider, RedirectKind, RedirectProvider},
    surface::{not_linked::Second, recovery::is_offered, words},
};

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

impl Render<'_> {
    pub(super) fn page(&self, asked: Asked) -> Reply {
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
                self.redirect(&self.with_exact_code(target))
            }
            Asked::AddAccount { provider } => self.add_account(&provider),
            Asked::SignUp { error, typed } => match self.sign_up_model(error, typed) {
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
            return self.redirect(&self.with_exact_code(target));
        }
        if let Some(page) = custom {
            let code = error.as_deref().unwrap_or("undefined");
            let target = with_query(page, "error", &encode_component(code));
            return self.redirect(&self.with_exact_code(target));
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

    pub(super) fn confirm_link(&self, provider: &str, token: String, email: String) -> Reply {
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
            passkey: self.passkey_button().filter(|_| second.as_ref().is_none_or(Second::is_proven_by_any)),
            sign_up: sign_up.map(|_| public.route("-/signup")),
            reset: is_offered(self.settings, Step::Reset).then(|| public.route(Step::Reset.page())),
            callback_url: second.as_ref().map(back),
            adds: second.map(|second| second.provider.name.clone()),
        }
    }

    fn sign_up_model(&self, error: Option<String>, typed: Vec<(String, String)>) -> Option<Page> {
        let provider = self.settings.provider(self.settings.sign_up_provider.as_deref()?)?;
        Some(Page::SignUp {
            csrf_token: self.exchange.csrf.token.clone(),
            error,
            form: with_typed(self.form(provider), typed),
            sign_in: self.exchange.request.public.route("signin"),
        })
    }

    pub(super) fn error_page_model(&self, error: Option<String>) -> Page {
        let error = self.exact_code().map(str::to_owned).or(error);
        Page::Error { error, sign_in: self.exchange.request.public.route("signin") }
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

    /// Who came with a second provider, where the address says so.
    pub(super) fn second(&self) -> Option<Second<'_>> {
        Second::read(self.settings, &self.exchange.request.query)
    }

    /// An address that hands on which step failed.
    fn with_exact_code(&self, target: String) -> String {
        match self.exact_code() {
            Some(exact) => with_query(&target, "code", exact),
            None => target,
        }
    }

    /// Which step failed, where the address says so beside NextAuth's word.
    pub(super) fn exact_code(&self) -> Option<&'static str> {
        self.exchange.request.query.get("code").and_then(words::exact_code)
    }

    pub(super) fn providers(&self) -> Value {
        let settings = self.settings;
        let fields = settings.providers.iter().map(|one| (&one.id, &one.name, "credentials"));
        let redirects = settings.redirects.iter().map(|one| (&one.id, &one.name, self.kind_of(one)));
        let emails = settings.emails.iter().map(|one| (&one.id, &one.name, "email"));
        let mut all: Vec<_> = fields.chain(redirects).chain(emails).collect();
        // The others have no client for it, and would send people to an authorization that there is not.
        let passkeys = settings.passkeys.iter().filter(|_| self.dialect == Dialect::AuthJs5);
        all.extend(passkeys.map(|one| (&one.id, &one.name, "webauthn")));
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

/// The form with what was typed before, but no password.
fn with_typed(mut form: ProviderForm, typed: Vec<(String, String)>) -> ProviderForm {
    if let FormKind::Fields(fields) = &mut form.kind {
        for (name, text) in typed {
            if let Some(field) =
                fields.iter_mut().find(|field| field.name == name && field.kind != "password")
            {
                field.attributes.insert("value".to_owned(), text);
            }
        }
    }
    form
}

/// Keyward's own codes about a sign-in: they belong on the sign-in page, where the person can try again.
fn is_own_code(code: &str) -> bool {
    Code::ALL.iter().any(|own| own.as_str() == code && code.starts_with(|c: char| c.is_ascii_lowercase()))
}

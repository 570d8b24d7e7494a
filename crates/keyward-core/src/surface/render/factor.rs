//! What came of second factors and passkeys.

use serde_json::json;

use super::{Render, with_query};
use crate::{
    action::{FactorOutcome, OwnPage},
    dialect::{Dialect, cookies::encode_component},
    error::{Code, Refusal},
    reply::{Page, PasskeyForm, Reply, ReplyBody},
};

impl Render<'_> {
    pub(super) fn factor(&self, outcome: FactorOutcome) -> Reply {
        let public = &self.exchange.request.public;
        match outcome {
            FactorOutcome::Required { .. } => self.factor_required(),
            FactorOutcome::Page(page) => self.reply(200, ReplyBody::Page(Page::Factor(page))),
            FactorOutcome::Go { page, then: None } => self.go(200, &public.route(page.path())),
            FactorOutcome::Go { page, then: Some(then) } => {
                self.go(200, &self.to(&public.route(page.path()), then))
            }
            FactorOutcome::SignIn { then } => self.go(401, &self.to(&self.sign_in_page(), then)),
            FactorOutcome::Back { page, refusal } => self.back(page, refusal),
            FactorOutcome::Options { action, options } => {
                self.json(200, &json!({ "action": action, "options": options }))
            }
            // As the original says it, which sets no challenge.
            FactorOutcome::NoOptions(why) => {
                let status = if why == Code::RecentSignInRequired.as_str() { 403 } else { 400 };
                let url = public.route(&format!("{}?error={why}", OwnPage::Confirm.path()));
                let body = match status {
                    403 => json!({ "error": why, "url": url }),
                    _ => json!({ "error": why }),
                };
                self.without_cookies(self.json(status, &body))
            }
            FactorOutcome::PasskeyRefused(refusal) => self.passkey_refused(refusal),
        }
    }

    /// The clients of every generation read `error` and `code` out of the address and hand on whether the status is
    /// that of a success; who lets them navigate arrives at the page.
    fn factor_required(&self) -> Reply {
        let code = Code::SecondFactorRequired.as_str();
        let page = self.exchange.request.public.route(OwnPage::Factor.path());
        let mut target = with_query(&page, "error", code);
        if self.dialect == Dialect::AuthJs5 {
            target = with_query(&target, "code", code);
        }
        self.marked(self.go(401, &target), Refusal::new(Code::SecondFactorRequired))
    }

    fn to(&self, page: &str, then: OwnPage) -> String {
        let mut place = self.exchange.request.public.route(then.path());
        if then == OwnPage::Confirm {
            place = with_query(&place, "callbackUrl", &encode_component(self.exchange.landing.as_str()));
        }
        with_query(page, "callbackUrl", &encode_component(&place))
    }

    fn back(&self, page: OwnPage, refusal: Refusal) -> Reply {
        let target = self.exchange.request.public.route(page.path());
        let target = with_query(&target, "error", refusal.code.as_str());
        let status = refusal.status().unwrap_or(401);
        self.marked(self.go(status, &target), refusal)
    }

    /// In generation 5 a wrong answer has a word of its own, and everything else is a fault of the set-up.
    fn passkey_refused(&self, refusal: Refusal) -> Reply {
        match (self.dialect, refusal.code) {
            (Dialect::AuthJs5, Code::PasskeyRefused) => {
                let target = self.word_address(refusal.code.as_str());
                self.marked(self.refused_with_own(self.go(200, &target)), refusal)
            }
            _ => {
                let settings = self.settings.passkeys.as_ref();
                let provider = settings.map(|settings| settings.id.clone());
                self.refused(refusal, provider.as_deref())
            }
        }
    }

    /// A challenge is used up, whatever came of it.
    fn refused_with_own(&self, reply: Reply) -> Reply {
        let own = self.exchange.changes.own.clone();
        let mut reply = self.refused_quietly(reply);
        reply.cookies.extend(self.cookies(&crate::dialect::cookies::CookieChanges {
            own,
            ..crate::dialect::cookies::CookieChanges::default()
        }));
        reply
    }

    /// The button of the sign-in page.
    pub(super) fn passkey_button(&self) -> Option<PasskeyForm> {
        let settings = self.settings.passkeys.as_ref().filter(|settings| settings.on_sign_in_page)?;
        let public = &self.exchange.request.public;
        Some(PasskeyForm {
            action: public.route(&format!("callback/{}", settings.id)),
            options: public.route(&format!("webauthn-options/{}?action=authenticate", settings.id)),
        })
    }
}

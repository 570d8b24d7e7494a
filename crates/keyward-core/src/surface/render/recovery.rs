//! What people do about their own accounts, as pages and as JSON.

use serde_json::json;

use super::{Render, api::status_and_message};
use crate::{
    action::{Link, Recovering, Shown, State, Step},
    dialect::{Dialect, cookies::encode_component},
    error::Code,
    reply::{Page, RecoveryPage, Reply, ReplyBody},
    surface::recovery::is_offered,
};

impl Render<'_> {
    /// The same for every generation: these pages are none of NextAuth's.
    pub(super) fn recovery(&self, what: Recovering) -> Reply {
        let route = |path: &str| self.exchange.request.public.route(path);
        match what {
            Recovering::Page(shown) => self.recovery_page(*shown),
            Recovering::Done(step, state) => {
                let done = if state == State::Sent { "sent" } else { "yes" };
                self.see(&format!("{}?done={done}", route(step.page())))
            }
            Recovering::Next(step, link) => self.see(&route(&link.path(step))),
            Recovering::SignIn { back, again } => {
                let code = if again { Code::RecentSignInRequired } else { Code::SessionRequired };
                let back = encode_component(&route(&back));
                let page = self.sign_in_page();
                let separator = if page.contains('?') { '&' } else { '?' };
                self.see(&format!("{page}{separator}callbackUrl={back}&error={}", code.as_str()))
            }
            Recovering::Everything(data) => self.file(data),
        }
    }

    /// What a call answers that did something.
    pub(super) fn recovered(&self, step: Step, state: State, next: Option<&Link>) -> Reply {
        let answer = match next {
            Some(link) => json!({ "done": true, "reset": { "token": link.token, "for": link.subject } }),
            None if state == State::Sent => json!({ "sent": true }),
            None => json!({ "done": true }),
        };
        let mut reply = self.json(200, &answer);
        // Who deleted themselves takes their cookie along.
        if step != Step::Delete {
            reply.cookies.clear();
        }
        reply
    }

    /// Data to keep.
    pub(super) fn file(&self, data: String) -> Reply {
        let mut reply = self.reply(200, ReplyBody::Json(data));
        reply.headers.push(("content-disposition", "attachment; filename=\"account.json\"".into()));
        reply.cookies.clear();
        reply
    }

    /// Where they go who gave the right password and have not proven their address: NextAuth's clients read `error`.
    pub(super) fn verify_first(&self) -> String {
        let code = Code::EmailNotVerified.as_str();
        let page = self.exchange.request.public.route(Step::VerifyEmail.page());
        let address = self.exchange.request.body.text("email").map(encode_component).unwrap_or_default();
        match self.dialect {
            Dialect::AuthJs5 => {
                format!("{page}?error={}&code={code}&email={address}", Code::CredentialsSignin.as_str())
            }
            Dialect::NextAuth3 | Dialect::NextAuth4 => format!("{page}?error={code}&email={address}"),
        }
    }

    /// Sends the browser on, by GET whatever came.
    pub(super) fn see(&self, target: &str) -> Reply {
        let mut reply = self.reply(303, ReplyBody::Empty);
        reply.headers.push(("location", target.to_owned().into()));
        reply
    }

    fn recovery_page(&self, shown: Shown) -> Reply {
        let Shown { step, state, email, link, refusal } = shown;
        let public = &self.exchange.request.public;
        let offers = |other: Step| is_offered(self.settings, other).then(|| public.route(other.page()));
        // Where an address begins to be typed, what was typed before, or who was sent here, stands there.
        let typed = self.exchange.request.body.text("email");
        let typed = typed.or_else(|| self.exchange.request.query.get("email")).unwrap_or_default();
        let query = &self.exchange.request.query;
        let told = query.get("code").or_else(|| query.get("error"));
        let page = Page::Recovery(Box::new(RecoveryPage {
            step,
            state,
            csrf_token: self.exchange.csrf.token.clone(),
            action: public.route(step.page()),
            link,
            typed: typed.to_owned(),
            error: refusal.as_ref().map(|refusal| refusal.code.as_str()).or(told).map(str::to_owned),
            email: email.unwrap_or_default(),
            host: public.host().to_owned(),
            origin: public.origin().to_owned(),
            sign_in: public.route("signin"),
            reset: offers(Step::Reset),
        }));
        match refusal {
            None => self.reply(200, ReplyBody::Page(page)),
            Some(refusal) => {
                let (status, _) = status_and_message(refusal.code);
                self.marked(self.reply(status, ReplyBody::Page(page)), refusal)
            }
        }
    }
}

//! The pages about one's own account, and the caller's activity in JSON.

use serde_json::{Value, json};

use super::{Render, api::status_and_message, with_query};
use crate::{
    action::{AccountOutcome, OwnAccount, Step, Tab},
    audit::AuditRecord,
    dialect::cookies::encode_component,
    error::Code,
    reply::{AccountPage, AddableProvider, Page, Reply, ReplyBody},
    surface::recovery::is_offered,
};

impl Render<'_> {
    /// The same for every generation: these pages are none of NextAuth's.
    pub(super) fn account(&self, outcome: AccountOutcome) -> Reply {
        let public = &self.exchange.request.public;
        match outcome {
            AccountOutcome::Page(page) => self.account_page(*page),
            AccountOutcome::Done(tab, done) => self.see(&format!("{}?done={done}", public.route(tab.path()))),
            AccountOutcome::SignIn(tab) => {
                let page = with_query(
                    &self.sign_in_page(),
                    "callbackUrl",
                    &encode_component(&public.route(tab.path())),
                );
                self.see(&with_query(&page, "error", Code::SessionRequired.as_str()))
            }
            AccountOutcome::Elsewhere => {
                self.see(self.settings.pages.account.as_deref().unwrap_or_else(|| public.origin()))
            }
            AccountOutcome::Refused(refusal) => {
                let (status, _) = status_and_message(refusal.code);
                let page = self.error_page_model(Some(refusal.code.as_str().to_owned()));
                self.marked(self.reply(status, ReplyBody::Page(page)), refusal)
            }
        }
    }

    pub(super) fn activity(&self, records: &[AuditRecord], older: Option<u64>) -> Reply {
        let entries: Vec<_> = records.iter().map(entry).collect();
        self.call(200, &json!({ "activity": entries, "before": older }))
    }

    fn account_page(&self, own: OwnAccount) -> Reply {
        let (settings, public) = (self.settings, &self.exchange.request.public);
        let route = |path: &str| public.route(path);
        let offered = |step: Step| is_offered(settings, step).then(|| route(step.page()));
        let redirects = settings.redirects.iter().filter(|provider| provider.on_sign_in_page);
        let refusal = own.refusal.clone();
        // What was typed and refused stands in the form again.
        let typed = |name: &str| refusal.as_ref().and_then(|_| self.exchange.request.body.text(name));
        let name = typed("name").or(own.user.name.as_deref()).unwrap_or_default().to_owned();
        let image = typed("image").or(own.user.image.as_deref()).unwrap_or_default().to_owned();
        let page = Page::Account(Box::new(AccountPage {
            csrf_token: self.exchange.csrf.token.clone(),
            tabs: Tab::ALL.map(|tab| (tab, route(tab.path()))).to_vec(),
            profile: route(Tab::Profile.path()),
            unlink: route("-/account/sign-in/unlink"),
            end: route("-/account/sessions/end"),
            sign_out: route("signout"),
            origin: public.origin().to_owned(),
            host: public.host().to_owned(),
            password: offered(Step::Password),
            email: offered(Step::Email),
            verify_email: offered(Step::VerifyEmail),
            export: offered(Step::Export),
            delete: offered(Step::Delete),
            totp: settings.factors.enabled.then(|| route("-/account/totp")),
            passkeys: settings.passkeys.as_ref().map(|_| route("-/account/passkeys")),
            providers: redirects
                .map(|provider| AddableProvider {
                    id: provider.id.clone(),
                    name: provider.name.clone(),
                    action: route(&format!("signin/{}", provider.id)),
                })
                .collect(),
            back: route(Tab::Ways.path()),
            name,
            image,
            error: own.refusal.as_ref().map(|refusal| refusal.code.as_str().to_owned()),
            own,
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

/// Nothing of anybody else: a person's own entries hold no keyed hash of a name.
pub(super) fn entry(record: &AuditRecord) -> Value {
    json!({
        "place": record.place,
        "at": record.at.iso(),
        "last": record.last.iso(),
        "count": record.count,
        "kind": record.kind,
        "session": record.session.as_ref().map(|session| &session.0),
        "network": record.network,
        "userAgent": record.user_agent,
        "detail": record.detail,
    })
}

//! The ways to sign in, as `keyward check` tells of them.

use keyward::{
    Service, SignOutScope,
    providers::{self, Kind},
};

use super::{Report, Row, row};
use crate::config::{Email, Origin, Period, Provider, Redirect, accounts};

impl Report<'_> {
    /// Each way with its callback address, and where its credentials come from.
    pub(super) fn ways(&self) -> Vec<Row> {
        let d = self.deployment;
        let mut rows = Vec::new();
        if let Some(accounts) = accounts(d) {
            let origin = d.origin("accounts.enabled");
            self.way(&accounts.provider_id, "Keyward's own accounts", &origin, &mut rows);
            if accounts.sign_up {
                self.way(&accounts.sign_up_provider_id, "new accounts", &origin, &mut rows);
            }
        }
        for (index, provider) in d.file.providers.iter().enumerate() {
            let origin = d.origin(&format!("providers[{index}]"));
            match provider {
                Provider::Backend(table) => {
                    let endpoint = format!("back end  {}", without_secrets(&table.endpoint));
                    self.way(&table.id, &endpoint, &origin, &mut rows);
                }
                Provider::Redirect(_) => {
                    let redirect = d.redirects.iter().find(|redirect| redirect.index == index);
                    rows.extend(redirect.into_iter().flat_map(|redirect| self.redirect(redirect, &origin)));
                }
                Provider::Email(_) => {
                    let email = d.emails.iter().find(|email| email.index == index);
                    rows.extend(email.into_iter().flat_map(|email| self.email(email, &origin)));
                }
            }
        }
        for redirect in d.redirects_of_the_environment() {
            rows.extend(self.redirect(redirect, redirect.client_id.as_ref().unwrap_or(&Origin::Default)));
        }
        rows
    }

    fn way(&self, id: &str, what: &str, origin: &Origin, rows: &mut Vec<Row>) {
        rows.push(row(id, what, origin));
        let callback = format!("callback  {}", self.public.route(&format!("callback/{id}")));
        rows.push((String::new(), callback, String::new()));
    }

    fn email(&self, email: &Email, origin: &Origin) -> Vec<Row> {
        let (mut rows, settings) = (Vec::new(), &email.settings);
        self.way(&settings.id, &format!("{}  a link by mail", settings.name), origin, &mut rows);
        let (server, named_by) = match &email.server {
            Some((server, origin)) => (server.clone(), origin.to_string()),
            None => ("none: kept at ".to_owned() + &self.public.route("-/mailbox"), String::new()),
        };
        rows.push((String::new(), format!("mail server  {server}"), named_by));
        let lifetime = format!("lifetime  {}", Period(settings.max_age));
        rows.push((
            String::new(),
            lifetime,
            self.deployment.origin(&format!("providers[{}].max_age", email.index)).to_string(),
        ));
        if settings.confirm_page {
            rows.push((String::new(), "scanners  stopped by a page with a button".to_owned(), String::new()));
        }
        rows
    }

    fn redirect(&self, redirect: &Redirect, origin: &Origin) -> Vec<Row> {
        let mut rows = Vec::new();
        let Redirect { index, settings, .. } = redirect;
        // The builder has checked it.
        let Ok(provider) = settings.provider() else { return rows };
        let protocol = match provider.kind {
            Kind::Oauth => "OAuth 2.0",
            Kind::Oidc => "OpenID Connect",
        };
        let from = match &settings.service {
            Service::Catalogue(entry) if *entry != settings.id => format!(", {entry} of the catalogue"),
            Service::Catalogue(_) => ", of the catalogue".to_owned(),
            Service::OpenId | Service::OAuth => String::new(),
        };
        self.way(&settings.id, &format!("{}  {protocol}{from}", provider.name), origin, &mut rows);
        let mut detail = |name: &str, value: &str, origin: Option<&Origin>| {
            let origin = origin.map(Origin::to_string).unwrap_or_default();
            rows.push((String::new(), format!("{name}  {value}"), origin));
        };
        detail("client id", &provider.client_id, redirect.client_id.as_ref());
        if let Some(origin) = &redirect.client_secret {
            detail("client secret", "set, not shown", Some(origin));
        }
        if let Some(issuer) = &provider.issuer {
            let said = redirect.issuer.clone().unwrap_or(Origin::From("the catalogue"));
            detail("issuer", &without_secrets(issuer), Some(&said));
        }
        detail("checks", &checks(&provider).join(", "), None);
        let at = |setting: &str| self.deployment.origin(&format!("providers[{index}].{setting}"));
        let sign_out = match settings.sign_out {
            SignOutScope::Local => "here",
            SignOutScope::Upstream => "at the provider",
            SignOutScope::Both => "here, then at the provider",
        };
        detail("sign-out", sign_out, Some(&at("sign_out")));
        if settings.allow_dangerous_email_account_linking {
            let origin = at("allow_dangerous_email_account_linking");
            detail("linking", "by address alone, DANGEROUS", Some(&origin));
        }
        rows
    }
}

/// What is checked when a person comes back.
fn checks(provider: &providers::Provider) -> Vec<&'static str> {
    let is_openid = provider.kind == Kind::Oidc;
    [
        ("state", true),
        ("PKCE (S256)", provider.pkce),
        ("nonce", provider.nonce),
        ("issuer", is_openid || provider.issuer.is_some()),
        ("ID token", is_openid),
    ]
    .into_iter()
    .filter_map(|(check, is_on)| is_on.then_some(check))
    .collect()
}

/// An address without what might be a password or a token.
fn without_secrets(address: &str) -> String {
    let path = |url: &url::Url| url.path().trim_end_matches('/').to_owned();
    let plain = |url: url::Url| format!("{}{}", url.origin().ascii_serialization(), path(&url));
    url::Url::parse(address).map_or_else(|_| String::new(), plain)
}

//! The rules for providers at other sites.

use keyward_core::{claims::RESERVED, settings::SignOutScope};
use keyward_providers::{Kind, Provider, http::TIMEOUT};
use url::Url;

use crate::{
    mistake::Mistake,
    oauth::{OAuthSettings, Service},
    plan::Plan,
};

/// What is wrong with this provider, whose settings stand at `at`.
pub(super) fn mistakes(at: &str, settings: &OAuthSettings, plan: &Plan, found: &mut Vec<Mistake>) {
    if let Some(freshness) = &settings.refresh {
        freshness.mistakes(at, TIMEOUT, found);
    }
    let mut add = |setting: &str, problem: String, remedy: &str| {
        found.push(Mistake::new(format!("{at}.{setting}"), problem, remedy));
    };
    for (field, place) in &settings.keep {
        let setting = format!("keep.{field}");
        if RESERVED.contains(&field.as_str()) {
            add(&setting, format!("{field:?} is what the token itself is made of"), "choose another name");
        } else if !matches!(place.first().map(String::as_str), Some("account" | "profile")) || place.len() < 2
        {
            add(
                &setting,
                format!("{:?} lies neither in the account nor in the profile", place.join(".")),
                "write a place such as account.access_token or profile.login",
            );
        }
    }
    let provider = match settings.provider() {
        Ok(provider) => provider,
        Err(fault) => {
            add(&fault.setting, fault.what, remedy(&fault.setting, &settings.service));
            return;
        }
    };
    for setting in useless(settings, &provider) {
        add(
            setting,
            format!("{} speaks OAuth 2.0 alone, and {setting} is for OpenID providers", provider.name),
            "take it out; an OpenID provider that is not in the catalogue has the type oidc",
        );
    }
    if provider.kind == Kind::Oauth && settings.sign_out != SignOutScope::Local {
        add(
            "sign_out",
            format!("{} speaks OAuth 2.0, which has no way to end the provider's session", provider.name),
            "take it out: signing out then ends the session here",
        );
    }
    if provider.answers_by_post() && !keeps_cookies_of_other_sites(&plan.public_url) {
        add(
            "id",
            format!(
                "{} answers with a form from its own site, and browsers send our cookie along only where it is \
                 Secure, which takes https",
                provider.name
            ),
            "serve people over https; on your own machine localhost does in Chromium and Firefox",
        );
    }
}

/// Settings that do nothing at a plain OAuth 2.0 server.
fn useless<'a>(settings: &'a OAuthSettings, provider: &'a Provider) -> impl Iterator<Item = &'static str> {
    let client = &settings.client;
    let openids = [
        ("jwks_uri", client.jwks_uri.is_some()),
        ("nonce", client.nonce.is_some()),
        ("profile_from", client.profile_from.is_some()),
    ];
    openids.into_iter().filter(|(_, set)| *set && provider.kind == Kind::Oauth).map(|(setting, _)| setting)
}

/// `SameSite=None` needs `Secure`, and `Secure` needs https. Chromium and Firefox take http on a loopback host for as
/// good; Safari does not.
fn keeps_cookies_of_other_sites(public_url: &str) -> bool {
    Url::parse(public_url).is_ok_and(|url| url.scheme() == "https" || super::is_loopback(&url))
}

fn remedy(setting: &str, service: &Service) -> &'static str {
    match setting {
        "id" => {
            "see the list of providers; any other has the type oidc and an issuer, or endpoints of its own"
        }
        "client_id" => "register your application at the provider and write the client id that it gives you",
        "client_secret" => {
            "write the client secret that the provider gave you, or another token_endpoint_auth_method: `none` for \
             a public client"
        }
        "private_key" => "write a private JWK, or a PEM text as `openssl genpkey` makes it",
        "issuer" => "write the issuer as the provider's metadata has it, such as https://id.example",
        _ if setting.starts_with("options.") => match service {
            Service::Catalogue(_) => {
                "write it below `options`; the list of providers has the options of each"
            }
            _ => "take it out: options are for providers of the catalogue",
        },
        _ if *service == Service::OAuth => {
            "write its address, such as https://id.example/oauth/token; authorization_endpoint, token_endpoint and \
             userinfo_endpoint are needed"
        }
        _ => "write an address, such as https://id.example/oauth/token",
    }
}

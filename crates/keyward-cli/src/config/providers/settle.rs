//! Providers at other sites with what the environment says of them: `AUTH_<ID>_ID`, `AUTH_<ID>_SECRET`,
//! `AUTH_<ID>_ISSUER`.

use keyward::{
    OAuthSettings, Secret,
    providers::{
        Entry, Settings,
        catalogue::{self, ClientAuthMethod},
    },
};

use super::{Provider, redirect::RedirectTable};
use crate::{
    config::{settled::Origin, wording::nearest},
    environment::Environment,
    fault::Fault,
};

/// A provider at another site, with where its credentials come from.
pub(crate) struct Redirect {
    /// Where it stands among all providers: those that the environment alone names come after the file's.
    pub(crate) index: usize,
    /// What the library is told.
    pub(crate) settings: OAuthSettings,
    /// Where the client id comes from; `None` is a mistake.
    pub(crate) client_id: Option<Origin>,
    /// Where the client secret comes from, if there is one.
    pub(crate) client_secret: Option<Origin>,
    /// Where the issuer comes from, if somebody says it.
    pub(crate) issuer: Option<Origin>,
}

/// The providers of a deployment, what is wrong with them, and what deserves a look.
#[derive(Default)]
pub(crate) struct Redirects {
    /// In their order.
    pub(crate) all: Vec<Redirect>,
    /// Mistakes by their place in the file, `providers[0].client_id`.
    pub(crate) faults: Vec<(String, Fault)>,
    /// Notes.
    pub(crate) notes: Vec<String>,
}

/// The name of a provider's variable: `variable("azure-ad", "ID")` is `AUTH_AZURE_AD_ID`.
pub(crate) fn variable(id: &str, what: &str) -> String {
    format!("AUTH_{}_{what}", id.to_ascii_uppercase().replace('-', "_"))
}

/// Fills in what the file leaves out, and adds the providers of the catalogue that the environment alone names.
/// `origin` says where in the file something stands.
pub(in crate::config) fn settle(
    listed: &[Provider],
    environment: &Environment,
    origin: impl Fn(&str) -> Option<Origin>,
) -> Redirects {
    let mut settling = Settling { environment, origin, redirects: Redirects::default() };
    for (index, provider) in listed.iter().enumerate() {
        if let Provider::Redirect(table) = provider {
            settling.listed(index, table);
        }
    }
    let is_listed = |entry: &&Entry| listed.iter().any(|provider| provider.id() == entry.id);
    for entry in catalogue::all().iter().filter(|entry| !is_listed(entry)) {
        settling.surrounding(listed.len(), entry);
    }
    settling.redirects
}

struct Settling<'a, O> {
    environment: &'a Environment,
    origin: O,
    redirects: Redirects,
}

/// What a provider gives whoever registers an application, each with its setting and the end of its variable's name.
const CREDENTIALS: [(&str, &str); 3] =
    [("client_id", "ID"), ("client_secret", "SECRET"), ("issuer", "ISSUER")];

impl<O: Fn(&str) -> Option<Origin>> Settling<'_, O> {
    fn listed(&mut self, index: usize, table: &RedirectTable) {
        let at = format!("providers[{index}]");
        let Some(service) = table.service() else {
            let (setting, named) = table.entry.as_ref().map_or(("id", &table.id), |entry| ("use", entry));
            self.redirects.faults.push((format!("{at}.{setting}"), unknown(named)));
            return;
        };
        let mut settings = table.settings(service);
        let mut origins = [None, None, None];
        for ((setting, end), origin) in CREDENTIALS.into_iter().zip(&mut origins) {
            let name = variable(&table.id, end);
            let around = self.environment.get(&name);
            let written = credential(&mut settings.client, setting);
            *origin = match (written.as_deref(), around) {
                (Some(written), around) => {
                    let place = (self.origin)(&format!("{at}.{setting}")).unwrap_or(Origin::Default);
                    if around.is_some_and(|around| around != written) {
                        let note =
                            format!("{name} is set, but {place} says another {setting}, which is used");
                        self.redirects.notes.push(note);
                    }
                    Some(place)
                }
                (None, Some(around)) => {
                    set_credential(&mut settings.client, setting, around);
                    Some(Origin::Environment(name.into()))
                }
                (None, None) => None,
            };
        }
        for setting in lacking(&settings) {
            let (_, end) = CREDENTIALS.into_iter().find(|(known, _)| *known == setting).unwrap_or(("", ""));
            let remedy =
                format!("add `{setting} = …`, or set {} in the environment", variable(&table.id, end));
            let fault = Fault::new(format!("`{setting}` is missing here"))
                .remedy(with_note(remedy, &settings, setting));
            self.redirects.faults.push((at.clone(), fault));
        }
        self.add(index, settings, origins);
    }

    /// A provider that stands in no file, if its client id stands in the environment.
    fn surrounding(&mut self, listed: usize, entry: &Entry) {
        let names = CREDENTIALS.map(|(_, end)| variable(&entry.id, end));
        if self.environment.get(&names[0]).is_none() {
            return;
        }
        let mut settings = OAuthSettings::catalogue(&entry.id, "", "");
        settings.client.client_secret = None;
        let mut origins = [None, None, None];
        for (((setting, _), name), origin) in CREDENTIALS.into_iter().zip(&names).zip(&mut origins) {
            if let Some(value) = self.environment.get(name) {
                set_credential(&mut settings.client, setting, value);
                *origin = Some(Origin::Environment(name.clone().into()));
            }
        }
        for setting in lacking(&settings) {
            let missing = CREDENTIALS.iter().zip(&names).find(|((known, _), _)| *known == setting);
            let missing = missing.map_or("", |(_, name)| name);
            let fault = Fault::new(format!("{} is set, but {missing} is not", names[0]));
            let remedy = format!("set {missing} too, or take {} out of the environment", names[0]);
            self.redirects.faults.push((String::new(), fault.remedy(with_note(remedy, &settings, setting))));
        }
        let before = self.redirects.all.iter().filter(|other| other.index >= listed).count();
        self.add(listed + before, settings, origins);
    }

    fn add(&mut self, index: usize, settings: OAuthSettings, origins: [Option<Origin>; 3]) {
        let [client_id, client_secret, issuer] = origins;
        self.redirects.all.push(Redirect { index, settings, client_id, client_secret, issuer });
    }
}

/// The credentials that this provider needs and nobody has said.
fn lacking(settings: &OAuthSettings) -> Vec<&'static str> {
    let client = &settings.client;
    let Some(entry) = settings.service.entry(&settings.id) else { return Vec::new() };
    let method = client.client_auth.unwrap_or(entry.client_auth);
    // Some want it elsewhere than where clients prove themselves.
    let takes_secret = !matches!(method, ClientAuthMethod::None | ClientAuthMethod::PrivateKeyJwt)
        || entry.token.iter().chain(entry.token_params.values()).any(|text| text.contains("{client_secret}"));
    let names_issuer = entry.issuer.as_deref() == Some("{issuer}");
    let has_secret = client.client_secret.as_ref().is_some_and(|secret| !secret.is_empty());
    [
        ("client_id", client.client_id.is_empty()),
        ("client_secret", takes_secret && !has_secret),
        ("issuer", names_issuer && client.issuer.is_none()),
    ]
    .into_iter()
    .filter_map(|(setting, lacks)| lacks.then_some(setting))
    .collect()
}

fn credential(client: &mut Settings, setting: &str) -> Option<String> {
    match setting {
        "client_id" => Some(client.client_id.clone()).filter(|id| !id.is_empty()),
        "client_secret" => client.client_secret.as_ref().map(|secret| secret.expose().to_owned()),
        _ => client.issuer.clone(),
    }
}

fn set_credential(client: &mut Settings, setting: &str, value: &str) {
    match setting {
        "client_id" => value.clone_into(&mut client.client_id),
        "client_secret" => client.client_secret = Some(Secret::from(value)),
        _ => client.issuer = Some(value.to_owned()),
    }
}

/// With what the catalogue knows of this provider's issuer.
fn with_note(remedy: String, settings: &OAuthSettings, setting: &str) -> String {
    let entry = settings.service.entry(&settings.id);
    let note = entry.as_ref().and_then(|entry| entry.note.as_deref());
    match note.filter(|note| setting == "issuer" && note.contains("issuer")) {
        Some(note) => format!("{remedy}\n{note}"),
        None => remedy,
    }
}

fn unknown(id: &str) -> Fault {
    let known: Vec<String> = catalogue::all().iter().map(|entry| entry.id.clone()).collect();
    Fault::new(format!("the catalogue has no provider `{id}`")).remedy(format!(
        "{}\nany OpenID provider has type = \"oidc\" and an issuer; any other OAuth 2.0 server authorization_endpoint, \
         token_endpoint and userinfo_endpoint",
        nearest(id, &known)
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn c5_no_two_providers_have_the_same_variables() {
        let names =
            catalogue::all().iter().flat_map(|entry| CREDENTIALS.map(|(_, end)| variable(&entry.id, end)));
        let different: BTreeSet<String> = names.clone().collect();
        assert_eq!(different.len(), names.count());
        assert!(different.iter().all(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')));
    }
}

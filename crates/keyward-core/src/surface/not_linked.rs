//! Who comes with a second provider is told which way they came before, proves themselves that way, and is then asked
//! whether to add the new one.
//!
//! All of it travels in addresses: `signin?error=OAuthAccountNotLinked&link=<new>&with=<known>,<known>`. Anybody can
//! write such an address, and gains nothing by it: it chooses among the buttons of the page, and what a button does is
//! decided elsewhere.

use crate::{
    dialect::cookies::encode_component,
    policy::linking::{NotLinked, WaysBefore},
    request::Pairs,
    settings::{RedirectProvider, Settings},
};

/// What an address says of it.
pub(super) struct Second<'s> {
    /// The provider to be added.
    pub(super) provider: &'s RedirectProvider,
    with: Vec<String>,
}

impl<'s> Second<'s> {
    /// For a person whose address the directory knows. `None` where nothing can be added.
    pub(super) fn of(settings: &'s Settings, provider: &str, why: &NotLinked) -> Option<Self> {
        let provider = settings.redirect(provider)?;
        match why {
            NotLinked::AnothersAccount => None,
            NotLinked::AddressTaken(None) => Some(Self { provider, with: Vec::new() }),
            NotLinked::AddressTaken(Some(ways)) => Some(Self { provider, with: ids(settings, ways) }),
        }
    }

    /// From an address.
    pub(super) fn read(settings: &'s Settings, query: &Pairs) -> Option<Self> {
        let provider = settings.redirect(query.get("link")?)?;
        let with = query.get("with").unwrap_or_default();
        Some(Self {
            provider,
            with: with.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect(),
        })
    }

    /// Into an address that has a query already.
    pub(super) fn write(&self, target: &str) -> String {
        let target = format!("{target}&link={}", encode_component(&self.provider.id));
        if self.with.is_empty() {
            return target;
        }
        let with: Vec<_> = self.with.iter().map(|id| encode_component(id)).collect();
        format!("{target}&with={}", with.join(","))
    }

    /// Whether every way to sign in proves who they are: where none is named.
    pub(super) fn is_proven_by_any(&self) -> bool {
        self.with.is_empty()
    }

    /// Whether a way to sign in proves who they are.
    pub(super) fn is_proven_by(&self, id: &str) -> bool {
        self.is_proven_by_any() || self.with.iter().any(|known| known == id)
    }

    /// Where they land when they have: asked whether to add the provider, then where they wanted to be.
    pub(super) fn landing(&self, sign_in: &str, landing: &str) -> String {
        let (link, place) = (encode_component(&self.provider.id), encode_component(landing));
        format!("{sign_in}?link={link}&callbackUrl={place}")
    }
}

/// Ids of the providers on the sign-in page by which who came these ways proves themselves.
fn ids(settings: &Settings, ways: &WaysBefore) -> Vec<String> {
    let is_redirect = |source: &&String| settings.redirect(source).is_some();
    let mut ids: Vec<String> = ways.sources.iter().filter(is_redirect).cloned().collect();
    // A back end's accounts are known by its name, not by that of the form.
    let by_form = ways.has_password || ways.sources.iter().any(|source| !is_redirect(&source));
    let forms = settings.providers.iter().filter(|form| form.on_sign_in_page && by_form);
    ids.extend(forms.map(|form| form.id.clone()));
    // A link to the address is a proof, too.
    ids.extend(settings.emails.iter().filter(|links| links.on_sign_in_page).map(|links| links.id.clone()));
    ids
}

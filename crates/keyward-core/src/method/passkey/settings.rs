//! What a deployment decides about passkeys.

use super::RelyingParty;
use crate::address::PublicUrl;

/// Passkeys: NextAuth's `passkey` provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeySettings {
    /// Stands in addresses: `callback/<id>`, `webauthn-options/<id>`.
    pub id: String,
    /// For people, as the provider's name.
    pub name: String,
    /// The domain that passkeys are for, where it is not the host of the public address: a parent of it, so that they
    /// are good on its other hosts, too. Whoever changes it leaves all passkeys behind.
    pub rp_id: Option<String>,
    /// What authenticators show beside the domain. Empty: the host.
    pub rp_name: String,
    /// Origins whose pages may ask for passkeys, beside the public one.
    pub origins: Vec<String>,
    /// True: who is not signed in can make an account with an address and a passkey, as with NextAuth. The answers tell
    /// who has an account.
    pub sign_up: bool,
    /// False where only the application's own pages offer it.
    pub on_sign_in_page: bool,
}

impl Default for PasskeySettings {
    fn default() -> Self {
        Self {
            id: "passkey".to_owned(),
            name: "Passkey".to_owned(),
            rp_id: None,
            rp_name: String::new(),
            origins: Vec::new(),
            sign_up: false,
            on_sign_in_page: true,
        }
    }
}

impl PasskeySettings {
    /// Whom passkeys are for, where people reach Keyward at `public`.
    #[must_use]
    pub fn party(&self, public: &PublicUrl) -> RelyingParty {
        let host = public.host();
        // Without the port, and of an IPv6 address everything.
        let domain = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        let domain = domain.map_or(host, |(domain, _)| domain);
        let mut origins = vec![public.origin().to_owned()];
        origins.extend(self.origins.iter().cloned());
        RelyingParty {
            id: self.rp_id.clone().unwrap_or_else(|| domain.to_owned()),
            name: if self.rp_name.is_empty() { host.to_owned() } else { self.rp_name.clone() },
            origins,
        }
    }
}

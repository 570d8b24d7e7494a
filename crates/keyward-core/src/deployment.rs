//! A running deployment: its settings, its keys, its ports. What every flow reaches the world through.

use std::sync::Arc;

use keyward_jose::{kdf::hkdf_sha256, mac::hmac_sha256};

use crate::{
    audit::Gate,
    changes::Changes,
    dialect::token::TokenKeys,
    error::{Code, Refusal},
    mail::MailSeal,
    port::{Clock, Limiter, Random, SessionFields, Store},
    rules::Rules,
    sealer::Sealer,
    secret::Secret,
    settings::Settings,
    time::Timestamp,
    tokens::{TokenSettings, keys::KeyRing, refresh::RefreshKeys},
    vault::{Keeper, Vault},
};

/// The world as the engine sees it.
#[derive(Clone)]
pub struct Ports {
    /// Users and sessions.
    pub store: Arc<dyn Store>,
    /// Rate limits.
    pub limiter: Arc<dyn Limiter>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The embedder's own session fields.
    pub session_fields: Option<Arc<dyn SessionFields>>,
    /// The deployment's own rules, in the order in which they are asked.
    pub rules: Vec<Arc<dyn Rules>>,
}

/// Settings, keys and ports. One per process.
pub struct Deployment {
    settings: Settings,
    ports: Ports,
    plain_keys: TokenKeys,
    mail_seal: MailSeal,
    secure_keys: TokenKeys,
    changes: Changes,
    key_ring: KeyRing,
    refresh_keys: RefreshKeys,
    vault: Arc<Vault>,
    keeper: Option<Keeper>,
    refusals: Gate,
    /// Names what must not be read: of clients, of accounts, of what was submitted.
    naming: Secret,
    sealer: Sealer,
}

impl Deployment {
    /// Derives the keys. The settings have been checked by whoever built them.
    #[must_use]
    pub fn new(settings: Settings, ports: Ports) -> Self {
        let keys = |secure| {
            let name = settings.dialect.cookie_names(secure).session;
            TokenKeys::derive(settings.dialect, &settings.secrets, name)
        };
        let (plain_keys, secure_keys) = (keys(false), keys(true));
        let own = Some(&settings.vault_keys).filter(|keys| !keys.is_empty());
        let own = own.unwrap_or(&settings.secrets);
        let mail_seal = MailSeal::new(own);
        let vault = Arc::new(Vault::new(own));
        let sealer = Sealer::new(own);
        let (key_ring, refresh_keys) = (KeyRing::new(own), RefreshKeys::derive(own));
        let Ports { store, clock, random, .. } = &ports;
        let keeper = Keeper::new(
            settings.foreign.clone(),
            Arc::clone(store),
            Arc::clone(clock),
            Arc::clone(random),
            Arc::clone(&vault),
        );
        let changes = Changes::default();
        let naming = hkdf_sha256::<32>(
            settings.secret().expose().as_bytes(),
            b"",
            b"Keyward names of the abuse guard",
        );
        let naming = Secret::from(hex::encode(naming.as_slice()));
        let refusals = Gate::default();
        Self {
            settings,
            ports,
            plain_keys,
            mail_seal,
            secure_keys,
            changes,
            key_ring,
            refresh_keys,
            vault,
            keeper,
            refusals,
            naming,
            sealer,
        }
    }

    /// Seals mails that wait.
    #[must_use]
    pub const fn mail_seal(&self) -> &MailSeal {
        &self.mail_seal
    }

    /// What was decided.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Randomness.
    #[must_use]
    pub fn random(&self) -> &dyn Random {
        self.ports.random.as_ref()
    }

    /// How many refusals are written into the audit trail.
    #[must_use]
    pub fn refusals(&self) -> &Gate {
        &self.refusals
    }

    /// A name for what the parts say, of 32 hexadecimal digits: the same in every process, and without the secret nobody
    /// can tell what it stands for.
    #[must_use]
    pub fn keyed(&self, parts: &[&str]) -> String {
        // No part holds a byte that is no character: it keeps them apart.
        let bytes: Vec<&[u8]> = parts.iter().flat_map(|part| [part.as_bytes(), &[0xff]]).collect();
        hex::encode(&hmac_sha256(self.naming.expose().as_bytes(), &bytes)[..16])
    }

    /// The moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Users and sessions.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        self.ports.store.as_ref()
    }

    /// Rate limits.
    #[must_use]
    pub fn limiter(&self) -> &dyn Limiter {
        self.ports.limiter.as_ref()
    }

    /// The embedder's own session fields.
    #[must_use]
    pub fn session_fields(&self) -> Option<&dyn SessionFields> {
        self.ports.session_fields.as_deref()
    }

    /// The deployment's own rules, in the order in which they are asked.
    #[must_use]
    pub fn rules(&self) -> &[Arc<dyn Rules>] {
        &self.ports.rules
    }

    /// The keys of the session cookie with or without its prefix for https.
    #[must_use]
    pub fn token_keys(&self, secure: bool) -> &TokenKeys {
        if secure { &self.secure_keys } else { &self.plain_keys }
    }

    /// Sessions that were ended before their time, or changed from outside.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Keeps sessions' foreign tokens fresh; `None` where the deployment keeps none.
    #[must_use]
    pub fn keeper(&self) -> Option<&Keeper> {
        self.keeper.as_ref()
    }

    /// What the deployment decides about tokens for programs.
    ///
    /// # Errors
    /// [`Code::Configuration`] where there are none; their calls are not there then.
    pub fn tokens(&self) -> Result<&TokenSettings, Refusal> {
        let tokens = self.settings.tokens.as_ref();
        tokens.ok_or_else(|| Refusal::new(Code::Configuration).because("there are no tokens for programs"))
    }

    /// The keys that sign access tokens.
    #[must_use]
    pub fn key_ring(&self) -> &KeyRing {
        &self.key_ring
    }

    /// Makes refresh tokens and knows them again.
    #[must_use]
    pub fn refresh_keys(&self) -> &RefreshKeys {
        &self.refresh_keys
    }

    /// Seals secrets of second factors and what comes back through the browser.
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// Seals what the store keeps of providers' tokens.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }
}

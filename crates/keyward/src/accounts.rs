//! Keyward's own accounts as two providers: one that signs in, one that signs up.

use std::sync::Arc;

use keyward_core::{
    method::password::{PasswordSignIn, PasswordSignUp, Strength},
    port::{PasswordHasher, Random, Store},
    settings::{Field, Provider, Verification},
};

use keyward_pages::Texts;

use crate::provider::field;

/// Keyward's own accounts: e-mail address and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountsSettings {
    /// Id of the provider that signs in, as in `signIn("credentials", …)`.
    pub provider_id: String,
    /// Whether people can make accounts themselves.
    pub sign_up: bool,
    /// Id of the provider that makes accounts.
    pub sign_up_provider_id: String,
    /// How hard a new password must be to guess: zxcvbn's score, 0 to 4.
    pub min_strength: u8,
    /// True: sign-up says that an address has an account already, and signs a new person in at once. False: it
    /// answers both alike and asks the person to sign in, so that nobody can find out who has an account.
    pub reveal_existing: bool,
    /// What is asked of who signs up: nothing, a link by mail that they may follow later, or that they follow it first.
    /// Needs mails; [`Verification::Sent`] does without where none can be sent.
    pub verification: Verification,
}

impl Default for AccountsSettings {
    fn default() -> Self {
        Self {
            provider_id: "credentials".to_owned(),
            sign_up: true,
            sign_up_provider_id: "signup".to_owned(),
            min_strength: Strength::default().0,
            reveal_existing: true,
            verification: Verification::default(),
        }
    }
}

impl AccountsSettings {
    /// The providers, the one that signs in first.
    pub(crate) fn providers(
        &self,
        store: &Arc<dyn Store>,
        hasher: &Arc<dyn PasswordHasher>,
        random: &Arc<dyn Random>,
        texts: &Texts,
    ) -> Vec<Provider> {
        let email = || Field {
            autocomplete: Some("username".to_owned()),
            placeholder: Some(texts.email_placeholder.to_string()),
            required: true,
            ..field("email", &texts.email_label, "email")
        };
        let password = |autocomplete: &str| Field {
            autocomplete: Some(autocomplete.to_owned()),
            required: true,
            ..field("password", &texts.password_label, "password")
        };
        let sign_in = Provider {
            id: self.provider_id.clone(),
            name: texts.email_label.to_string(),
            fields: vec![email(), password("current-password")],
            check: Arc::new(PasswordSignIn { store: Arc::clone(store), hasher: Arc::clone(hasher) }),
            on_sign_in_page: true,
        };
        let sign_up = self.sign_up.then(|| {
            let name =
                Field { autocomplete: Some("name".to_owned()), ..field("name", &texts.name_label, "text") };
            Provider {
                id: self.sign_up_provider_id.clone(),
                name: "a new account".to_owned(),
                fields: vec![name, email(), password("new-password")],
                check: Arc::new(PasswordSignUp {
                    hasher: Arc::clone(hasher),
                    random: Arc::clone(random),
                    strength: Strength(self.min_strength),
                    reveals_existing: self.reveal_existing,
                }),
                on_sign_in_page: false,
            }
        });
        std::iter::once(sign_in).chain(sign_up).collect()
    }
}

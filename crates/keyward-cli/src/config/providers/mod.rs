//! `[[providers]]`: one module for each type of table, with its shape and what the library makes of it.

mod backend;
mod email;
mod read;
mod redirect;
mod settle;
mod tokens;

use schemars::JsonSchema;

pub(super) use backend::backend;
pub(crate) use email::{AccountMail, Email, MailTable};
pub(super) use email::{settle as settle_emails, settle_account_mail};
pub(super) use read::{Reader, take};
pub(crate) use settle::Redirect;
pub(super) use settle::settle;

use backend::BackendTable;
use email::EmailTable;
use redirect::RedirectTable;

/// A way to sign in, by its `type`.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Provider {
    /// An endpoint of your own back end checks submitted fields.
    Backend(Box<BackendTable>),
    /// Somebody else vouches for the person: an OAuth 2.0 server or an OpenID provider.
    Redirect(Box<RedirectTable>),
    /// A link in a mail.
    Email(Box<EmailTable>),
}

/// The words for `type`.
const TYPES: [&str; 4] = ["oauth", "oidc", "email", "backend"];

impl Provider {
    /// Its id.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Backend(table) => &table.id,
            Self::Redirect(table) => &table.id,
            Self::Email(table) => &table.id,
        }
    }
}

//! The pages and mails that people see: templates, texts, styles. Strings in, strings out.
//!
//! Every page is a plain struct with a `render` that cannot fail. Pages carry no inline script and no inline
//! style, so they work under [`CONTENT_SECURITY_POLICY`]; those with a passkey button have one script ([`SCRIPT_FILE`])
//! and work without it, too; the look comes from [`STYLE_CSS`] and, where
//! the owner chose colours, from [`theme_css`]. Everything that is put into a page is escaped by askama.
//!
//! Ids and classes that end-to-end tests of NextAuth applications select by are kept (`div.page`,
//! `div.card`, `div.signin`, `div.error > p`, `input-{field}-for-{id}-provider`, `#submitButton`).

mod account;
mod asset;
mod colour;
mod device;
mod errors;
mod factor;
mod form;
mod frame;
mod mail;
mod mail_template;
mod own_account;
mod page;
mod qr;
mod script;
mod style;
mod texts;
mod theme;

pub use account::{AccountForm, AccountFormPage};
pub use colour::{Colour, InvalidColour};
pub use device::device_name;
pub use errors::{ErrorText, codes, error_text, known_error};
pub use factor::{
    AppPage, FactorPage, PasskeyButton, PasskeyRow, PasskeysPage, RecoveryCodesPage, SetUpAppPage,
};
pub use form::{Field, ProviderForm, ProviderKind, may_declare};
pub use frame::Frame;
pub use mail::{AccountMail, AccountMailKind, AccountTemplates, Letter, LinkMail};
pub use mail_template::{InvalidTemplate, MailPart, MailTemplates};
pub use own_account::{AccountPerson, AccountRow, AccountSection, AccountTab, OwnAccountPage, RowAction};
pub use page::{
    AddAccountPage, ConfirmLinkPage, ErrorPage, MailboxPage, ShownMail, SignInPage, SignOutPage, SignUpPage,
    Snippet, StartPage, StartUser, VerifyRequestPage,
};
pub use qr::Qr;
pub use script::{SCRIPT_FILE, SCRIPT_JS};
pub use style::{CONTENT_SECURITY_POLICY, STYLE_CSS, STYLE_FILE, THEME_FILE, theme_css};
pub use texts::{Texts, UnknownText};
pub use theme::{ColorScheme, Theme};

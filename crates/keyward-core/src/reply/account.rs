//! What a page about one's own account needs.

use crate::action::{OwnAccount, Tab};

/// A page about one's own account. Addresses are whole; `None` where the deployment does not offer something.
#[derive(Clone, Debug)]
pub struct AccountPage {
    /// What stands on it.
    pub own: OwnAccount,
    /// For the hidden field of every form.
    pub csrf_token: String,
    /// The pages, in the order of the navigation.
    pub tabs: Vec<(Tab, String)>,
    /// Where the form of name and picture goes.
    pub profile: String,
    /// Where the form goes that takes an account away.
    pub unlink: String,
    /// Where the form goes that ends a session.
    pub end: String,
    /// Where one signs out.
    pub sign_out: String,
    /// Link back to the application.
    pub origin: String,
    /// Its host, for people to read.
    pub host: String,
    /// Change the password.
    pub password: Option<String>,
    /// Change the address.
    pub email: Option<String>,
    /// Prove the address.
    pub verify_email: Option<String>,
    /// Have one's data.
    pub export: Option<String>,
    /// Delete oneself.
    pub delete: Option<String>,
    /// The authenticator app.
    pub totp: Option<String>,
    /// Passkeys.
    pub passkeys: Option<String>,
    /// Providers that can be added.
    pub providers: Vec<AddableProvider>,
    /// Where one comes back to after adding one.
    pub back: String,
    /// What the input of the name holds.
    pub name: String,
    /// What the input of the picture holds.
    pub image: String,
    /// What went wrong.
    pub error: Option<String>,
}

/// A provider with which one can sign in, too.
#[derive(Clone, Debug)]
pub struct AddableProvider {
    /// Id.
    pub id: String,
    /// For people.
    pub name: String,
    /// Where the form goes.
    pub action: String,
}

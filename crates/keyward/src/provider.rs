//! Short ways to write a provider and its form.

use std::sync::Arc;

use keyward_core::{
    method::CredentialsCheck,
    settings::{Field, Provider},
};

/// A way to sign in that `check` decides: its id in addresses and in `signIn("staff", …)`, its name for
/// people, and what the built-in page asks for.
#[must_use]
pub fn provider(
    id: &str,
    name: &str,
    fields: impl IntoIterator<Item = Field>,
    check: impl CredentialsCheck + 'static,
) -> Provider {
    Provider {
        id: id.to_owned(),
        name: name.to_owned(),
        fields: fields.into_iter().collect(),
        check: Arc::new(check),
        on_sign_in_page: true,
    }
}

/// A field of a sign-in form: its name as submitted, what people read, and the input's type (`text`,
/// `password` …).
#[must_use]
pub fn field(name: &str, label: &str, kind: &str) -> Field {
    Field { name: name.to_owned(), label: label.to_owned(), kind: kind.to_owned(), ..Field::default() }
}

//! The addresses around a link in a mail (protocol notes §6).

use url::form_urlencoded::Serializer;

use crate::{address::PublicUrl, dialect::Dialect, policy::redirect::Landing, secret::Secret};

/// The link that brings `token` back from the mailbox of `email`.
///
/// Generation 3 keeps the landing place in a cookie alone, and so loses it in another browser; here it stands at
/// the end of that link.
pub(crate) fn write(
    dialect: Dialect,
    public: &PublicUrl,
    provider: &str,
    landing: &Landing,
    token: &Secret,
    email: &str,
) -> String {
    let landing = ("callbackUrl", landing.as_str());
    let (token, email) = (("token", token.expose()), ("email", email));
    let order = match dialect {
        Dialect::NextAuth3 => [email, token, landing],
        Dialect::NextAuth4 | Dialect::AuthJs5 => [landing, token, email],
    };
    let query = Serializer::new(String::new()).extend_pairs(order).finish();
    format!("{}?{query}", public.route(&format!("callback/{provider}")))
}

/// Where they go who asked for one: "check your e-mail".
pub(crate) fn sent(public: &PublicUrl, provider: &str) -> String {
    let query =
        Serializer::new(String::new()).extend_pairs([("provider", provider), ("type", "email")]).finish();
    public.route(&format!("verify-request?{query}"))
}

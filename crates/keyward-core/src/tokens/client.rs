//! Applications that call Keyward from their server side, with a credential of their own (RFC 6749 §2.3.1).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::{
    error::{Code, Refusal},
    request::Request,
    secret::Secret,
};

/// An application with a credential.
#[derive(Clone, Debug)]
pub struct Client {
    /// Public name: letters, digits, `-` and `_`. It is the `client_id` of access tokens.
    pub id: String,
    /// What only the application's server side knows.
    pub secret: Secret,
    /// For whom it may ask for access tokens. It never gets one for anybody else.
    pub audiences: Vec<String>,
    /// Providers of whose people it may say who they are, having signed them in there itself. It is believed: name
    /// only what the application really checks.
    pub vouches_for: Vec<String>,
}

/// The application that calls, by its HTTP Basic credentials.
///
/// # Errors
/// [`Code::InvalidClient`], whatever of them is missing or wrong.
pub fn caller<'c>(clients: &'c [Client], request: &Request) -> Result<&'c Client, Refusal> {
    let header = request.authorization.as_ref();
    authenticated(clients, header).ok_or_else(|| Refusal::new(Code::InvalidClient))
}

/// As [`caller`], for a call that an application without a credential may make too. Credentials that are there have to be
/// right; a bearer token is none, programs send one along from habit.
///
/// # Errors
/// As [`caller`].
pub fn caller_if_any<'c>(clients: &'c [Client], request: &Request) -> Result<Option<&'c Client>, Refusal> {
    let is_basic = |header: &&Secret| {
        header.expose().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
    };
    match request.authorization.as_ref().filter(is_basic) {
        Some(_) => caller(clients, request).map(Some),
        None => Ok(None),
    }
}

fn authenticated<'c>(clients: &'c [Client], header: Option<&Secret>) -> Option<&'c Client> {
    let given = header?.expose().strip_prefix("Basic ")?;
    let decoded = Zeroizing::new(STANDARD.decode(given).ok()?);
    let (id, secret) = str::from_utf8(&decoded).ok()?.split_once(':')?;
    // Ids are no secret; secrets are compared in constant time.
    let client = clients.iter().find(|client| client.id == id)?;
    // Many programs leave the form encoding out that RFC 6749 asks for. Both mean the same secret.
    let encoded = client.secret.matches(&unescaped(secret));
    (client.secret.matches(secret) | encoded).then_some(client)
}

/// A form-encoded value, or nothing that matches where it is none.
fn unescaped(value: &str) -> Zeroizing<String> {
    let pairs = format!("v={value}");
    let mut decoded = url::form_urlencoded::parse(pairs.as_bytes());
    let value = decoded.next().map(|(_, value)| value.into_owned()).unwrap_or_default();
    Zeroizing::new(if decoded.next().is_some() { String::new() } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "Zm9v+YmFy/aGVs&bG8gd29ybGQ=:0123456";

    fn clients() -> [Client; 2] {
        let client = |id: &str, secret: &str| Client {
            id: id.to_owned(),
            secret: Secret::from(secret),
            audiences: Vec::new(),
            vouches_for: Vec::new(),
        };
        [client("shop", SECRET), client("blog", "0123456789abcdefghijklmnopqrstuv")]
    }

    fn id_of(header: &str) -> Option<String> {
        Some(authenticated(&clients(), Some(&Secret::from(header)))?.id.clone())
    }

    fn basic(credentials: &str) -> String {
        format!("Basic {}", STANDARD.encode(credentials))
    }

    #[test]
    fn e4_an_application_is_known_by_its_own_id_and_secret_alone() {
        assert_eq!(id_of(&basic(&format!("shop:{SECRET}"))).as_deref(), Some("shop"));
        let encoded: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
        assert_eq!(id_of(&basic(&format!("shop:{encoded}"))).as_deref(), Some("shop"));
        for wrong in [format!("blog:{SECRET}"), "shop:".to_owned(), "shop".to_owned(), format!(":{SECRET}")] {
            assert_eq!(id_of(&basic(&wrong)), None, "{wrong}");
        }
        assert!(authenticated(&clients(), None).is_none());
    }

    #[test]
    fn lesson_20_basic_credentials_have_a_strict_grammar() {
        let good = STANDARD.encode(format!("shop:{SECRET}"));
        for lax in ["Basic", "Basic ", "Bearer x"] {
            assert_eq!(id_of(lax), None, "{lax}");
        }
        for lax in [
            format!("basic {good}"),
            format!("Basic  {good}"),
            format!("Basic {good} "),
            format!("Basic {good},Basic {good}"),
            format!("Basic {}", good.trim_end_matches('=')),
            good.clone(),
        ] {
            // Without padding to lose, the text is the same.
            assert!(id_of(&lax).is_none() || lax == format!("Basic {good}"), "{lax}");
        }
    }

    #[test]
    fn lesson_34_no_part_of_a_secret_and_no_other_byte_passes_for_it() {
        let whole = format!("shop:{SECRET}");
        for length in 0..whole.len() {
            assert_eq!(id_of(&basic(&whole[..length])), None, "{length}");
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone().into_bytes();
            bytes[at] ^= 1;
            assert_eq!(id_of(&format!("Basic {}", STANDARD.encode(bytes))), None, "{at}");
        }
        assert_eq!(id_of(&basic(&format!("{whole}&v={SECRET}"))), None);
    }
}

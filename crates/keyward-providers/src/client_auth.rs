//! How the client proves itself at the token endpoint (RFC 6749 §2.3, RFC 7523, OpenID Connect Core §9).

use std::{fmt, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyward_core::{
    dialect::cookies::encode_component,
    port::{Random, uuid},
    secret::Secret,
    time::Timestamp,
};
use keyward_jose::jws::{Algorithm, MacAlgorithm, MacKey, SigningKey, sign};
use serde_json::json;

use crate::{
    catalogue::ClientAuthMethod as Method,
    fault::{Code, Fault},
    wrong::{Wrong, missing, wrong},
};

/// A method with what it takes.
#[derive(Clone)]
pub enum ClientAuth {
    /// `client_secret_basic`.
    Basic(Secret),
    /// `client_secret_post`.
    Post(Secret),
    /// `client_secret_jwt`.
    SecretJwt(Arc<MacKey>),
    /// `private_key_jwt`.
    KeyJwt(Arc<SigningKey>),
    /// `none`.
    None,
}

/// Who proves itself, and to whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parties<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) token_endpoint: &'a str,
}

/// How long an assertion is good for.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(60);

pub(crate) fn from_settings(
    method: Method,
    secret: Option<&Secret>,
    key: Option<&Secret>,
) -> Result<ClientAuth, Wrong> {
    let secret = || match secret {
        Some(secret) if !secret.is_empty() => Ok(secret),
        _ => Err(missing("client_secret")),
    };
    match method {
        Method::ClientSecretBasic => Ok(ClientAuth::Basic(secret()?.clone())),
        Method::ClientSecretPost => Ok(ClientAuth::Post(secret()?.clone())),
        Method::ClientSecretJwt => MacKey::new(MacAlgorithm::Hs256, secret()?.expose().as_bytes())
            .map(|key| ClientAuth::SecretJwt(Arc::new(key)))
            .map_err(|why| {
                wrong("client_secret", format!("client_secret is no key for client_secret_jwt: {why}"))
            }),
        Method::PrivateKeyJwt => {
            let key = key.filter(|key| !key.is_empty()).ok_or_else(|| missing("private_key"))?;
            signing_key(key.expose())
                .map(|key| ClientAuth::KeyJwt(Arc::new(key)))
                .map_err(|why| wrong("private_key", why))
        }
        Method::None => Ok(ClientAuth::None),
    }
}

/// A JWK says its algorithm itself; of a PEM text the key's kind decides, and an RSA key signs with RS256.
fn signing_key(text: &str) -> Result<SigningKey, String> {
    if !text.trim_start().starts_with("-----BEGIN") {
        return SigningKey::from_jwk(text.as_bytes(), None)
            .map_err(|why| format!("private_key is no private JWK: {why}"));
    }
    let kinds = [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa];
    let of_kind = |kind: &Algorithm| SigningKey::from_pkcs8_pem(*kind, text.as_bytes()).ok();
    kinds
        .iter()
        .find_map(of_kind)
        .ok_or_else(|| "private_key is no unencrypted PKCS #8 key (-----BEGIN PRIVATE KEY-----)".to_owned())
}

impl ClientAuth {
    /// Adds what proves the client to a token request's form, and gives the `Authorization` header, if the method
    /// has one. The audience of an assertion is the token endpoint and, where there is one, the issuer.
    ///
    /// # Errors
    /// [`Code::Token`] where an assertion cannot be signed.
    pub(crate) fn prove(
        &self,
        parties: Parties<'_>,
        form: &mut Vec<(String, String)>,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Option<Secret>, Fault> {
        let id = parties.client_id;
        let mut add = |name: &str, value: &str| form.push((name.to_owned(), value.to_owned()));
        let claims = || {
            let audiences: Vec<&str> = parties.issuer.into_iter().chain([parties.token_endpoint]).collect();
            let claims = json!({
                "iss": id, "sub": id, "aud": audiences, "jti": uuid(random),
                "iat": now.secs(), "nbf": now.secs(), "exp": now.plus(ASSERTION_LIFETIME).secs(),
            });
            claims.to_string()
        };
        let assertion = match self {
            Self::Basic(secret) => return Ok(Some(basic(id, secret))),
            Self::Post(secret) => {
                add("client_id", id);
                add("client_secret", secret.expose());
                return Ok(None);
            }
            Self::None => {
                add("client_id", id);
                return Ok(None);
            }
            Self::SecretJwt(key) => sign(key, claims().as_bytes()),
            Self::KeyJwt(key) => key.sign(Some("JWT"), claims().as_bytes()),
        };
        let assertion = assertion.map_err(|why| Code::Token.because(format!("client assertion: {why}")))?;
        add("client_id", id);
        add("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        add("client_assertion", &assertion);
        Ok(None)
    }
}

/// RFC 6749 §2.3.1: both are form-encoded before they are joined, so that a colon in the id cannot move the border.
fn basic(id: &str, secret: &Secret) -> Secret {
    let encoded = |text: &str| encode_component(text).replace("%20", "+");
    let pair = Secret::from(format!("{}:{}", encoded(id), encoded(secret.expose())));
    Secret::from(format!("Basic {}", STANDARD.encode(pair.expose())))
}

impl fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic(_) => "client_secret_basic",
            Self::Post(_) => "client_secret_post",
            Self::SecretJwt(_) => "client_secret_jwt",
            Self::KeyJwt(_) => "private_key_jwt",
            Self::None => "none",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_encoded_first() {
        let header = basic("my client:1", &Secret::from("p&ss wörd~!"));
        let pair =
            STANDARD.decode(header.expose().strip_prefix("Basic ").expect("the scheme")).expect("base64");
        assert_eq!(String::from_utf8(pair).expect("text"), "my+client%3A1:p%26ss+w%C3%B6rd~!");
    }

    #[test]
    fn each_method_says_what_it_lacks() {
        let (secret, empty) = (Secret::from("short"), Secret::default());
        let code = |method, secret, key| from_settings(method, secret, key).err().map(|(_, what)| what);
        assert_eq!(code(Method::ClientSecretBasic, None, None).as_deref(), Some("client_secret is missing"));
        assert_eq!(
            code(Method::ClientSecretPost, Some(&empty), None).as_deref(),
            Some("client_secret is missing")
        );
        assert!(code(Method::ClientSecretJwt, Some(&secret), None).expect("a fault").contains("at least 32"));
        assert_eq!(
            code(Method::PrivateKeyJwt, Some(&secret), None).as_deref(),
            Some("private_key is missing")
        );
        assert!(code(Method::PrivateKeyJwt, None, Some(&secret)).expect("a fault").contains("private JWK"));
        assert_eq!(code(Method::None, None, None), None);
    }

    #[test]
    fn a_private_key_is_a_jwk_or_a_pem_text_of_any_kind() {
        for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
            let der = SigningKey::generate(algorithm).and_then(|key| key.to_pkcs8_der()).expect("a key");
            let pem = format!(
                "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
                STANDARD.encode(&der)
            );
            assert_eq!(signing_key(&pem).map(|key| key.algorithm()), Ok(algorithm));
        }
        let broken = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(signing_key(broken).expect_err("no key").contains("PKCS #8"));
    }
}

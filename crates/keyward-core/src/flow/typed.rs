//! What somebody typed into the sign-up form and may type no second time: it goes along, sealed, in a cookie of five
//! minutes. Never a password.

use keyward_jose::{
    jwe::{self, ContentKey, Encryption, IV_LEN},
    kdf::hkdf_sha256,
};

use crate::{
    deployment::Deployment,
    dialect::own_cookies::{OwnChange, OwnCookie},
    exchange::Exchange,
    method::Submitted,
    settings::Provider,
};

/// Longest text that is kept, in characters; longer ones are typed again.
const LONGEST: usize = 254;

/// Fields that are kept at most.
const MOST: usize = 8;

/// Keeps what a refused sign-up brought.
pub(super) fn keep(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &Provider,
    submitted: &Submitted,
) {
    let open = provider.fields.iter().filter(|field| field.kind != "password" && field.kind != "hidden");
    let typed = open.filter_map(|field| Some((&*field.name, submitted.text(&field.name)?)));
    let typed: Vec<(&str, &str)> =
        typed.filter(|(_, text)| !text.is_empty() && text.chars().count() <= LONGEST).take(MOST).collect();
    if typed.is_empty() {
        return;
    }
    let mut iv = [0; IV_LEN];
    deployment.random().fill(&mut iv);
    let text = serde_json::to_vec(&typed).expect("texts alone are JSON");
    // What cannot be sealed is typed again.
    if let Ok(sealed) = jwe::encrypt(&key(deployment), &text, iv) {
        exchange.changes.own.push(OwnChange { cookie: OwnCookie::Typed, value: Some(sealed) });
    }
}

/// Forgets it.
pub(super) fn forget(exchange: &mut Exchange<'_>) {
    exchange.changes.own.retain(|change| change.cookie != OwnCookie::Typed);
    let request = exchange.request;
    if OwnCookie::Typed.read(&request.cookies, request.public.is_secure()).is_some() {
        exchange.changes.own.push(OwnChange { cookie: OwnCookie::Typed, value: None });
    }
}

/// What was kept: name and text of each field.
pub(super) fn read(deployment: &Deployment, exchange: &Exchange<'_>) -> Vec<(String, String)> {
    let request = exchange.request;
    let sealed = OwnCookie::Typed.read(&request.cookies, request.public.is_secure());
    let text = sealed.and_then(|sealed| jwe::decrypt(&key(deployment), sealed).ok());
    text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

fn key(deployment: &Deployment) -> ContentKey {
    let secret = deployment.settings().secret().expose();
    let bytes = hkdf_sha256::<32>(secret.as_bytes(), b"", b"Keyward typed fields");
    ContentKey::new(Encryption::A256Gcm, bytes.as_slice()).expect("A256GCM takes 32 bytes")
}

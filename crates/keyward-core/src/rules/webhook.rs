//! Signed requests by the Standard Webhooks scheme (<https://www.standardwebhooks.com>).
//!
//! `webhook-id`, `webhook-timestamp` and the body, joined by dots, under HMAC-SHA256; one signature for each secret,
//! so that a receiver may change its own at leisure.

use std::{fmt, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyward_jose::mac::hmac_sha256;
use zeroize::Zeroizing;

use crate::{
    secret::{Secret, same},
    time::Timestamp,
};

/// How a secret is written: this, and base64 of 24 to 64 bytes behind it.
const PREFIX: &str = "whsec_";

/// A key that signs.
#[derive(Clone)]
pub struct WebhookKey(Zeroizing<Vec<u8>>);

/// Nothing of the key.
impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookKey(…)")
    }
}

impl WebhookKey {
    /// Reads `whsec_` and base64 of 24 to 64 bytes; `None` for anything else.
    #[must_use]
    pub fn parse(secret: &Secret) -> Option<Self> {
        let bytes = STANDARD.decode(secret.expose().strip_prefix(PREFIX)?).ok()?;
        (24..=64).contains(&bytes.len()).then(|| Self(Zeroizing::new(bytes)))
    }
}

/// The headers of a signed request: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
#[must_use]
pub fn headers(keys: &[WebhookKey], id: &str, at: Timestamp, body: &str) -> Vec<(String, Secret)> {
    let timestamp = at.secs().to_string();
    let signatures =
        keys.iter().map(|key| sign(key, id, &timestamp, body.as_bytes())).collect::<Vec<_>>().join(" ");
    vec![
        ("webhook-id".to_owned(), Secret::from(id)),
        ("webhook-timestamp".to_owned(), Secret::from(timestamp)),
        ("webhook-signature".to_owned(), Secret::from(signatures)),
    ]
}

/// How far a request's timestamp may be from a receiver's clock.
pub const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// The receiver's side: whether one of `keys` signed this body, not long ago. `header` gives a header's value.
///
/// Remember the ids of the last minutes where a request must not count twice.
pub fn verify<'h>(
    keys: &[WebhookKey],
    header: impl Fn(&str) -> Option<&'h str>,
    body: &[u8],
    now: Timestamp,
) -> bool {
    let [Some(id), Some(timestamp), Some(signatures)] =
        ["webhook-id", "webhook-timestamp", "webhook-signature"].map(header)
    else {
        return false;
    };
    let Ok(seconds) = timestamp.parse::<i64>() else { return false };
    let fresh = now.secs().abs_diff(seconds) <= TOLERANCE.as_secs();
    let signed = |key: &WebhookKey| {
        let expected = sign(key, id, timestamp, body);
        signatures.split(' ').any(|given| same(given.as_bytes(), expected.as_bytes()))
    };
    fresh && keys.iter().any(signed)
}

fn sign(key: &WebhookKey, id: &str, timestamp: &str, body: &[u8]) -> String {
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    format!("v1,{}", STANDARD.encode(hmac_sha256(&key.0, &parts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<WebhookKey> {
        WebhookKey::parse(&Secret::from(text))
    }

    /// The example of the scheme's reference libraries.
    #[test]
    fn a_request_is_signed_as_the_schemes_libraries_sign_it() {
        let keys = [key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a key")];
        let at = Timestamp::from_secs(1_614_265_330);
        let headers = headers(&keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        let values: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(
            values,
            [
                ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                ("webhook-timestamp", "1614265330"),
                ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
            ]
        );
    }

    #[test]
    fn every_key_signs_while_a_receiver_changes_its_own() {
        let keys = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"];
        let keys = keys.map(|text| key(text).expect("a key"));
        let both = headers(&keys, "msg_1", Timestamp::from_secs(1), "{}");
        let first = headers(&keys[..1], "msg_1", Timestamp::from_secs(1), "{}");
        let signatures: Vec<_> = both[2].1.expose().split(' ').collect();
        assert_eq!(signatures.len(), 2);
        assert_eq!(signatures[0], first[2].1.expose());
    }

    #[test]
    fn a_secret_of_another_form_or_length_is_none_and_never_printed() {
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_%%%%"] {
            assert!(key(text).is_none(), "{text}");
        }
        assert!(key(&format!("whsec_{}", STANDARD.encode([1; 65]))).is_none());
        let shown = format!("{:?}", key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        assert_eq!(shown, "Some(WebhookKey(…))");
    }
    #[test]
    fn a_receiver_takes_what_was_signed_lately_and_nothing_else() {
        let keys = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"];
        let keys = keys.map(|text| key(text).expect("a key"));
        let at = Timestamp::from_secs(1_000_000);
        let sent = headers(&keys, "msg_1", at, r#"{"a":1}"#);
        let takes = |keys: &[WebhookKey], sent: &[(String, Secret)], body: &[u8], now: i64| {
            let header =
                |name: &str| sent.iter().find(|(own, _)| own == name).map(|(_, value)| value.expose());
            verify(keys, header, body, Timestamp::from_secs(now))
        };
        let body = br#"{"a":1}"#;
        assert!(takes(&keys[..1], &sent, body, 1_000_000));
        assert!(takes(&keys[1..], &sent, body, 1_000_300));
        assert!(!takes(&keys, &sent, body, 1_000_301), "too late");
        assert!(!takes(&keys, &sent, body, 999_699), "too early");
        assert!(!takes(&keys, &sent, br#"{"a":2}"#, 1_000_000), "another body");
        let others = [key("whsec_////////////////////////////////").expect("a key")];
        assert!(!takes(&others, &sent, body, 1_000_000), "another key");
        for missing in 0..3 {
            let mut fewer = sent.clone();
            fewer.remove(missing);
            assert!(!takes(&keys, &fewer, body, 1_000_000), "header {missing} is missing");
            let mut changed = sent.clone();
            changed[missing].1 = Secret::from("1000001");
            assert!(!takes(&keys, &changed, body, 1_000_000), "header {missing} is another");
        }
    }
}

//! The rules for an access token's claims (RFC 9068 sections 2.2 and 4).

use std::time::Duration;

use serde_json::{Map, Value};

use crate::fault::Fault;

/// How far the issuer's clock may be off. Servers that keep time differ by far less.
pub const TOLERANCE: Duration = Duration::from_secs(5);

/// What every access token has, beside the claims with a rule of their own.
const REQUIRED: [&str; 3] = ["sub", "client_id", "jti"];

/// Whether these are the claims of an access token from `issuer` for `audience` that is good at `now`, in seconds
/// since the epoch.
///
/// # Errors
/// The first rule that is broken. A claim of the wrong type is as good as none.
pub(crate) fn check(
    claims: &Map<String, Value>,
    issuer: &str,
    audience: &str,
    now: i64,
) -> Result<(), Fault> {
    let text = |name| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let moment = |name| claims.get(name).and_then(seconds).ok_or(Fault::Claim(name));
    let ensure = |holds, fault| if holds { Ok(()) } else { Err(fault) };

    ensure(text("iss").ok_or(Fault::Claim("iss"))? == issuer, Fault::WrongIssuer)?;
    ensure(names(claims.get("aud").ok_or(Fault::Claim("aud"))?, audience)?, Fault::WrongAudience)?;
    let tolerance = TOLERANCE.as_secs();
    ensure(now < moment("exp")?.saturating_add_unsigned(tolerance), Fault::Expired)?;
    let latest = now.saturating_add_unsigned(tolerance);
    ensure(moment("iat")? <= latest, Fault::NotYetValid)?;
    if claims.contains_key("nbf") {
        ensure(moment("nbf")? <= latest, Fault::NotYetValid)?;
    }
    for name in REQUIRED {
        text(name).ok_or(Fault::Claim(name))?;
    }
    match claims.get("scope") {
        None | Some(Value::String(_)) => Ok(()),
        Some(_) => Err(Fault::Claim("scope")),
    }
}

/// Whether the audiences, one or a list (RFC 7519 section 4.1.3), name this one.
fn names(audiences: &Value, audience: &str) -> Result<bool, Fault> {
    let audiences = match audiences {
        Value::Array(several) => several.as_slice(),
        one => std::slice::from_ref(one),
    };
    if audiences.iter().all(Value::is_string) {
        Ok(audiences.iter().any(|named| named == audience))
    } else {
        Err(Fault::Claim("aud"))
    }
}

/// A moment, which may have a fraction (RFC 7519 section 2); that is cut off.
fn seconds(moment: &Value) -> Option<i64> {
    moment.as_i64().or_else(|| {
        let moment = Duration::try_from_secs_f64(moment.as_f64()?).ok()?;
        i64::try_from(moment.as_secs()).ok()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    /// The good claims with `name` replaced, or left out.
    fn checked(name: &str, value: Option<Value>) -> Result<(), Fault> {
        let mut claims = json!({
            "iss": "https://id.example/api/auth", "aud": "api", "sub": "u1", "client_id": "web", "jti": "t1",
            "iat": NOW - 10, "exp": NOW + 290, "scope": "read write", "sid": "s1",
        });
        let claims = claims.as_object_mut().expect("an object");
        match value {
            Some(value) => claims.insert(name.to_owned(), value),
            None => claims.remove(name),
        };
        check(claims, "https://id.example/api/auth", "api", NOW)
    }

    #[test]
    fn a_token_as_rfc_9068_has_it_passes() {
        assert_eq!(checked("other", Some(json!(1))), Ok(()));
        assert_eq!(checked("aud", Some(json!(["web", "api"]))), Ok(()));
        assert_eq!(checked("scope", None), Ok(()));
        assert_eq!(checked("exp", Some(json!(NOW as f64 + 0.5))), Ok(()));
    }

    #[test]
    fn lesson_39_a_claim_that_is_missing_or_of_the_wrong_type_fails() {
        for name in ["iss", "aud", "sub", "client_id", "jti", "exp", "iat"] {
            assert_eq!(checked(name, None), Err(Fault::Claim(name)), "{name}");
            for value in [json!(null), json!({}), json!([1]), json!(true)] {
                assert_eq!(checked(name, Some(value.clone())), Err(Fault::Claim(name)), "{name}: {value}");
            }
        }
        for name in ["exp", "iat", "nbf"] {
            assert_eq!(checked(name, Some(json!("1900000000"))), Err(Fault::Claim(name)), "{name}");
        }
        for name in ["sub", "client_id", "jti", "iss"] {
            assert_eq!(checked(name, Some(json!(""))), Err(Fault::Claim(name)), "{name}");
        }
        assert_eq!(checked("scope", Some(json!(["read"]))), Err(Fault::Claim("scope")));
    }

    #[test]
    fn lesson_38_a_token_for_others_or_from_others_fails() {
        for audience in [json!("other"), json!(["other"]), json!([]), json!("API"), json!("api ")] {
            assert_eq!(checked("aud", Some(audience)), Err(Fault::WrongAudience));
        }
        for issuer in ["https://id.example/api/auth/", "https://id.example", "https://ID.example/api/auth"] {
            assert_eq!(checked("iss", Some(json!(issuer))), Err(Fault::WrongIssuer), "{issuer}");
        }
    }

    #[test]
    fn a_token_counts_within_its_time_and_a_few_seconds_around_it() {
        let tolerance = i64::try_from(TOLERANCE.as_secs()).expect("seconds");
        assert_eq!(checked("exp", Some(json!(NOW - tolerance + 1))), Ok(()));
        for exp in [json!(NOW - tolerance), json!(0), json!(i64::MIN)] {
            assert_eq!(checked("exp", Some(exp)), Err(Fault::Expired));
        }
        for name in ["iat", "nbf"] {
            assert_eq!(checked(name, Some(json!(NOW + tolerance))), Ok(()), "{name}");
            assert_eq!(checked(name, Some(json!(NOW + tolerance + 1))), Err(Fault::NotYetValid), "{name}");
            assert_eq!(checked(name, Some(json!(i64::MAX))), Err(Fault::NotYetValid), "{name}");
        }
        assert_eq!(checked("exp", Some(json!(1e300))), Err(Fault::Claim("exp")));
        assert_eq!(checked("exp", Some(json!(-1.5))), Err(Fault::Claim("exp")));
    }
}

//! Sealed sessions that are none of ours: NextAuth's own from before Keyward took over, or an application's. Their tokens
//! have no session id; the first read gives them one, and a record.

use keyward_jose::digest::sha256;
use serde_json::{Value, json};

use super::{
    Reading, device,
    end::{MARGIN, remembered_until},
};
use crate::{
    claims::Claims,
    deployment::Deployment,
    policy::email,
    port::{Adopted, Adoption, SessionId, StoreError},
    time::Timestamp,
};

/// When the record of a token of ours was last brought up to date; `None` for one that is none of ours. `sid` alone is
/// also the name that an application may give the id of a provider's session.
pub(super) fn seen(claims: &Claims) -> Option<Timestamp> {
    claims.text("sid").and_then(|_| claims.time("seen"))
}

/// The id of a sealed session. One that is none of ours is known by what its token says and a renewal changes, so that
/// each process comes to the same, and so does who brings the token again after its end.
pub(super) fn id_of(claims: &Claims) -> SessionId {
    match claims.text("sid").filter(|_| seen(claims).is_some()) {
        Some(id) => SessionId(id.to_owned()),
        None => {
            let said = ["jti", "sub", "email", "iat"].map(|name| claims.get(name));
            let digest = sha256(&[b"keyward adopted session\0", json!(said).to_string().as_bytes()]);
            let bytes = *digest.first_chunk().expect("16 of 32 bytes");
            SessionId(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
        }
    }
}

/// Makes it one of ours: with a record, and from now on with its id and the time of its record among its claims. `None`
/// if it is over. Costs one store round trip, until its cookie is renewed.
pub(super) async fn adopt(
    deployment: &Deployment,
    claims: &mut Claims,
    reading: Reading<'_>,
) -> Result<Option<Timestamp>, StoreError> {
    let now = reading.now;
    let max_age = deployment.settings().session.max_age;
    let id = id_of(claims);
    let sealed = claims.time("iat").or_else(|| claims.time("exp").map(|exp| exp.minus(max_age)));
    // It lives as one of ours would have: otherwise its end were forgotten before it could not be brought again.
    let Some(sealed) = sealed.filter(|sealed| *sealed <= now.plus(MARGIN) && now < sealed.plus(max_age))
    else {
        return Ok(None);
    };
    if deployment.changes().has_ended(&id.0) {
        return Ok(None);
    }
    let (user_agent, address) = reading.request.map(device).unzip();
    let what = Adoption {
        id: id.clone(),
        sealed,
        expires: now.plus(max_age),
        outlived_by: remembered_until(sealed, max_age),
        subject: match claims.get("sub") {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        },
        email: claims.text("email").and_then(email::normalise),
        user_agent: user_agent.flatten(),
        address,
    };
    let Adopted::Alive { seen } = deployment.store().adopt(&what, now).await? else { return Ok(None) };
    claims.set("sid", id.0);
    claims.set("seen", seen.secs());
    Ok(Some(seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(claims: Value) -> String {
        let Value::Object(members) = claims else { unreachable!("an object: {claims}") };
        id_of(&members.into_iter().collect()).0
    }

    #[test]
    fn a_token_without_an_id_has_one_that_follows_from_what_it_says() {
        let token =
            json!({"sub": "7", "email": "a@b.example", "iat": 5, "exp": 9, "jti": "j", "name": "Ada"});
        assert_eq!(id(token.clone()), id(token.clone()));
        for (claim, other) in
            [("jti", json!("k")), ("sub", json!("8")), ("email", json!("c")), ("iat", json!(6))]
        {
            let mut changed = token.clone();
            changed[claim] = other;
            assert_ne!(id(changed), id(token.clone()), "{claim}");
        }
        let without = json!({"sub": "7", "iat": 5, "exp": 9});
        assert_eq!(id(without.clone()), id(without), "generation 3 writes no `jti`");
    }

    #[test]
    fn an_id_is_taken_from_a_token_of_ours_alone() {
        assert_eq!(id(json!({"sid": "s1", "seen": 5})), "s1");
        assert_ne!(id(json!({"sid": "s1", "sub": "7"})), "s1", "a provider's, that an application kept");
        assert_ne!(id(json!({"sid": 1, "seen": 5})), "1");
    }
}

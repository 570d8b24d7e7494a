//! A session's foreign tokens, as its claims have them (D1 to D3).
//!
//! The access token and its end are claims under the tutorials' names, so that an application reads them with
//! `getToken()`. In a stored session they are laid over the row when it is read: at rest they are in the vault alone.

use serde_json::{Map, Value, json};

use super::Live;
use crate::{
    claims::{Claims, VAULT},
    deployment::Deployment,
    error::{Code, Refusal},
    policy::refresh,
    port::{Entry, EntryId, NewEntry, Vaulted, uuid_of},
    time::Timestamp,
    vault::{ForeignTokens, Lost, REFRESH_ERROR, Trouble},
};

/// The access token.
pub const ACCESS_TOKEN: &str = "accessToken";
/// When it ends, in milliseconds since the epoch.
const EXPIRES: &str = "accessTokenExpires";
/// The refresh token, where the session is to show it.
const REFRESH_TOKEN: &str = "refreshToken";
/// Why the tokens are not fresh.
pub(super) const ERROR: &str = "error";

/// Keeps what a provider handed out at a sign-in for the session about to be opened: in its claims, and in the vault.
/// `None` where the deployment keeps none of this provider.
///
/// # Errors
/// [`Code::SessionTooLarge`] for tokens that are too long to be kept.
pub fn keep(
    deployment: &Deployment,
    provider: &str,
    tokens: &ForeignTokens,
    claims: &mut Claims,
) -> Result<Option<Vaulted>, Refusal> {
    let Some(source) = deployment.keeper().and_then(|keeper| keeper.source(provider)) else {
        return Ok(None);
    };
    let now = deployment.now();
    let id = EntryId(uuid_of(now, deployment.random()));
    let due = tokens.expires.map(|expires| refresh::due(expires, source.before, now));
    let sealed = deployment.vault().seal_entry(&id, tokens, deployment.random());
    let sealed =
        sealed.ok_or_else(|| Refusal::new(Code::SessionTooLarge).because("the tokens are too long"))?;
    say(deployment, claims, &id, tokens, due);
    let (provider, expires) = (provider.to_owned(), tokens.expires);
    Ok(Some(Vaulted::New(NewEntry { id, provider, sealed, due, expires })))
}

/// The tokens that a session has, for the one that replaces it.
#[must_use]
pub fn moved(claims: &Claims) -> Option<Vaulted> {
    entry_of(claims).map(Vaulted::Moved)
}

/// What a stored session's row says: everything but tokens.
pub(super) fn without_tokens(claims: &Claims) -> Claims {
    let mut claims = claims.clone();
    if claims.get(VAULT).is_some() {
        for name in [ACCESS_TOKEN, EXPIRES, REFRESH_TOKEN, ERROR, VAULT] {
            claims.remove(name);
        }
    }
    claims
}

/// Lays over a stored session the tokens that were read with it.
pub(super) fn lay_over(deployment: &Deployment, claims: &mut Claims, entry: &Entry) {
    match deployment.vault().open_entry(&entry.id, &entry.sealed) {
        Some(tokens) => say(deployment, claims, &entry.id, &tokens, entry.standing.due),
        // Nothing to show; a read finds that out in the vault.
        None => claims.set(VAULT, json!({ "id": entry.id.0, "due": 0 })),
    }
}

/// True if a read of this session asks the vault first. Nearly always false, and then it cost a look at one claim.
#[must_use]
pub fn is_due(claims: &Claims, now: Timestamp) -> bool {
    claims.get(VAULT).is_some_and(|vault| {
        let due = vault.get("due").and_then(Value::as_i64);
        due.is_some_and(|due| Timestamp::from_millis(due) <= now)
    })
}

/// Brings a session's tokens up to date: with what the vault holds by now, refreshed first if nobody has.
/// False: the session is over (invariant 8).
///
/// # Errors
/// [`Code::StoreUnavailable`].
pub async fn bring_up_to_date(deployment: &Deployment, live: &mut Live) -> Result<bool, Refusal> {
    let (Some(keeper), Some(id)) = (deployment.keeper(), entry_of(&live.claims)) else { return Ok(true) };
    let held = match keeper.fresh(&id).await {
        Ok(held) => held,
        Err(Lost::Gone) => return Ok(false),
        Err(Lost::Store(why)) => {
            let again = std::time::Duration::from_secs(1);
            return Err(Refusal::new(Code::StoreUnavailable).because(why).retry_after(again));
        }
    };
    // Ended while it was refreshed; or these are another session's by now (lesson 58).
    let sid = live.claims.text("sid").unwrap_or_default();
    if held.session.0 != sid || deployment.changes().has_ended(sid) {
        return Ok(false);
    }
    if let Some(tokens) = &held.tokens {
        say(deployment, &mut live.claims, &id, tokens, held.due);
    }
    if held.trouble.is_some() {
        let source = keeper.source(&held.provider);
        let word = source.map_or(REFRESH_ERROR, |source| source.error.as_str()).to_owned();
        live.claims.set(ERROR, word);
    }
    live.trouble = held.trouble;
    Ok(true)
}

impl Live {
    /// Why the session's tokens are not fresh, if they are not.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }
}

/// True if a back end or provider handed out tokens for this session.
#[must_use]
pub fn has_tokens(claims: &Claims) -> bool {
    claims.get(VAULT).is_some()
}

/// When the access token that a session says ends.
#[must_use]
pub fn expires(claims: &Claims) -> Option<Timestamp> {
    claims.get(EXPIRES)?.as_i64().map(Timestamp::from_millis)
}

/// Stands for the access token in what the deployment's rules add to the session, so that they show the one that there is
/// and not the one that there was. No text of a person or a back end begins so.
const REFERENCE: &str = "\0accessToken";

/// Puts the reference wherever `shown` holds the session's access token.
pub fn refer(shown: &mut Map<String, Value>, claims: &Claims) {
    if has_tokens(claims)
        && let Some(token) = claims.get(ACCESS_TOKEN)
    {
        shown.values_mut().for_each(|value| replace(value, token, &Value::from(REFERENCE)));
    }
}

/// Puts the session's access token wherever `shown` refers to it.
pub(super) fn referred(shown: &Map<String, Value>, claims: &Claims) -> Map<String, Value> {
    let token = claims.get(ACCESS_TOKEN).unwrap_or(&Value::Null);
    let mut shown = shown.clone();
    shown.values_mut().for_each(|value| replace(value, &Value::from(REFERENCE), token));
    shown
}

fn replace(value: &mut Value, from: &Value, to: &Value) {
    match value {
        value if value == from => *value = to.clone(),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, from, to)),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, from, to)),
        _ => {}
    }
}

fn entry_of(claims: &Claims) -> Option<EntryId> {
    Some(EntryId(claims.get(VAULT)?.get("id")?.as_str()?.to_owned()))
}

/// Puts tokens into the claims. An error of before is over.
fn say(
    deployment: &Deployment,
    claims: &mut Claims,
    id: &EntryId,
    tokens: &ForeignTokens,
    due: Option<Timestamp>,
) {
    claims.set(ACCESS_TOKEN, tokens.access_token.expose());
    match tokens.expires {
        Some(expires) => claims.set(EXPIRES, expires.millis()),
        None => claims.remove(EXPIRES),
    }
    let shows_it = deployment.settings().session.show.iter().any(|(_, claim)| claim == REFRESH_TOKEN);
    match tokens.refresh_token.as_ref().filter(|_| shows_it) {
        Some(token) => claims.set(REFRESH_TOKEN, token.expose()),
        None => claims.remove(REFRESH_TOKEN),
    }
    claims.remove(ERROR);
    claims.set(VAULT, json!({ "id": id.0, "due": due.map(Timestamp::millis) }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(token: &str) -> Claims {
        let members = [(ACCESS_TOKEN, json!(token)), (VAULT, json!({"id": "e1", "due": 5}))];
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn a3_what_rules_show_of_the_access_token_follows_it() {
        let shown = json!({"accessToken": "old", "user": {"tokens": ["old", "x"]}, "not": "older"});
        let mut shown = shown.as_object().cloned().expect("an object");
        refer(&mut shown, &claims("old"));
        assert!(!serde_json::to_string(&shown).expect("JSON").contains("\"old\""), "at rest there is none");
        let now = Value::Object(referred(&shown, &claims("new")));
        assert_eq!(now, json!({"accessToken": "new", "user": {"tokens": ["new", "x"]}, "not": "older"}));
    }

    #[test]
    fn d2_a_read_is_due_from_the_moment_that_the_claim_says() {
        let due = |millis| is_due(&claims("a"), Timestamp::from_millis(millis));
        assert_eq!([due(4), due(5), due(6)], [false, true, true]);
        assert!(!is_due(&Claims::default(), Timestamp::from_millis(6)));
    }

    #[test]
    fn what_is_kept_of_a_stored_session_holds_no_token() {
        let mut says = claims("a");
        says.set("role", "admin");
        says.set(ERROR, "AuthError");
        let kept = without_tokens(&says);
        assert_eq!(serde_json::to_value(&kept).expect("JSON"), json!({"role": "admin"}));
        let own: Claims = [(ERROR.to_owned(), json!("its own"))].into_iter().collect();
        assert_eq!(
            without_tokens(&own),
            own,
            "where nobody handed out tokens the names are the application's"
        );
    }
}

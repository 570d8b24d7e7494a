//! One's own data: all of it handed out, or all of it gone.

use serde_json::{Value, json};

use super::{Went, post, recently};
use crate::{
    audit::{AuditFilter, AuditKind, AuditRecord},
    deployment::Deployment,
    dialect::cookies::SessionCookie,
    error::{Code, Refusal},
    exchange::Exchange,
    mail::AccountLetterKind,
    method::passkey::Passkey,
    port::{Departure, SessionEntry},
    session,
    time::Timestamp,
    user::{Account, User},
};

/// Deletes the caller.
pub(super) async fn delete(deployment: &Deployment, exchange: &mut Exchange<'_>) -> Result<Went, Refusal> {
    let caller = recently(deployment, exchange).await?;
    let user = deployment.store().user(&caller.user).await?;
    let user = user.ok_or_else(|| Refusal::new(Code::SessionRequired))?;
    let until = session::remembered_until(exchange.now, deployment.settings().session.max_age);
    let mut told = post::noted(deployment, exchange, AuditKind::UserDeleted, &user.id);
    let kind = AccountLetterKind::Deleted;
    told.extend(post::notice(deployment, exchange, kind, user.email.as_deref(), None));
    let what = Departure { user: user.id, session: caller.session, until };
    let done = deployment.store().depart(&what, &told).await?;
    super::settled(done, Code::SessionRequired)?;
    post::are_written(deployment);
    session::follow_changes(deployment, exchange).await;
    exchange.changes.session = SessionCookie::Clear;
    Ok(Went::Done)
}

/// Everything that the store holds of the caller, but no hash, no token and no key.
pub(super) async fn export(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<Went, Refusal> {
    let caller = recently(deployment, exchange).await?;
    let store = deployment.store();
    let user = store.user(&caller.user).await?.ok_or_else(|| Refusal::new(Code::SessionRequired))?;
    let has_password = match &user.email {
        Some(address) => {
            store.password_by_email(address).await?.is_some_and(|stored| stored.user.id == user.id)
        }
        None => false,
    };
    let accounts = store.accounts_of(&user.id).await?;
    let sessions = store.sessions_of(&user.id, exchange.now).await?;
    let factors = store.factors(&user.id).await?;
    let filter = AuditFilter { user: Some(user.id.clone()), ..AuditFilter::default() };
    let activity = store.audit(&filter, MOST_ACTIVITY).await?;
    let data = json!({
        "exported": exchange.now.iso(),
        "user": of_user(&user),
        "password": has_password,
        "accounts": accounts.iter().map(of_account).collect::<Vec<_>>(),
        "sessions": sessions.iter().map(of_session).collect::<Vec<_>>(),
        "secondFactors": {
            "app": factors.app.is_some(),
            "recoveryCodes": factors.recovery_codes,
            "passkeys": factors.passkeys.iter().map(of_passkey).collect::<Vec<_>>(),
        },
        "activity": activity.iter().map(of_entry).collect::<Vec<_>>(),
    });
    store.write_events(&post::noted(deployment, exchange, AuditKind::DataExported, &user.id)).await?;
    Ok(Went::Everything(serde_json::to_string_pretty(&data).expect("JSON values are JSON")))
}

/// Most entries of the audit trail that are handed out, the newest first.
const MOST_ACTIVITY: usize = 10_000;

fn of_user(user: &User) -> Value {
    json!({
        "id": user.id.0,
        "name": user.name,
        "email": user.email,
        "emailVerified": user.email_verified.map(Timestamp::iso),
        "image": user.image,
        "disabled": user.disabled.map(Timestamp::iso),
        "claims": user.claims,
    })
}

fn of_account(account: &Account) -> Value {
    let said = |value: &Option<Option<String>>| value.clone().flatten();
    json!({
        "provider": account.key.source,
        "type": account.kind,
        "providerAccountId": account.key.id,
        "linkedAt": account.created.iso(),
        "name": said(&account.profile.name),
        "email": said(&account.profile.email),
        "image": said(&account.profile.image),
    })
}

fn of_session(session: &SessionEntry) -> Value {
    json!({
        "id": session.id.0,
        "created": session.created.iso(),
        "seen": session.seen.iso(),
        "expires": session.expires.iso(),
        "userAgent": session.user_agent,
        "network": session.address,
        "provider": session.via.as_ref().map(|via| &via.source),
    })
}

fn of_passkey(passkey: &Passkey) -> Value {
    json!({
        "name": passkey.name,
        "created": passkey.created.iso(),
        "used": passkey.used.map(Timestamp::iso),
        "backedUp": passkey.backed_up,
    })
}

fn of_entry(entry: &AuditRecord) -> Value {
    json!({
        "kind": entry.kind,
        "at": entry.at.iso(),
        "last": entry.last.iso(),
        "count": entry.count,
        "network": entry.network,
        "userAgent": entry.user_agent,
        "session": entry.session.as_ref().map(|session| &session.0),
        "detail": entry.detail,
    })
}

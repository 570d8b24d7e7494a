//! What flows tell the deployment once it has happened (protocol notes §8.3).
//!
//! No tokens, neither the provider's nor those of sessions: events lie in the store until they are delivered.

use serde_json::{Map, Value, json};

use super::audit;
use crate::{
    audit::AuditKind,
    claims::Claims,
    deployment::Deployment,
    event::{About, EventKind, NewEvent},
    exchange::Exchange,
    port::{SessionId, StoreError, UserChange, uuid},
    rules::Candidate,
    session::Live,
    settings::Strategy,
    time::Timestamp,
    user::User,
};

/// The events of an admission, as they gather.
pub(super) struct Telling<'a> {
    deployment: &'a Deployment,
    exchange: &'a Exchange<'a>,
    candidate: &'a Candidate,
    /// NextAuth's `user`; null where nothing is told.
    user: Value,
    account: Map<String, Value>,
    written: Vec<NewEvent>,
}

impl<'a> Telling<'a> {
    /// Of somebody who came as `candidate` and is known as `user`. Where nothing is told nothing is done.
    pub(super) fn of(
        deployment: &'a Deployment,
        exchange: &'a Exchange<'a>,
        candidate: &'a Candidate,
        user: impl FnOnce() -> Value,
    ) -> Self {
        let told = !deployment.settings().events.kinds.is_empty();
        let account = ["provider", "type", "providerAccountId"];
        let account = account.into_iter().filter(|_| told).filter_map(|name| {
            let value = candidate.account.get(name)?;
            Some((name.to_owned(), value.clone()))
        });
        let (user, account) = (if told { user() } else { Value::Null }, account.collect());
        Self { deployment, exchange, candidate, user, account, written: Vec::new() }
    }

    /// They were made, if they are new.
    pub(super) fn created(&mut self, email_verified: bool) {
        self.note(AuditKind::UserCreated, About::New);
        self.tell(
            EventKind::CreateUser,
            About::New,
            |this| json!({ "user": this.stored_user(email_verified) }),
        );
    }

    /// Their address was proven for the first time.
    pub(super) fn proven(&mut self) {
        self.note(AuditKind::EmailVerified, About::Known);
        self.tell(EventKind::UpdateUser, About::Known, |this| json!({ "user": this.stored_user(true) }));
    }

    /// The account became theirs.
    pub(super) fn linked(&mut self, about: About) {
        self.note(AuditKind::AccountLinked, about);
        self.tell(EventKind::LinkAccount, about, |this| {
            let profile = of_candidate(this.candidate);
            json!({ "user": this.user, "account": this.account, "profile": profile })
        });
    }

    /// They signed in.
    pub(super) fn signed_in(&mut self) {
        self.note(AuditKind::SignedIn, About::Anybody);
        for (about, is_new) in [(About::New, true), (About::Known, false)] {
            self.tell(EventKind::SignIn, about, |this| {
                let mut data = json!({ "user": this.user, "account": this.account, "isNewUser": is_new });
                if let Some(profile) = &this.candidate.profile {
                    data["profile"] = profile.clone();
                }
                data
            });
        }
    }

    /// What is to be written with the admission.
    pub(super) fn done(self) -> Vec<NewEvent> {
        self.written
    }

    /// The user with what the directory alone knows.
    fn stored_user(&self, email_verified: bool) -> Value {
        let mut user = self.user.clone();
        user["emailVerified"] = email_verified.then(|| self.exchange.now.iso()).into();
        user
    }

    /// Into the audit trail, by which way they came.
    fn note(&mut self, kind: AuditKind, about: About) {
        let method = self.candidate.account.get("provider").and_then(Value::as_str).unwrap_or_default();
        let entry = audit::entry(self.exchange, kind).saying("method", method);
        self.written.extend(audit::event(self.deployment, about, entry));
    }

    fn tell(&mut self, kind: EventKind, about: About, data: impl FnOnce(&Self) -> Value) {
        if wanted(self.deployment, kind) {
            self.written.push(event(self.deployment, self.exchange, kind, about, data(self)));
        }
    }
}

/// A user of the directory, as events show them: known as their sessions know them.
pub(super) fn of_user(user: &User) -> Value {
    json!({ "id": user.subject(), "name": user.name, "email": user.email, "image": user.image })
}

/// Somebody whom a back end describes, as events show them.
pub(super) fn of_candidate(candidate: &Candidate) -> Value {
    let said = |name: &str| candidate.user.get(name).cloned().unwrap_or_default();
    json!({ "id": said("id"), "name": said("name"), "email": said("email"), "image": said("image") })
}

/// What is known of a user changed, as here, and their address is proven; where that is told.
pub(super) fn updated(deployment: &Deployment, exchange: &Exchange<'_>, user: &User) -> Option<NewEvent> {
    if !tells_changes(deployment) {
        return None;
    }
    Some(update(deployment, exchange, user, Some(exchange.now)))
}

/// A user changes so; where that is told, and anything does.
pub(super) fn changed(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    before: &User,
    change: &UserChange,
) -> Option<NewEvent> {
    let after = change.made_to(before, exchange.now).filter(|after| after != before)?;
    tells_changes(deployment).then(|| update(deployment, exchange, &after, after.email_verified))
}

/// Whether it is told what becomes of a user.
pub(super) fn tells_changes(deployment: &Deployment) -> bool {
    wanted(deployment, EventKind::UpdateUser)
}

fn update(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    user: &User,
    proven: Option<Timestamp>,
) -> NewEvent {
    let mut data = of_user(user);
    data["emailVerified"] = proven.map(Timestamp::iso).into();
    event(deployment, exchange, EventKind::UpdateUser, About::Anybody, json!({ "user": data }))
}

/// Wakes who delivers, once events stand in the store.
pub(super) fn are_written(deployment: &Deployment, events: &[NewEvent]) {
    if events.iter().any(NewEvent::is_delivered)
        && let Some(on_written) = &deployment.settings().events.on_written
    {
        on_written();
    }
}

/// What signing out tells. `live`: who does, where that [is told](tells_sign_out).
pub(super) fn of_sign_out(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    live: Option<&Live>,
) -> Vec<NewEvent> {
    let mut events = audit::events(deployment, audit::entry(exchange, AuditKind::SignedOut));
    if let Some(live) = live.filter(|_| tells_sign_out(deployment)) {
        let data = match deployment.settings().session.strategy {
            Strategy::Sealed => json!({ "token": open_claims(&live.claims) }),
            Strategy::Stored => {
                let user = live.claims.get("sub");
                json!({ "session": { "userId": user, "expires": live.expires.iso() } })
            }
        };
        events.push(event(deployment, exchange, EventKind::SignOut, About::Anybody, data));
    }
    events
}

/// Whether it is told who signs out.
pub(super) fn tells_sign_out(deployment: &Deployment) -> bool {
    wanted(deployment, EventKind::SignOut)
}

/// What signing out of a program's session tells.
pub(super) async fn of_program(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    session: &SessionId,
) -> Result<Vec<NewEvent>, StoreError> {
    if !wanted(deployment, EventKind::SignOut) {
        return Ok(Vec::new());
    }
    let record = deployment.store().session_record(session).await?;
    let Some(user) = record.and_then(|record| record.user) else { return Ok(Vec::new()) };
    let data = json!({ "token": { "sub": user.0, "sid": session.0 } });
    Ok(vec![event(deployment, exchange, EventKind::SignOut, About::Anybody, data)])
}

/// What the token says of who reads their session; `None` where reading tells nobody.
pub(super) fn reader(deployment: &Deployment, claims: &Claims) -> Option<Value> {
    wanted(deployment, EventKind::Session).then(|| open_claims(claims))
}

/// Tells that a session was read. It is not read in vain where that cannot be written.
pub(super) async fn session_read(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    reader: Value,
    session: &str,
) {
    let session: Value = serde_json::from_str(session).unwrap_or_default();
    let data = json!({ "session": session, "token": reader });
    let events = [event(deployment, exchange, EventKind::Session, About::Anybody, data)];
    match deployment.store().write_events(&events).await {
        Ok(()) => are_written(deployment, &events),
        Err(error) => tracing::warn!(%error, "the event of a session that was read could not be written"),
    }
}

/// What a token says, but nothing that it keeps: that may be a back end's access token.
fn open_claims(claims: &Claims) -> Value {
    let open = ["sub", "name", "email", "picture", "sid"];
    let said = open.into_iter().filter_map(|name| Some((name.to_owned(), claims.get(name)?.clone())));
    Value::Object(said.collect())
}

fn wanted(deployment: &Deployment, kind: EventKind) -> bool {
    deployment.settings().events.kinds.contains(&kind)
}

fn event(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    kind: EventKind,
    about: About,
    data: Value,
) -> NewEvent {
    let id = format!("msg_{}", uuid(deployment.random()));
    NewEvent::new(id, kind, about, data, exchange.now)
}

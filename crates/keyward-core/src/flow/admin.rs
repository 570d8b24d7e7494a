//! What an operator does by the admin API, with one of the deployment's admin keys.

use serde_json::{Map, Value};

use super::{account, audit, events};
use crate::{
    action::{AdminAnswer, AdminCall, Answer},
    audit::{AuditEntry, AuditKind},
    deployment::Deployment,
    error::{Code, Refusal},
    event::NewEvent,
    exchange::Exchange,
    people::People,
    policy::email,
    port::{SessionId, UserChange, Which, address_bucket},
    user::{AccountKey, Extra, User, UserId},
};

/// Carries out what an operator asks for; nobody else learns anything.
pub async fn carry_out(deployment: &Deployment, exchange: &Exchange<'_>, call: AdminCall) -> Answer {
    let done = match gate(deployment, exchange) {
        Ok(()) => Operator { deployment, exchange, people: People::of(deployment) }.carry_out(call).await,
        Err(refusal) => Err(refusal),
    };
    done.map_or_else(Answer::Refused, Answer::Admin)
}

/// One of the keys, whole and exact: `Authorization: Bearer <key>`. Each is compared in constant time, and all of them
/// are, so that nothing is told by how long it takes (lesson 78).
fn gate(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<(), Refusal> {
    let given = exchange.request.authorization.as_ref();
    let given = given.and_then(|header| header.expose().strip_prefix("Bearer ")).unwrap_or_default();
    let keys = deployment.settings().admin_keys.iter();
    let is_one = keys.fold(false, |is_one, key| is_one | key.matches(given));
    if is_one { Ok(()) } else { Err(Refusal::new(Code::AdminKeyRequired)) }
}

struct Operator<'a> {
    deployment: &'a Deployment,
    exchange: &'a Exchange<'a>,
    people: People<'a>,
}

impl Operator<'_> {
    async fn carry_out(&self, call: AdminCall) -> Result<AdminAnswer, Refusal> {
        match call {
            AdminCall::FindUsers { email, account } => self.find(email, account).await,
            AdminCall::User(id) => Ok(AdminAnswer::User(Box::new(self.user(&id).await?))),
            AdminCall::ChangeUser { id, change } => self.change(&id, &change).await,
            AdminCall::DeleteUser(id) => {
                let events = self.noted(AuditKind::UserDeleted, Some(&id), None, "user");
                self.people.delete(&id, &events).await?;
                Ok(AdminAnswer::Deleted)
            }
            AdminCall::Sessions(id) => {
                let sessions = self.people.sessions(&id).await?;
                if sessions.is_empty() {
                    self.user(&id).await?;
                }
                Ok(AdminAnswer::Sessions(sessions))
            }
            AdminCall::EndSessions(id) => {
                let events = self.noted(AuditKind::SessionEnded, Some(&id), None, "all");
                let ended = self.people.end_sessions(&id, &Which::All, &events).await?;
                if ended == 0 {
                    self.user(&id).await?;
                }
                Ok(AdminAnswer::Ended(ended))
            }
            AdminCall::ChangeSession { id, change } => self.change_session(&id, change).await,
            AdminCall::Activity(filter) => {
                let (records, older) = account::page_of(self.deployment, &filter).await?;
                Ok(AdminAnswer::Activity { records, older })
            }
            AdminCall::EndSession(id) => {
                let user = self.owner(&id).await?;
                let events = self.noted(AuditKind::SessionEnded, user.as_ref(), Some(&id), "one");
                let Some(user) = user else {
                    self.people.end_session(&id, &events).await?;
                    return Ok(AdminAnswer::Ended(1));
                };
                match self.people.end_sessions(&user, &Which::One(id), &events).await? {
                    0 => Err(Refusal::new(Code::SessionUnknown)),
                    ended => Ok(AdminAnswer::Ended(ended)),
                }
            }
        }
    }

    async fn find(
        &self,
        email: Option<String>,
        account: Option<(String, String)>,
    ) -> Result<AdminAnswer, Refusal> {
        let store = self.deployment.store();
        let found = match (email, account) {
            (Some(email), None) => match email::normalise(&email) {
                Some(address) => store.user_by_email(&address).await?,
                // What is no address is nobody's.
                None => None,
            },
            (None, Some((source, id))) => {
                let standing = store.standing(&AccountKey { source, id }, None).await?;
                standing.owner.map(|owner| owner.user)
            }
            _ => return Err(Refusal::new(Code::InvalidField).because("by whom to look for nobody said")),
        };
        Ok(AdminAnswer::Users(found.into_iter().collect()))
    }

    async fn change(&self, id: &UserId, body: &Map<String, Value>) -> Result<AdminAnswer, Refusal> {
        let change = change_of(body)?;
        let before = self.user(id).await?;
        let written = self.events_of(&before, &change);
        let changed = self.people.change(id, &change, &written).await?;
        events::are_written(self.deployment, &written);
        Ok(AdminAnswer::User(Box::new(changed)))
    }

    async fn change_session(&self, id: &SessionId, body: Map<String, Value>) -> Result<AdminAnswer, Refusal> {
        let claims = session_claims(body)?;
        let user = self.owner(id).await?;
        let changed = claims.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let events = self.noted(AuditKind::SessionChanged, user.as_ref(), Some(id), &changed);
        self.people.change_session(id, &claims, &events).await?;
        Ok(AdminAnswer::Changed)
    }

    async fn user(&self, id: &UserId) -> Result<User, Refusal> {
        self.deployment.store().user(id).await?.ok_or_else(|| Refusal::new(Code::UserUnknown))
    }

    /// Whose a session is, if that is known.
    async fn owner(&self, id: &SessionId) -> Result<Option<UserId>, Refusal> {
        let record = self.deployment.store().session_record(id).await?;
        record.map(|record| record.user).ok_or_else(|| Refusal::new(Code::SessionUnknown))
    }

    /// What is told of a change of a user.
    fn events_of(&self, before: &User, change: &UserChange) -> Vec<NewEvent> {
        let mut events = Vec::new();
        match change.disabled {
            Some(true) if before.disabled.is_none() => {
                events.extend(self.noted(AuditKind::UserDisabled, Some(&before.id), None, "disabled"));
            }
            Some(false) if before.disabled.is_some() => {
                events.extend(self.noted(AuditKind::UserEnabled, Some(&before.id), None, "disabled"));
            }
            _ => {}
        }
        let patch = change.of_sessions();
        if !patch.is_empty() {
            let changed = patch.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            events.extend(self.noted(AuditKind::UserChanged, Some(&before.id), None, &changed));
        }
        events.extend(events::changed(self.deployment, self.exchange, before, change));
        events
    }

    /// An entry of the audit trail, where one is kept. Values of claims stand in no log.
    fn noted(
        &self,
        kind: AuditKind,
        user: Option<&UserId>,
        session: Option<&SessionId>,
        what: &str,
    ) -> Vec<NewEvent> {
        let mut entry = AuditEntry::new(kind, self.exchange.now).saying("by", "admin").saying("what", what);
        entry.user = user.cloned();
        entry.session = session.cloned();
        entry.network = Some(address_bucket(self.exchange.request.client));
        audit::events(self.deployment, entry)
    }
}

/// What a body asks for. A member that is none of ours is a mistake, and nothing is changed by halves.
fn change_of(body: &Map<String, Value>) -> Result<UserChange, Refusal> {
    let mut change = UserChange::default();
    for (name, value) in body {
        match (name.as_str(), value) {
            ("name", Value::Null) => change.name = Some(None),
            ("name", Value::String(text)) => change.name = Some(Some(text.clone())),
            ("image", Value::Null) => change.image = Some(None),
            ("image", Value::String(text)) => change.image = Some(Some(text.clone())),
            ("disabled", Value::Bool(disabled)) => change.disabled = Some(*disabled),
            ("claims", Value::Object(claims)) => change.claims.clone_from(claims),
            _ => return Err(invalid(name)),
        }
    }
    if change == UserChange::default() { Err(invalid("")) } else { Ok(change) }
}

fn session_claims(mut body: Map<String, Value>) -> Result<Extra, Refusal> {
    match (body.remove("claims"), body.keys().next()) {
        (Some(Value::Object(claims)), None) if !claims.is_empty() => Ok(claims),
        (_, name) => Err(invalid(name.map_or("claims", String::as_str))),
    }
}

fn invalid(name: &str) -> Refusal {
    Refusal::new(Code::InvalidField).because(format!("{name:?} is none of what can be changed so"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(value: Value) -> Map<String, Value> {
        let Value::Object(members) = value else { unreachable!("an object: {value}") };
        members
    }

    #[test]
    fn lesson_45_a_body_changes_what_can_be_changed_and_nothing_else() {
        let change =
            change_of(&body(json!({"name": "Ada", "image": null, "disabled": true, "claims": {"a": 1}})));
        let expected = UserChange {
            name: Some(Some("Ada".to_owned())),
            image: Some(None),
            disabled: Some(true),
            claims: body(json!({"a": 1})),
        };
        assert_eq!(change, Ok(expected));
        for wrong in [
            json!({}),
            json!({"claims": {}}),
            json!({"name": 7}),
            json!({"image": []}),
            json!({"disabled": "true"}),
            json!({"disabled": null}),
            json!({"claims": null}),
            json!({"claims": []}),
            json!({"name": "Ada", "email": "eve@example.com"}),
            json!({"name": "Ada", "email_verified": true}),
            json!({"name": "Ada", "id": "root"}),
        ] {
            let refused = change_of(&body(wrong.clone())).expect_err("refused");
            assert_eq!(refused.code, Code::InvalidField, "{wrong}");
        }
        assert_eq!(session_claims(body(json!({"claims": {"a": null}}))), Ok(body(json!({"a": null}))));
        for wrong in
            [json!({}), json!({"claims": {}}), json!({"claims": 1}), json!({"claims": {"a": 1}, "b": 1})]
        {
            assert!(session_claims(body(wrong.clone())).is_err(), "{wrong}");
        }
    }
}

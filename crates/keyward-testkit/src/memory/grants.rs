//! Families of refresh tokens in memory.

use async_trait::async_trait;
use keyward_core::{
    port::{Grant, Grants, NewGrant, Rotated, Rotation, SessionId, StoreError, TokenHash},
    time::Timestamp,
};

use super::MemoryStore;

#[derive(Debug)]
pub(super) struct Family {
    pub(super) grant: NewGrant,
    used: Vec<Used>,
}

#[derive(Debug)]
struct Used {
    token: TokenHash,
    salt: [u8; 32],
    next: TokenHash,
    at: Timestamp,
}

impl Family {
    pub(super) fn new(grant: NewGrant) -> Self {
        Self { grant, used: Vec::new() }
    }
}

#[async_trait]
impl Grants for MemoryStore {
    async fn grant(&self, session: &SessionId) -> Result<Option<Grant>, StoreError> {
        let state = self.state();
        let user = state.sessions.get(session).and_then(|row| row.user.clone());
        let found = user.zip(state.families.get(session));
        Ok(found.map(|(user, family)| Grant { user, terms: family.grant.terms.clone() }))
    }

    async fn rotate_grant(&self, rotation: &Rotation) -> Result<Rotated, StoreError> {
        let mut guard = self.state();
        let state = &mut *guard;
        let session = state.sessions.get_mut(&rotation.session).filter(|row| rotation.now < row.expires);
        let family = state.families.get_mut(&rotation.session);
        let session = session.and_then(|row| Some((row.user.clone()?, row)));
        let Some(((user, session), family)) = session.zip(family) else { return Ok(Rotated::Gone) };
        if family.grant.client != rotation.client {
            return Ok(Rotated::OtherClient);
        }
        let grant = Grant { user: user.clone(), terms: family.grant.terms.clone() };
        family.used.retain(|used| used.at > rotation.now.minus(rotation.grace));
        if family.grant.token == rotation.given {
            let Rotation { salt, next, now, .. } = *rotation;
            family.used.push(Used { token: rotation.given, salt, next, at: now });
            family.grant.token = next;
            (session.seen, session.expires) = (now, rotation.expires);
            return Ok(Rotated::Done(grant));
        }
        if let Some(used) = family.used.iter().find(|used| used.token == rotation.given) {
            return Ok(Rotated::Already { grant, salt: used.salt, next: used.next });
        }
        state.end(&rotation.session, rotation.until);
        state.write(&rotation.events);
        Ok(Rotated::Reused(user))
    }
}

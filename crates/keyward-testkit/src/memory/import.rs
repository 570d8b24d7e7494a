//! People who are brought along, in memory.

use async_trait::async_trait;
use keyward_core::{
    port::{Imported, ImportedUser, Imports, StoreError},
    time::Timestamp,
};

use super::{MemoryStore, state::State};

#[async_trait]
impl Imports for MemoryStore {
    async fn import_users(
        &self,
        batch: &[ImportedUser],
        restore: bool,
        _now: Timestamp,
    ) -> Result<Vec<Imported>, StoreError> {
        let mut state = self.state();
        Ok(batch.iter().map(|user| state.import(user, restore)).collect())
    }
}

impl State {
    fn import(&mut self, new: &ImportedUser, restore: bool) -> Imported {
        let ImportedUser { user, password_hash, accounts, app } = new;
        let owners: Vec<_> =
            accounts.iter().map(|of| self.accounts.get(&of.key).map(|linked| &linked.user)).collect();
        if let Some(there) = self.users.get(&user.id) {
            let all_theirs = owners.iter().all(|owner| *owner == Some(&user.id));
            let same = there.email == user.email && all_theirs;
            return if same { Imported::There } else { Imported::IdTaken };
        }
        // Who came along and is no user any more was deleted.
        if !restore && self.imported.contains(&user.id) {
            return Imported::Deleted;
        }
        if owners.iter().any(Option::is_some) {
            return Imported::AccountTaken;
        }
        if user.email.as_deref().is_some_and(|email| self.by_email(email).is_some()) {
            return Imported::EmailTaken;
        }
        self.imported.insert(user.id.clone());
        self.users.insert(user.id.clone(), user.clone());
        if let Some(hash) = password_hash {
            self.passwords.insert(user.id.clone(), hash.clone());
        }
        if let Some(app) = app {
            self.factors.apps.insert(user.id.clone(), app.clone());
        }
        for account in accounts {
            self.link(&account.key, &user.id, &account.kind, &account.profile, account.created);
        }
        Imported::Made
    }
}

//! Ways in, users and their accounts, failing when told to.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    port::{Admitted, Directory, NewSession, SignIns, StoreError, StoredPassword, Unlinked, Unlinking},
    time::Timestamp,
    user::{Account, AccountKey, Admission, Standing, User, UserId},
};

use super::{FaultyStore, Operation};

#[async_trait]
impl<S: SignIns + ?Sized> SignIns for FaultyStore<S> {
    async fn admit(
        &self,
        who: &Admission,
        session: Option<&NewSession>,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Admitted, StoreError> {
        let inner = self.pass(Operation::Admit)?;
        if self.is_changed() {
            return Ok(Admitted::Changed);
        }
        self.done(Operation::Admit, inner.admit(who, session, now, events).await)
    }
}

#[async_trait]
impl<S: Directory + ?Sized> Directory for FaultyStore<S> {
    async fn password_by_email(&self, email: &str) -> Result<Option<StoredPassword>, StoreError> {
        self.done(
            Operation::PasswordByEmail,
            self.pass(Operation::PasswordByEmail)?.password_by_email(email).await,
        )
    }

    async fn replace_password(&self, user: &UserId, from: &str, to: &str) -> Result<bool, StoreError> {
        self.done(
            Operation::ReplacePassword,
            self.pass(Operation::ReplacePassword)?.replace_password(user, from, to).await,
        )
    }

    async fn set_password(
        &self,
        email: &str,
        hash: &str,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<bool, StoreError> {
        self.done(
            Operation::SetPassword,
            self.pass(Operation::SetPassword)?.set_password(email, hash, until, events).await,
        )
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.done(Operation::User, self.pass(Operation::User)?.user(id).await)
    }

    async fn delete_user(&self, email: &str, until: Timestamp) -> Result<bool, StoreError> {
        self.done(Operation::DeleteUser, self.pass(Operation::DeleteUser)?.delete_user(email, until).await)
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        self.done(Operation::UserByEmail, self.pass(Operation::UserByEmail)?.user_by_email(email).await)
    }

    async fn standing(&self, key: &AccountKey, email: Option<&str>) -> Result<Standing, StoreError> {
        self.done(Operation::Standing, self.pass(Operation::Standing)?.standing(key, email).await)
    }

    async fn accounts_of(&self, user: &UserId) -> Result<Vec<Account>, StoreError> {
        self.done(Operation::AccountsOf, self.pass(Operation::AccountsOf)?.accounts_of(user).await)
    }

    async fn unlink_account(&self, what: &Unlinking) -> Result<Unlinked, StoreError> {
        self.done(Operation::UnlinkAccount, self.pass(Operation::UnlinkAccount)?.unlink_account(what).await)
    }

    async fn account_tokens(&self, key: &AccountKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.done(Operation::AccountTokens, self.pass(Operation::AccountTokens)?.account_tokens(key).await)
    }
}

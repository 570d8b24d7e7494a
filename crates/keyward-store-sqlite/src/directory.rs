//! Users and their passwords.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    port::{Directory, StoreError, StoredPassword, Unlinked, Unlinking},
    time::Timestamp,
    user::{Account, AccountKey, EmailHolder, Extra, NewUser, Owner, Standing, User, UserId},
};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::{SqliteStore, account, column, factors, ledger, outbox, people, ways};

/// What is read of a [`user`]: their row, and their id at the first back end that they were linked with.
macro_rules! columns {
    () => {
        "user.id, user.email, user.email_verified, user.name, user.image, user.disabled, user.claims,
         (SELECT back_end.id FROM account AS back_end WHERE back_end.user = user.id AND back_end.kind = 'credentials'
          ORDER BY back_end.created, back_end.rowid LIMIT 1)"
    };
}

#[async_trait]
impl Directory for SqliteStore {
    async fn password_by_email(&self, email: &str) -> Result<Option<StoredPassword>, StoreError> {
        self.read("password_by_email", |db| {
            db.prepare_cached(concat!(
                "SELECT ",
                columns!(),
                ", hash
                 FROM user JOIN password ON password.user = user.id WHERE user.email = ?1"
            ))?
            .query_row([email], |row| Ok(StoredPassword { user: user(row)?, hash: row.get(8)? }))
            .optional()
        })
    }

    async fn replace_password(&self, user: &UserId, from: &str, to: &str) -> Result<bool, StoreError> {
        let (user, from, to) = (user.0.clone(), from.to_owned(), to.to_owned());
        self.write("replace_password", move |db| {
            let replaced = db
                .prepare_cached("UPDATE password SET hash = ?3 WHERE user = ?1 AND hash = ?2")?
                .execute([user, from, to])?;
            Ok(replaced == 1)
        })
        .await
    }

    async fn set_password(
        &self,
        email: &str,
        hash: &str,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<bool, StoreError> {
        let (email, hash, events) = (email.to_owned(), hash.to_owned(), events.to_vec());
        self.write("set_password", move |db| {
            let Some(user) = by_email(db, &email)? else { return Ok(false) };
            db.prepare_cached(
                "INSERT INTO password (user, hash) VALUES (?1, ?2)
                 ON CONFLICT (user) DO UPDATE SET hash = excluded.hash",
            )?
            .execute([&user.0, &hash])?;
            ledger::end_all(db, &user, until)?;
            outbox::insert_of(db, &events, &user)?;
            Ok(true)
        })
        .await
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.read("user", |db| by_id(db, id))
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        self.read("user_by_email", |db| {
            db.prepare_cached(concat!("SELECT ", columns!(), " FROM user WHERE email = ?1"))?
                .query_row([email], user)
                .optional()
        })
    }

    async fn standing(&self, key: &AccountKey, email: Option<&str>) -> Result<Standing, StoreError> {
        self.read("standing", |db| {
            if let Some(owner) = owner(db, key)? {
                return Ok(Standing { owner: Some(owner), by_email: None });
            }
            // One state of the database in view: between two reads the account could be made, with its address.
            let view = db.unchecked_transaction()?;
            let owner = owner(&view, key)?;
            let by_email = if owner.is_none() { holder(&view, email)? } else { None };
            view.commit()?;
            Ok(Standing { owner, by_email })
        })
    }

    async fn accounts_of(&self, user: &UserId) -> Result<Vec<Account>, StoreError> {
        self.read("accounts_of", |db| account::of_user(db, user))
    }

    async fn unlink_account(&self, what: &Unlinking) -> Result<Unlinked, StoreError> {
        let what = what.clone();
        self.write("unlink_account", move |db| unlink(db, &what)).await
    }

    async fn account_tokens(&self, key: &AccountKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.read("account_tokens", |db| account::tokens(db, key))
    }

    async fn delete_user(&self, email: &str, until: Timestamp) -> Result<bool, StoreError> {
        let email = email.to_owned();
        self.write("delete_user", move |db| {
            let Some(user) = by_email(db, &email)? else { return Ok(false) };
            people::remove(db, &user, until)
        })
        .await
    }
}

fn unlink(db: &Connection, what: &Unlinking) -> Result<Unlinked> {
    let Unlinking { user, key, session, ways, until, events } = what;
    if !ledger::is_of(db, session, user)? {
        return Ok(Unlinked::SignedOut);
    }
    if account::owner(db, key)?.as_ref() != Some(user) {
        return Ok(Unlinked::NotFound);
    }
    if !ways::can_come_back(db, user, Some(key), None, ways)? {
        return Ok(Unlinked::LastWay);
    }
    account::delete(db, key)?;
    ledger::end_via(db, user, key, session, *until)?;
    outbox::insert_of(db, events, user)?;
    Ok(Unlinked::Done)
}

/// Makes a user. False if somebody has the address.
pub(crate) fn make(db: &Connection, user: &NewUser, now: Timestamp) -> Result<bool> {
    let made = db
        .prepare_cached(
            "INSERT INTO user (id, email, email_verified, name, image, created, imported)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)
             ON CONFLICT (email) DO NOTHING",
        )?
        .execute(params![
            user.id.0,
            user.email,
            user.email_verified.then(|| now.millis()),
            user.name,
            user.image,
            now.millis()
        ])?;
    Ok(made == 1)
}

/// The first proof of the address that a user has ends what was set up without one; `by` is the account that
/// vouches for it. Nothing happens if the user has another address, or it is proven.
pub(crate) fn prove(
    db: &Connection,
    user: &UserId,
    address: &str,
    by: Option<&AccountKey>,
    until: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let proven = db
        .prepare_cached(
            "UPDATE user SET email_verified = ?3 WHERE id = ?1 AND email = ?2 AND email_verified IS NULL",
        )?
        .execute(params![user.0, address, now.millis()])?;
    if proven == 0 {
        return Ok(());
    }
    db.prepare_cached("DELETE FROM password WHERE user = ?1")?.execute([&user.0])?;
    account::delete_others(db, user, by)?;
    factors::forget(db, user)?;
    ledger::end_all(db, user, until)
}

/// The user with this id.
pub(crate) fn by_id(db: &Connection, id: &UserId) -> Result<Option<User>> {
    db.prepare_cached(concat!("SELECT ", columns!(), " FROM user WHERE id = ?1"))?
        .query_row([&id.0], user)
        .optional()
}

/// What an operator decided of a user.
pub(crate) struct Own {
    pub(crate) disabled: bool,
    pub(crate) claims: Extra,
}

/// What an operator decided of a user; `None` if there is none.
pub(crate) fn own(db: &Connection, id: &UserId) -> Result<Option<Own>> {
    db.prepare_cached("SELECT disabled IS NOT NULL, claims FROM user WHERE id = ?1")?
        .query_row([&id.0], |row| Ok(Own { disabled: row.get(0)?, claims: column::json(row, 1)? }))
        .optional()
}

pub(crate) fn by_email(db: &Connection, email: &str) -> Result<Option<UserId>> {
    db.prepare_cached("SELECT id FROM user WHERE email = ?1")?
        .query_row([email], |row| row.get(0).map(UserId))
        .optional()
}

fn owner(db: &Connection, key: &AccountKey) -> Result<Option<Owner>> {
    db.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        ", tokens
         FROM account JOIN user ON user.id = account.user WHERE account.source = ?1 AND account.id = ?2"
    ))?
    .query_row([key.source.as_str(), &key.id], |row| Ok(Owner { user: user(row)?, tokens: row.get(8)? }))
    .optional()
}

/// Who has the address, and by what they come in.
fn holder(db: &Connection, email: Option<&str>) -> Result<Option<EmailHolder>> {
    let holder = db
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            ",
                    EXISTS (SELECT 1 FROM password WHERE password.user = user.id),
                    EXISTS (SELECT 1 FROM authenticator_app AS app WHERE app.user = user.id)
             FROM user WHERE email = ?1"
        ))?
        // An address that is none is NULL, which nobody has.
        .query_row([email], |row| Ok((user(row)?, row.get(8)?, row.get(9)?)))
        .optional()?;
    let Some((user, has_password, has_second_factor)) = holder else { return Ok(None) };
    let providers = account::sources(db, &user.id)?;
    Ok(Some(EmailHolder { user, providers, has_password, has_second_factor }))
}

/// From [`columns`].
fn user(row: &Row<'_>) -> Result<User> {
    Ok(User {
        id: UserId(row.get(0)?),
        email: row.get(1)?,
        email_verified: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_millis),
        name: row.get(3)?,
        image: row.get(4)?,
        disabled: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis),
        claims: column::json(row, 6)?,
        back_end_id: row.get(7)?,
    })
}

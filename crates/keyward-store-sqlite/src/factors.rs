//! Second factors and passkeys.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    method::passkey::Passkey,
    policy::{
        assurance::{MOST_TRIES, hold},
        ways::WaysIn,
    },
    port::{
        CodeKind, FactorChange, FactorChanged, FactorEdit, FactorStore, Factors, KeptApp, MOST_PASSKEYS,
        Shown, StoreError, Tried,
    },
    ticket::{Ticket, TicketKey},
    time::Timestamp,
    user::UserId,
};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::{SqliteStore, ledger, outbox, ticket, ways};

#[async_trait]
impl FactorStore for SqliteStore {
    async fn factors(&self, user: &UserId) -> Result<Factors, StoreError> {
        self.read("factors", |db| {
            let app = db
                .prepare_cached("SELECT secret, step FROM authenticator_app WHERE user = ?1")?
                .query_row([&user.0], |row| Ok(KeptApp { secret: row.get(0)?, step: row.get(1)? }))
                .optional()?;
            let recovery_codes = db
                .prepare_cached("SELECT count(*) FROM recovery_code WHERE user = ?1")?
                .query_row([&user.0], |row| row.get(0))?;
            let passkeys = db
                .prepare_cached(&format!("SELECT {COLUMNS} FROM passkey WHERE user = ?1 ORDER BY place"))?
                .query_map([&user.0], passkey)?
                .collect::<Result<_>>()?;
            Ok(Factors { app, recovery_codes, passkeys })
        })
    }

    async fn passkey(&self, id: &str) -> Result<Option<Passkey>, StoreError> {
        self.read("passkey", |db| {
            db.prepare_cached(&format!("SELECT {COLUMNS} FROM passkey WHERE id = ?1"))?
                .query_row([id], passkey)
                .optional()
        })
    }

    async fn try_code(
        &self,
        user: &UserId,
        ticket: Option<&TicketKey>,
        kind: CodeKind,
        now: Timestamp,
    ) -> Result<Tried, StoreError> {
        let (user, ticket) = (user.clone(), ticket.cloned());
        self.write("try_code", move |db| try_code(db, &user, ticket.as_ref(), kind, now)).await
    }

    async fn change_factors(
        &self,
        change: &FactorChange,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<FactorChanged, StoreError> {
        let (change, events) = (change.clone(), events.to_vec());
        self.write("change_factors", move |db| {
            let changed = change_factors(db, &change, now)?;
            if changed == FactorChanged::Done {
                outbox::insert_of(db, &events, &change.user)?;
            }
            Ok(changed)
        })
        .await
    }
}

const COLUMNS: &str = "id, user, key, counter, transports, backed_up, name, created, used";

fn passkey(row: &Row<'_>) -> Result<Passkey> {
    Ok(Passkey {
        id: row.get(0)?,
        user: UserId(row.get(1)?),
        key: row.get(2)?,
        counter: row.get(3)?,
        transports: row.get(4)?,
        backed_up: row.get(5)?,
        name: row.get(6)?,
        created: Timestamp::from_millis(row.get(7)?),
        used: row.get::<_, Option<i64>>(8)?.map(Timestamp::from_millis),
    })
}

/// True if a second factor is asked of this user.
pub(crate) fn has_app(db: &Connection, user: &UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM authenticator_app WHERE user = ?1")?.exists([&user.0])
}

/// Nothing of it is left: what was set up before the first proof of an address ends with that (lesson 43).
pub(crate) fn forget(db: &Connection, user: &UserId) -> Result<()> {
    forget_app(db, user)?;
    db.prepare_cached("DELETE FROM passkey WHERE user = ?1")?.execute([&user.0])?;
    Ok(())
}

/// True if what was shown can be used now. Writes nothing.
pub(crate) fn is_good(db: &Connection, user: &UserId, shown: &Shown) -> Result<bool> {
    match shown {
        Shown::AppCode { step } => db
            .prepare_cached("SELECT 1 FROM authenticator_app WHERE user = ?1 AND step < ?2")?
            .exists(params![user.0, step]),
        Shown::RecoveryCode { hash } => db
            .prepare_cached("SELECT 1 FROM recovery_code WHERE user = ?1 AND hash = ?2")?
            .exists([&user.0, hash]),
        Shown::Passkey { id, counter, spent, .. } => {
            let is_as_read = db
                .prepare_cached("SELECT 1 FROM passkey WHERE id = ?1 AND user = ?2 AND counter = ?3")?
                .exists(params![id, user.0, counter.0])?;
            Ok(is_as_read && !ticket::is_known(db, &spent.key)?)
        }
    }
}

/// Uses up what was shown and is good.
pub(crate) fn take(db: &Connection, user: &UserId, shown: &Shown, now: Timestamp) -> Result<()> {
    match shown {
        Shown::AppCode { step } => {
            db.prepare_cached("UPDATE authenticator_app SET step = ?2 WHERE user = ?1")?
                .execute(params![user.0, step])?;
            db.prepare_cached("DELETE FROM code_try WHERE user = ?1")?.execute([&user.0])?;
        }
        Shown::RecoveryCode { hash } => {
            db.prepare_cached("DELETE FROM recovery_code WHERE user = ?1 AND hash = ?2")?
                .execute([&user.0, hash])?;
        }
        Shown::Passkey { id, counter, backed_up, spent } => {
            db.prepare_cached("UPDATE passkey SET counter = ?2, backed_up = ?3, used = ?4 WHERE id = ?1")?
                .execute(params![id, counter.1, backed_up, now.millis()])?;
            ticket::insert(db, spent)?;
        }
    }
    Ok(())
}

/// True if somebody's passkey has that id, or the challenge is spent.
pub(crate) fn is_taken(db: &Connection, id: &str, spent: &Ticket) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM passkey WHERE id = ?1")?.exists([id])?
        || ticket::is_known(db, &spent.key)?)
}

/// Adds a passkey that is not taken.
pub(crate) fn add_passkey(db: &Connection, new: &Passkey, spent: &Ticket) -> Result<()> {
    ticket::insert(db, spent)?;
    db.prepare_cached(
        "INSERT INTO passkey (id, user, key, counter, transports, backed_up, name, created, used)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        new.id,
        new.user.0,
        new.key,
        new.counter,
        new.transports,
        new.backed_up,
        new.name,
        new.created.millis(),
        new.used.map(Timestamp::millis)
    ])?;
    Ok(())
}

fn try_code(
    db: &Connection,
    user: &UserId,
    ticket: Option<&TicketKey>,
    kind: CodeKind,
    now: Timestamp,
) -> Result<Tried> {
    let mut number = 0;
    if let Some(ticket) = ticket {
        let Some(tries) = ticket::tries(db, ticket, now)?.filter(|tries| *tries < MOST_TRIES) else {
            return Ok(Tried::Ended);
        };
        number = tries + 1;
    }
    if kind == CodeKind::App {
        let before: Option<(u32, i64)> = db
            .prepare_cached("SELECT tries, last FROM code_try WHERE user = ?1")?
            .query_row([&user.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((tries, last)) = before {
            let until = Timestamp::from_millis(last).plus(hold(tries));
            if until > now {
                return Ok(Tried::Held(until));
            }
        }
        db.prepare_cached(
            "INSERT INTO code_try (user, tries, last) SELECT id, 1, ?2 FROM user WHERE id = ?1
             ON CONFLICT (user) DO UPDATE SET tries = min(tries + 1, 1000), last = ?2",
        )?
        .execute(params![user.0, now.millis()])?;
    }
    if let Some(ticket) = ticket {
        ticket::set_tries(db, ticket, number)?;
    }
    Ok(Tried::Go(number))
}

/// An app for a user who has none.
pub(crate) fn add_app(db: &Connection, user: &UserId, app: &KeptApp, now: Timestamp) -> Result<()> {
    db.prepare_cached("INSERT INTO authenticator_app (user, secret, step, created) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![user.0, app.secret, app.step, now.millis()])?;
    Ok(())
}

fn change_factors(db: &Connection, change: &FactorChange, now: Timestamp) -> Result<FactorChanged> {
    let FactorChange { user, session, ways, edit } = change;
    if let Some(session) = session
        && !ledger::is_of(db, session, user)?
    {
        return Ok(FactorChanged::SignedOut);
    }
    if !db.prepare_cached("SELECT 1 FROM user WHERE id = ?1")?.exists([&user.0])? {
        return Ok(FactorChanged::SignedOut);
    }
    match edit {
        FactorEdit::AddApp { app, codes } => {
            if has_app(db, user)? {
                return Ok(FactorChanged::Taken);
            }
            add_app(db, user, app, now)?;
            replace_codes(db, user, codes)?;
        }
        FactorEdit::RemoveApp if has_app(db, user)? => forget_app(db, user)?,
        FactorEdit::ReplaceCodes(codes) if has_app(db, user)? => replace_codes(db, user, codes)?,
        FactorEdit::RemoveApp | FactorEdit::ReplaceCodes(_) => return Ok(FactorChanged::NotFound),
        FactorEdit::AddPasskey { passkey, spent } => {
            let held: u32 = db
                .prepare_cached("SELECT count(*) FROM passkey WHERE user = ?1")?
                .query_row([&user.0], |row| row.get(0))?;
            if held >= MOST_PASSKEYS {
                return Ok(FactorChanged::TooMany);
            }
            if is_taken(db, &passkey.id, spent)? {
                return Ok(FactorChanged::Taken);
            }
            add_passkey(db, &Passkey { user: user.clone(), ..passkey.clone() }, spent)?;
        }
        FactorEdit::RemovePasskey(id) => return remove_passkey(db, user, id, ways),
        FactorEdit::Reset { passkeys } => {
            forget_app(db, user)?;
            if *passkeys {
                forget(db, user)?;
            }
        }
    }
    Ok(FactorChanged::Done)
}

fn remove_passkey(db: &Connection, user: &UserId, id: &str, ways: &WaysIn) -> Result<FactorChanged> {
    if !db.prepare_cached("SELECT 1 FROM passkey WHERE id = ?1 AND user = ?2")?.exists([id, &user.0])? {
        return Ok(FactorChanged::NotFound);
    }
    if !ways::can_come_back(db, user, None, Some(id), ways)? {
        return Ok(FactorChanged::LastWay);
    }
    db.prepare_cached("DELETE FROM passkey WHERE id = ?1")?.execute([id])?;
    Ok(FactorChanged::Done)
}

fn replace_codes(db: &Connection, user: &UserId, codes: &[String]) -> Result<()> {
    db.prepare_cached("DELETE FROM recovery_code WHERE user = ?1")?.execute([&user.0])?;
    let mut insert = db.prepare_cached("INSERT INTO recovery_code (user, hash) VALUES (?1, ?2)")?;
    for code in codes {
        insert.execute([&user.0, code])?;
    }
    Ok(())
}

/// What was added since then is gone; who took an account over may have added it.
pub(crate) fn forget_since(db: &Connection, user: &UserId, since: Timestamp) -> Result<()> {
    let is_newer = db
        .prepare_cached("SELECT 1 FROM authenticator_app WHERE user = ?1 AND created >= ?2")?
        .exists(params![user.0, since.millis()])?;
    if is_newer {
        forget_app(db, user)?;
    }
    db.prepare_cached("DELETE FROM passkey WHERE user = ?1 AND created >= ?2")?
        .execute(params![user.0, since.millis()])?;
    Ok(())
}

fn forget_app(db: &Connection, user: &UserId) -> Result<()> {
    for sql in [
        "DELETE FROM authenticator_app WHERE user = ?1",
        "DELETE FROM recovery_code WHERE user = ?1",
        "DELETE FROM code_try WHERE user = ?1",
    ] {
        db.prepare_cached(sql)?.execute([&user.0])?;
    }
    Ok(())
}

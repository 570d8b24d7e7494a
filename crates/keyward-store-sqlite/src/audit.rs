//! The audit trail.

use async_trait::async_trait;
use keyward_core::{
    audit::{AuditEntry, AuditFilter, AuditKind, AuditRecord},
    port::{AuditTrail, SessionId, StoreError},
    time::Timestamp,
    user::UserId,
};
use rusqlite::{Connection, Error, Result, Row, params, types::Type};
use serde_json::Value;

use crate::SqliteStore;

/// Rows that one transition deletes at most: sign-ins need not wait for all of a large clean-up.
const STEP: i64 = 1000;

#[async_trait]
impl AuditTrail for SqliteStore {
    async fn audit(&self, filter: &AuditFilter, limit: usize) -> Result<Vec<AuditRecord>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read("audit", |db| {
            db.prepare_cached(
                "SELECT place, kind, user, session, subject, network, agent, detail, at, last, count FROM audit
                 WHERE (?1 IS NULL OR user = ?1) AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR network = ?3)
                   AND (?4 IS NULL OR last >= ?4) AND (?5 IS NULL OR at < ?5) AND (?6 IS NULL OR place < ?6)
                 ORDER BY place DESC LIMIT ?7",
            )?
            .query_map(
                params![
                    filter.user.as_ref().map(|user| &user.0),
                    filter.kind,
                    filter.network,
                    filter.since.map(Timestamp::millis),
                    filter.until.map(Timestamp::millis),
                    filter.before.map(|place| i64::try_from(place).unwrap_or(i64::MAX)),
                    limit
                ],
                record,
            )?
            .collect()
        })
    }

    async fn trim_audit(&self, before: Timestamp, refusals: u64) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let old = self.write("trim_audit", move |db| {
                db.prepare_cached(
                    "DELETE FROM audit WHERE place IN (SELECT place FROM audit WHERE last < ?1 AND at < ?1 LIMIT ?2)",
                )?
                .execute(params![before.millis(), STEP])
            });
            match old.await? {
                0 => break,
                rows => gone += rows as u64,
            }
        }
        let refusals = i64::try_from(refusals).unwrap_or(i64::MAX);
        let refused: i64 = self.read("trim_audit", |db| {
            db.prepare_cached("SELECT count(*) FROM audit WHERE fold IS NOT NULL")?
                .query_row([], |row| row.get(0))
        })?;
        let mut over = refused - refusals;
        while over > 0 {
            let step = over.min(STEP);
            let deleted = self
                .write("trim_audit", move |db| {
                    db.prepare_cached(
                        "DELETE FROM audit WHERE place IN
                         (SELECT place FROM audit WHERE fold IS NOT NULL ORDER BY place LIMIT ?1)",
                    )?
                    .execute([step])
                })
                .await?;
            if deleted == 0 {
                break;
            }
            gone += deleted as u64;
            over -= step;
        }
        Ok(gone)
    }

    async fn has_come_from(&self, email: &str, network: &str, since: Timestamp) -> Result<bool, StoreError> {
        self.read("has_come_from", |db| {
            db.prepare_cached(
                "SELECT 1 FROM user JOIN audit ON audit.user = user.id
                 WHERE user.email = ?1 AND kind = ?2 AND network = ?3 AND at >= ?4",
            )?
            .exists(params![email, AuditKind::SignedIn.as_str(), network, since.millis()])
        })
    }
}

/// Writes an entry; one about nobody else is about `user` and this session. Equal refusals of one hour are counted in one
/// row.
pub(crate) fn insert(
    db: &Connection,
    entry: &AuditEntry,
    user: Option<&UserId>,
    session: Option<&SessionId>,
) -> Result<()> {
    let AuditEntry { kind, subject, network, user_agent, detail, at, count, .. } = entry;
    let detail = serde_json::to_string(detail).map_err(|_| Error::InvalidQuery)?;
    db.prepare_cached(
        "INSERT INTO audit (at, kind, user, session, subject, network, agent, detail, fold, last, count)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?1, ?10)
         ON CONFLICT (fold) DO UPDATE SET
           count = count + excluded.count, at = min(at, excluded.at), last = max(last, excluded.last)",
    )?
    .execute(params![
        at.millis(),
        kind.as_str(),
        entry.user.as_ref().or(user).map(|user| &user.0),
        entry.session.as_ref().or(session).map(|session| &session.0),
        subject,
        network,
        user_agent,
        detail,
        entry.fold(),
        i64::try_from(*count).unwrap_or(i64::MAX)
    ])?;
    Ok(())
}

/// From the columns place, kind, user, session, subject, network, agent, detail, at, last, count.
fn record(row: &Row<'_>) -> Result<AuditRecord> {
    let detail: Value = serde_json::from_str(row.get_ref(7)?.as_str()?)
        .map_err(|fault| Error::FromSqlConversionFailure(7, Type::Text, Box::new(fault)))?;
    let number = |column| {
        let value: i64 = row.get(column)?;
        u64::try_from(value).map_err(|_| Error::IntegralValueOutOfRange(column, value))
    };
    Ok(AuditRecord {
        place: number(0)?,
        kind: row.get(1)?,
        user: row.get::<_, Option<String>>(2)?.map(UserId),
        session: row.get::<_, Option<String>>(3)?.map(SessionId),
        subject: row.get(4)?,
        network: row.get(5)?,
        user_agent: row.get(6)?,
        detail: detail.as_object().cloned().unwrap_or_default(),
        at: Timestamp::from_millis(row.get(8)?),
        last: Timestamp::from_millis(row.get(9)?),
        count: number(10)?,
    })
}

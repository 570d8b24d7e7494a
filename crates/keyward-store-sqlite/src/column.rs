//! Values in columns that SQLite has no type for.

use rusqlite::{Error, Result, Row, types::Type};
use serde::{Serialize, de::DeserializeOwned};

/// A column that holds JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, at: usize) -> Result<T> {
    serde_json::from_str(row.get_ref(at)?.as_str()?)
        .map_err(|fault| Error::FromSqlConversionFailure(at, Type::Text, Box::new(fault)))
}

/// What a column is to hold.
pub(crate) fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|fault| Error::ToSqlConversionFailure(Box::new(fault)))
}

/// A column that counts.
pub(crate) fn number(row: &Row<'_>, at: usize) -> Result<u64> {
    let number: i64 = row.get(at)?;
    u64::try_from(number).map_err(|_| Error::IntegralValueOutOfRange(at, number))
}

/// What a column that counts is to hold.
pub(crate) fn signed(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|fault| Error::ToSqlConversionFailure(Box::new(fault)))
}

//! What of a fault may be said: the operation and SQLite's code, never a value.

use keyward_core::port::StoreError;
use rusqlite::ErrorCode;

/// The refusal of one operation.
pub(crate) fn store(operation: &str, fault: &rusqlite::Error) -> StoreError {
    StoreError(format!("{operation}: {}", describe(fault)))
}

/// A fault in words, without the values that were at hand when it happened.
pub(crate) fn describe(fault: &rusqlite::Error) -> String {
    match fault {
        // The code's own text; the message beside it may quote what was bound.
        rusqlite::Error::SqliteFailure(code, _) => code.to_string(),
        rusqlite::Error::FromSqlConversionFailure(column, kind, _) => {
            format!("column {column} ({kind}) holds what it should not")
        }
        rusqlite::Error::InvalidColumnType(column, name, kind) => {
            format!("column {column} ({name}) holds {kind}")
        }
        rusqlite::Error::IntegralValueOutOfRange(column, _) => {
            format!("column {column} holds a number out of range")
        }
        rusqlite::Error::QueryReturnedNoRows => "a row that must be there is not".to_owned(),
        _ => "the database could not be used".to_owned(),
    }
}

/// The kind of fault, where SQLite named one.
pub(crate) fn code(fault: &rusqlite::Error) -> Option<ErrorCode> {
    fault.sqlite_error_code()
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, types::Type};

    use super::*;

    #[test]
    fn an_error_names_the_operation_and_the_code_and_no_value() {
        let db = Connection::open_in_memory().expect("opened");
        db.execute_batch("CREATE TABLE t (a TEXT PRIMARY KEY, n INTEGER) STRICT").expect("made");
        db.execute("INSERT INTO t VALUES ('hunter2', 1)", []).expect("inserted");
        let insert = |sql: &str| db.execute(sql, []).expect_err("refused");
        let parse = serde_json::from_str::<u8>("\"hunter2\"").expect_err("no number");
        for fault in [
            insert("INSERT INTO t VALUES ('hunter2', 1)"),
            insert("INSERT INTO t VALUES ('x', 'hunter2')"),
            insert("INSERT INTO hunter2 VALUES (1)"),
            db.query_row("SELECT a FROM t", [], |row| row.get::<_, i64>(0)).expect_err("no number"),
            rusqlite::Error::FromSqlConversionFailure(3, Type::Text, Box::new(parse)),
            rusqlite::Error::InvalidParameterName("hunter2".to_owned()),
        ] {
            let said = store("admit", &fault).to_string();
            assert!(said.contains("admit: ") && !said.contains("hunter2"), "{said}");
        }
    }
}

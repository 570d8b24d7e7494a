//! Users, accounts and sessions in an embedded SQLite database.

-- Families of refresh tokens, and the keys that sign access tokens. Times are milliseconds since the Unix epoch.

-- One for each session that was opened for a program. It goes with its session.
CREATE TABLE refresh_family (
    session TEXT    NOT NULL PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
    client  TEXT,                           -- the application that it is bound to; NULL: one without a credential
    terms   TEXT    NOT NULL,               -- JSON, the core's
    current BLOB    NOT NULL                -- SHA-256 of the token that is good
) STRICT;

-- Tokens that were used within the grace: who comes with one gets the same successor.
CREATE TABLE refresh_used (
    session TEXT    NOT NULL REFERENCES refresh_family (session) ON DELETE CASCADE,
    hash    BLOB    NOT NULL,               -- SHA-256 of the token
    salt    BLOB    NOT NULL,               -- what its successor was made with
    next    BLOB    NOT NULL,               -- SHA-256 of its successor
    used    INTEGER NOT NULL,
    PRIMARY KEY (session, hash)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: the order in which keys were added.
CREATE TABLE signing_key (
    place           INTEGER PRIMARY KEY AUTOINCREMENT,
    kid             TEXT    NOT NULL UNIQUE,
    algorithm       TEXT    NOT NULL,
    public          TEXT    NOT NULL,       -- JSON Web Key
    sealed          BLOB    NOT NULL,       -- the private half
    signs_from      INTEGER NOT NULL,
    signs_until     INTEGER NOT NULL,
    published_until INTEGER NOT NULL
) STRICT;

-- The directory (user, password, account) and the ledger (session, ended_session).
-- Times are milliseconds since the Unix epoch. `organisation` is not used yet.

CREATE TABLE user (
    id           TEXT    NOT NULL PRIMARY KEY,
    email        TEXT    UNIQUE,            -- normalised; NULL for a person known through a back end alone
    name         TEXT,
    image        TEXT,
    organisation TEXT,
    created      INTEGER NOT NULL
) STRICT;

CREATE TABLE password (
    user TEXT NOT NULL PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
    hash TEXT NOT NULL                      -- PHC string
) STRICT;

CREATE TABLE account (
    source  TEXT    NOT NULL,
    id      TEXT    NOT NULL,               -- the person's id at the source
    user    TEXT    NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    profile TEXT    NOT NULL,               -- JSON: name, email, image, each only where the source said it
    created INTEGER NOT NULL,
    PRIMARY KEY (source, id)
) STRICT;
CREATE INDEX account_by_user ON account (user);

CREATE TABLE session (
    id           TEXT    NOT NULL PRIMARY KEY,
    token_hash   BLOB    UNIQUE,            -- SHA-256; NULL for a sealed session, which holds its own data
    user         TEXT    NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    claims       TEXT    NOT NULL,          -- JSON object, members in their order
    organisation TEXT,
    created      INTEGER NOT NULL,
    expires      INTEGER NOT NULL,
    user_agent   TEXT
) STRICT;
CREATE INDEX session_by_user ON session (user);
CREATE INDEX session_by_expiry ON session (expires);

-- Sessions ended before their time. AUTOINCREMENT: a change number never comes again, also after a sweep.
CREATE TABLE ended_session (
    change  INTEGER PRIMARY KEY AUTOINCREMENT,
    session TEXT    NOT NULL UNIQUE,
    until   INTEGER NOT NULL
) STRICT;
CREATE INDEX ended_session_by_until ON ended_session (until);

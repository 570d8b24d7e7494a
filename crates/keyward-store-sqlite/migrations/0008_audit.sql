-- The audit trail, and the memory of failed attempts. Times are milliseconds since the Unix epoch.

-- No reference to `user`: what happened to an account is known after its end, until the trail is trimmed.
CREATE TABLE audit (
    place   INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    user    TEXT,
    session TEXT,
    subject TEXT,                           -- keyed hash of a submitted name that is nobody's
    network TEXT,                           -- an IPv4, or the /64 of an IPv6
    agent   TEXT,
    detail  TEXT    NOT NULL,               -- JSON object of a few short texts
    fold    TEXT    UNIQUE,                 -- refusals alone: equal ones of an hour share a row
    last    INTEGER NOT NULL,
    count   INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_by_user ON audit (user, place) WHERE user IS NOT NULL;
CREATE INDEX audit_by_time ON audit (at);

-- Under keyed hashes: of an account and a client, of an account, of a network.
CREATE TABLE failure (
    key   TEXT    NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    until INTEGER NOT NULL                  -- from then on it is forgotten
) STRICT, WITHOUT ROWID;
CREATE INDEX failure_by_until ON failure (until);

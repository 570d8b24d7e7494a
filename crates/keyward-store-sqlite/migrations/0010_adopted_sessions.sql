-- Sessions that another implementation sealed. Times are milliseconds since the Unix epoch.

-- What the token of an adopted session calls its person.
CREATE TABLE adopted (
    name    TEXT NOT NULL,                  -- SHA-256, hexadecimal
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    PRIMARY KEY (name, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX adopted_by_session ON adopted (session);

-- Whose sessions were ended: tokens of others from before are over, too.
CREATE TABLE ended_name (
    name  TEXT    NOT NULL PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_name_by_until ON ended_name (until);

-- The person's id in a token may be that of an account, at whatever source.
CREATE INDEX account_by_id ON account (id);

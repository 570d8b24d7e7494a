-- Second factors and passkeys. Times are milliseconds since the Unix epoch.

CREATE TABLE authenticator_app (
    user    TEXT    NOT NULL PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
    secret  BLOB    NOT NULL,               -- sealed
    step    INTEGER NOT NULL,               -- period of the last code that was used
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery_code (
    user TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,                     -- hexadecimal; a code that was used is gone
    PRIMARY KEY (user, hash)
) STRICT, WITHOUT ROWID;

-- Codes that were tried since the last good one.
CREATE TABLE code_try (
    user  TEXT    NOT NULL PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
    tries INTEGER NOT NULL,
    last  INTEGER NOT NULL
) STRICT;

CREATE TABLE passkey (
    place      INTEGER PRIMARY KEY AUTOINCREMENT,   -- the order in which they were added
    id         TEXT    NOT NULL UNIQUE,     -- the credential's, base64url
    user       TEXT    NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    key        BLOB    NOT NULL,            -- COSE
    counter    INTEGER NOT NULL,
    transports TEXT    NOT NULL,            -- parted by commas
    backed_up  INTEGER NOT NULL,
    name       TEXT    NOT NULL,            -- what its person calls it
    created    INTEGER NOT NULL,
    used       INTEGER                      -- when it last was; NULL: never yet
) STRICT;
CREATE INDEX passkey_by_user ON passkey (user);

ALTER TABLE ticket ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;     -- codes that were tried with it

-- Accounts at other sites, proven addresses, tickets. Times are milliseconds since the Unix epoch.

ALTER TABLE user ADD COLUMN email_verified INTEGER;     -- when the address was first proven; NULL: never yet

ALTER TABLE account ADD COLUMN kind   TEXT NOT NULL DEFAULT 'credentials';  -- oauth, oidc, credentials
ALTER TABLE account ADD COLUMN tokens BLOB;                                 -- the provider's, sealed

ALTER TABLE session ADD COLUMN via_source TEXT;         -- the account by which the person came
ALTER TABLE session ADD COLUMN via_id     TEXT;

-- What is handed out once and admits once. Found by the whole key, never by a part of it.
CREATE TABLE ticket (
    purpose TEXT    NOT NULL,
    subject TEXT    NOT NULL,               -- a normalised address, say
    hash    TEXT    NOT NULL,               -- of the secret, hexadecimal
    data    TEXT    NOT NULL,               -- JSON, its issuer's
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (purpose, subject, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_by_expiry ON ticket (expires);

-- An adopted session is nobody's: a user without an id stood for whoever tokens of others speak of.

CREATE TABLE session_new (
    id           TEXT    NOT NULL PRIMARY KEY,
    token_hash   BLOB    UNIQUE,            -- SHA-256; NULL for a sealed session, which holds its own data
    user         TEXT    REFERENCES user (id) ON DELETE CASCADE,    -- NULL: it was adopted
    claims       TEXT    NOT NULL,          -- JSON object, members in their order
    organisation TEXT,
    created      INTEGER NOT NULL,
    expires      INTEGER NOT NULL,
    user_agent   TEXT,
    via_source   TEXT,                      -- the account by which the person came
    via_id       TEXT,
    version      INTEGER NOT NULL DEFAULT 0,    -- grows with each change of what it says
    overlay      TEXT,                      -- sealed: what was changed since, JSON {claim: [version, value]}
    seen         INTEGER,                   -- last renewed; NULL: never yet
    address      TEXT,                      -- the network that it was opened from
    vault        TEXT                       -- id of the entry; NULL: there is none
) STRICT;
INSERT INTO session_new
    SELECT id, token_hash, nullif(user, ''), claims, organisation, created, expires, user_agent, via_source, via_id,
           version, overlay, seen, address, vault
    FROM session;
DROP TABLE session;
ALTER TABLE session_new RENAME TO session;
CREATE INDEX session_by_user ON session (user);
CREATE INDEX session_by_expiry ON session (expires);
DELETE FROM user WHERE id = '';

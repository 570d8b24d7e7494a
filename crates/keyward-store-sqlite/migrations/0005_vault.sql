-- Tokens that another system handed out for a session, and who is refreshing them.
-- Times are milliseconds since the Unix epoch.

CREATE TABLE vault (
    id            TEXT    NOT NULL PRIMARY KEY,
    session       TEXT    NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    provider      TEXT    NOT NULL,
    sealed        BLOB    NOT NULL,             -- the tokens
    due           INTEGER,                      -- from when on a read refreshes them; NULL: never
    expires       INTEGER,                      -- of the access token; NULL: nobody said
    state         TEXT    NOT NULL DEFAULT 'good' CHECK (state IN ('good', 'refused', 'lost')),
    generation    INTEGER NOT NULL DEFAULT 0,   -- how often they were refreshed
    version       INTEGER NOT NULL DEFAULT 0,   -- grows with each transition: what each compares and sets
    -- The attempt that is under way, or whose owner died over it. attempt_until is NULL: there is none.
    attempt_until INTEGER,
    attempt_sent  INTEGER,                      -- NULL: provably not sent
    attempt_key   TEXT,
    attempt_again INTEGER NOT NULL DEFAULT 0,
    failures      INTEGER NOT NULL DEFAULT 0,
    retry_at      INTEGER
) STRICT;
CREATE INDEX vault_by_session ON vault (session);

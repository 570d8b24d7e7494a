-- Sessions that can be listed, changed and ended from outside. Times are milliseconds since the Unix epoch.

ALTER TABLE user ADD COLUMN disabled INTEGER;           -- since when an operator keeps them out
ALTER TABLE user ADD COLUMN claims   TEXT NOT NULL DEFAULT '{}';    -- JSON object: what every session of theirs says

ALTER TABLE session ADD COLUMN version INTEGER NOT NULL DEFAULT 0;  -- grows with each change of what it says
ALTER TABLE session ADD COLUMN overlay TEXT;            -- sealed: what was changed since, JSON {claim: [version, value]}
ALTER TABLE session ADD COLUMN seen    INTEGER;         -- last renewed; NULL: never yet
ALTER TABLE session ADD COLUMN address TEXT;            -- the network that it was opened from

-- The endings become the feed of all changes, with the same numbers.
ALTER TABLE ended_session RENAME TO session_change;
ALTER TABLE session_change ADD COLUMN version INTEGER;  -- NULL: it was ended
DROP INDEX ended_session_by_until;
CREATE INDEX session_change_by_until ON session_change (until);

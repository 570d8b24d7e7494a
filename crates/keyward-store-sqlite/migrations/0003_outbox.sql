-- Events that wait to be delivered. Times are milliseconds since the Unix epoch.

-- AUTOINCREMENT: a place in the order is never given again.
CREATE TABLE outbox (
    place    INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT    NOT NULL,              -- its receiver knows it by that when it comes again
    body     TEXT    NOT NULL,              -- JSON, as it is sent
    due      INTEGER,                       -- when it is to be tried; while it is leased, when the lease ends
    attempts INTEGER NOT NULL DEFAULT 0,
    until    INTEGER                        -- given up (and never due again), and kept until then
) STRICT;
CREATE INDEX outbox_by_due ON outbox (due);
CREATE INDEX outbox_by_until ON outbox (until) WHERE until IS NOT NULL;

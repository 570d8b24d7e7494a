-- Mail that waits to be sent. Times are milliseconds since the Unix epoch.

-- AUTOINCREMENT: a place in the order is never given again.
CREATE TABLE mail (
    place    INTEGER PRIMARY KEY AUTOINCREMENT,
    sealed   TEXT    NOT NULL,              -- address and text: links in it open things
    due      INTEGER NOT NULL,              -- when it is to be tried; while it is leased, when the lease ends
    attempts INTEGER NOT NULL DEFAULT 0,
    expires  INTEGER NOT NULL               -- from then on it is worth nothing
) STRICT;
CREATE INDEX mail_by_due ON mail (due);
CREATE INDEX mail_by_expiry ON mail (expires);

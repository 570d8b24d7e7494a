-- Refresh tokens that were used, in the order in which they were: what comes together lies together, and what is old lies in
-- front, however many families there are. Each knows the one before it of its family; the family knows the last.

ALTER TABLE refresh_family ADD COLUMN used INTEGER;     -- place of the token that was used last; NULL: none yet

ALTER TABLE refresh_used RENAME TO refresh_used_before;
CREATE TABLE refresh_used (
    place  INTEGER PRIMARY KEY,
    before INTEGER,                         -- place of the family's token that was used before it; it may be gone
    hash   BLOB    NOT NULL,                -- SHA-256 of the token
    salt   BLOB    NOT NULL,                -- what its successor was made with
    next   BLOB    NOT NULL,                -- SHA-256 of its successor
    used   INTEGER NOT NULL
) STRICT;

CREATE TEMP TABLE placed AS
    SELECT row_number() OVER (ORDER BY used) AS place, * FROM refresh_used_before;
INSERT INTO refresh_used (place, before, hash, salt, next, used)
    SELECT place, lag(place) OVER (PARTITION BY session ORDER BY place), hash, salt, next, used FROM placed;
UPDATE refresh_family SET used = (SELECT max(place) FROM placed WHERE placed.session = refresh_family.session);
DROP TABLE placed;
DROP TABLE refresh_used_before;

-- Who came along from another system and was deleted here, so that the next import of the same file leaves them out.

-- 0: they were made here, and no file of another system has their id. Of who is there already nobody knows.
ALTER TABLE user ADD COLUMN imported INTEGER NOT NULL DEFAULT 1;

CREATE TABLE deleted_import (
    name TEXT NOT NULL PRIMARY KEY          -- SHA-256 of the user's id, hexadecimal
) STRICT, WITHOUT ROWID;

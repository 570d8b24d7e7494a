-- Networks from which people of back ends signed in, apart from failures: these are dropped when they become too many.

CREATE TABLE known_network (
    key   TEXT    NOT NULL PRIMARY KEY,     -- keyed hash of an account elsewhere and a network
    last  INTEGER NOT NULL,
    until INTEGER NOT NULL                  -- from then on it is forgotten
) STRICT, WITHOUT ROWID;
CREATE INDEX known_network_by_until ON known_network (until);

-- They lay among the failures, where only their key tells them apart. What is none is never asked for, and forgotten.
INSERT INTO known_network SELECT key, last, until FROM failure;

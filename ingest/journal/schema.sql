-- Version 1 of the journal. Instants are milliseconds since 1970-01-01T00:00:00Z.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE device (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    area TEXT,
    online INTEGER,
    status_at INTEGER,
    UNIQUE (kind, name)
);

-- `seq` is the order of commitment: what the cursors of the sinks count in.
CREATE TABLE reading (
    seq INTEGER PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES device (id),
    measured_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    "values" TEXT NOT NULL
);
CREATE UNIQUE INDEX reading_identity ON reading (device, measured_at);

CREATE TABLE reply (
    device INTEGER NOT NULL REFERENCES device (id),
    command TEXT NOT NULL,
    result TEXT NOT NULL,
    reason TEXT,
    at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (device, command, result)
) WITHOUT ROWID;

-- One row for each distinct message refused at a stage; a repeat only counts up `times`.
-- `payload` is NULL where it may not be kept.
CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stage TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB,
    size INTEGER NOT NULL,
    digest BLOB NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    times INTEGER NOT NULL DEFAULT 1,
    UNIQUE (stage, topic, reason, digest)
);

CREATE TABLE cursor (
    sink TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) WITHOUT ROWID;

-- Version 2 of the journal. Instants are milliseconds since 1970-01-01T00:00:00Z.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- `seen` is 1 from the first message on; a device may be in the registry long before.
CREATE TABLE device (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    area TEXT,
    online INTEGER,
    status_at INTEGER,
    seen INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, name)
);
CREATE INDEX device_seen ON device (seen) WHERE seen = 1;

-- `seq` is the order of commitment, without gaps: what the cursors of the sinks count in.
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
CREATE INDEX reply_age ON reply (received_at);

-- One row for each distinct message refused at a stage; a repeat only counts up `times`.
-- `payload` is NULL where it may not be kept. `weight` is the room a letter takes, in bytes.
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
    weight INTEGER AS (512 + ifnull(length(payload), 0)) VIRTUAL,
    UNIQUE (stage, topic, reason, digest)
);
CREATE INDEX dead_letter_age ON dead_letter (last_at);

-- The weight of all dead letters, kept by triggers: adding it up would read every one of them.
CREATE TABLE dead_letter_total (
    weight INTEGER NOT NULL
);
INSERT INTO dead_letter_total VALUES (0);
CREATE TRIGGER dead_letter_added AFTER INSERT ON dead_letter BEGIN
    UPDATE dead_letter_total SET weight = weight + new.weight;
END;
CREATE TRIGGER dead_letter_removed AFTER DELETE ON dead_letter BEGIN
    UPDATE dead_letter_total SET weight = weight - old.weight;
END;

CREATE TABLE cursor (
    sink TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) WITHOUT ROWID;

-- What the rules keep of each subject, saved with the readings that changed it. All deadlines are
-- read once, at the start of the service: an index on them would cost at every reading.
CREATE TABLE subject_state (
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    state BLOB NOT NULL,
    deadline INTEGER,
    PRIMARY KEY (scope, id)
) WITHOUT ROWID;

-- Each alert as it is now; `state` is firing, stale or resolved. `start_at` and `last_at` are times
-- of the device, `told_at` is ours. `areas` is where it was raised, from the city down, joined by /.
-- `clear_at`: since then, in time of the device, only its latch keeps it up.
CREATE TABLE alert (
    id TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    start_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    severity INTEGER NOT NULL,
    worst INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    told_at INTEGER NOT NULL,
    suppressed INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    text_zh TEXT NOT NULL,
    text_en TEXT NOT NULL,
    areas TEXT NOT NULL,
    clear_at INTEGER
) WITHOUT ROWID;
CREATE INDEX alert_live ON alert (rule, severity, state, suppressed, areas)
WHERE state <> 'resolved';
CREATE INDEX alert_open ON alert (id) WHERE state <> 'resolved';
CREATE INDEX alert_age ON alert (told_at);
CREATE INDEX alert_of ON alert (subject, rule);

-- Every transition of every alert. `seq` only grows: cursors count in it.
CREATE TABLE alert_change (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    identity TEXT NOT NULL UNIQUE,
    alert TEXT NOT NULL REFERENCES alert (id),
    transition TEXT NOT NULL,
    severity INTEGER NOT NULL,
    at INTEGER NOT NULL,
    told_at INTEGER NOT NULL,
    suppressed INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    text_zh TEXT NOT NULL,
    text_en TEXT NOT NULL
);
CREATE INDEX alert_change_of ON alert_change (alert, seq);

-- Readings stored by another process than the one that judges, until that has judged them.
CREATE TABLE unjudged (
    reading INTEGER PRIMARY KEY
);

-- How far each outlet has come in the transitions of alerts.
CREATE TABLE outlet_cursor (
    outlet TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) WITHOUT ROWID;

-- Latches that a person wants reset. The one process that judges answers: reset, or refused.
CREATE TABLE alert_reset (
    alert TEXT PRIMARY KEY,
    asked_at INTEGER NOT NULL,
    answer TEXT
) WITHOUT ROWID;

-- Commands to devices, in the order in which they were given. `state`: queued until the broker has
-- it, then sent, then what the device answered: done, refused, failed, expired. Or superseded by a
-- later one, withdrawn or expired before it left; without an answer in its time proven if its
-- effect was seen, or unanswered. `proven_at` is when the effect was seen; `scope` and `subject` are
-- whose state ordered it.
CREATE TABLE command (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    identity TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    device TEXT NOT NULL,
    command TEXT NOT NULL,
    arguments TEXT NOT NULL,
    purpose TEXT NOT NULL,
    target TEXT NOT NULL,
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    attempts INTEGER NOT NULL DEFAULT 0,
    sent_at INTEGER,
    answered_at INTEGER,
    reason TEXT,
    proven_at INTEGER
);
CREATE INDEX command_under_way ON command (kind, device, target) WHERE state IN ('queued', 'sent');
CREATE INDEX command_age ON command (issued_at);

-- What a person wants of a device instead of its sequence, until an end. The one process that
-- judges answers: taken_over, or refused. `asked_by` is a reference that another system can resolve.
CREATE TABLE override_request (
    subject TEXT PRIMARY KEY,
    sequence TEXT NOT NULL,
    mode TEXT NOT NULL,
    until INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    answer TEXT,
    asked_by TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

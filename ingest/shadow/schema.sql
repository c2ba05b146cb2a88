-- The shadow. Instants are milliseconds since 1970-01-01T00:00:00Z. One trial at a time, in the one
-- row of its table; what it found stays until the next one is asked for.
-- `limits` holds the rows of the tried limits as JSON. Asked for, the service starts it.
CREATE TABLE shadow_trial (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    file TEXT NOT NULL,
    limits TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    lasts_ms INTEGER NOT NULL,
    started_at INTEGER,
    stop_asked INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER,
    why TEXT,
    readings INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0
);

-- As subject_state. A subject without a row is as the rules in force have left it.
CREATE TABLE shadow_state (
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    state BLOB NOT NULL,
    deadline INTEGER,
    PRIMARY KEY (scope, id)
) WITHOUT ROWID;

-- What the tried limits would have told of; `end_at` is NULL while it lasts.
CREATE TABLE shadow_alert (
    id TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    start_at INTEGER NOT NULL,
    end_at INTEGER,
    severity INTEGER NOT NULL,
    text_zh TEXT NOT NULL,
    text_en TEXT NOT NULL
) WITHOUT ROWID;

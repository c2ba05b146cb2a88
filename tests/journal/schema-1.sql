-- Version 1 of the journal. Instants are milliseconds since 1970-01-01T00:00:00Z.

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
-- of the device, `told_at` is ours.
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
    text_en TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX alert_live ON alert (rule, severity, state, suppressed) WHERE state <> 'resolved';
CREATE INDEX alert_age ON alert (told_at);

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

-- Latches that a person wants reset. The one process that judges answers: reset, or refused.
CREATE TABLE alert_reset (
    alert TEXT PRIMARY KEY,
    asked_at INTEGER NOT NULL,
    answer TEXT
) WITHOUT ROWID;
-- The registry. Instants are milliseconds since 1970-01-01T00:00:00Z. Columns as in its CSV files;
-- the importer keeps keys apart and references whole, `registered_devices` is written as a table.

CREATE TABLE registered_areas (
    code TEXT PRIMARY KEY,
    name TEXT,
    level TEXT NOT NULL,
    parent TEXT,
    valid_from INTEGER,
    valid_to INTEGER,
    predecessors TEXT
) WITHOUT ROWID;

CREATE TABLE registered_premises (
    premises TEXT PRIMARY KEY,
    area TEXT NOT NULL,
    rooms INTEGER,
    floor_area_m2 REAL
) WITHOUT ROWID;

CREATE TABLE device_facts (
    device INTEGER PRIMARY KEY REFERENCES device (id),
    model TEXT,
    size TEXT,
    premises TEXT,
    installed INTEGER,
    removed INTEGER
);
CREATE INDEX device_facts_premises ON device_facts (premises);
CREATE INDEX device_unregistered ON device (id) WHERE seen = 1 AND area IS NULL;

CREATE VIEW registered_devices AS
SELECT kind, name AS device, area, model, size, premises, installed, removed
FROM device LEFT JOIN device_facts ON device_facts.device = device.id
WHERE area IS NOT NULL;

CREATE TRIGGER device_registered INSTEAD OF INSERT ON registered_devices BEGIN
    INSERT INTO device (kind, name, area) VALUES (new.kind, new.device, new.area)
    ON CONFLICT (kind, name) DO UPDATE SET area = excluded.area;
    INSERT INTO device_facts
    SELECT id, new.model, new.size, new.premises, new.installed, new.removed
    FROM device WHERE kind = new.kind AND name = new.device;
END;
CREATE TRIGGER device_struck_off INSTEAD OF DELETE ON registered_devices BEGIN
    DELETE FROM device_facts
    WHERE device = (SELECT id FROM device WHERE kind = old.kind AND name = old.device);
    UPDATE device SET area = NULL WHERE kind = old.kind AND name = old.device;
END;

CREATE TABLE registered_placements (
    kind TEXT NOT NULL,
    device TEXT NOT NULL,
    until INTEGER NOT NULL,
    area TEXT NOT NULL,
    premises TEXT,
    PRIMARY KEY (kind, device, until)
) WITHOUT ROWID;

CREATE TABLE registered_care (
    premises TEXT NOT NULL,
    person TEXT NOT NULL,
    care TEXT NOT NULL,
    PRIMARY KEY (premises, person)
) WITHOUT ROWID;

CREATE TABLE registered_leases (
    premises TEXT NOT NULL,
    person TEXT NOT NULL,
    since INTEGER,
    until INTEGER NOT NULL
);
CREATE INDEX registered_lease_key ON registered_leases (premises, person, since);

CREATE TABLE registered_authorisations (
    premises TEXT NOT NULL,
    person TEXT NOT NULL,
    door TEXT NOT NULL,
    since INTEGER,
    until INTEGER
);
CREATE INDEX registered_authorisation_key
ON registered_authorisations (premises, person, door, since);

CREATE TABLE registered_quiet (
    reason TEXT NOT NULL,
    premises TEXT,
    kind TEXT,
    device TEXT,
    until INTEGER NOT NULL
);
CREATE INDEX registered_quiet_key ON registered_quiet (reason, premises, kind, device);

CREATE TABLE registered_contacts (
    place TEXT NOT NULL,
    rank INTEGER NOT NULL,
    contact TEXT NOT NULL,
    PRIMARY KEY (place, rank)
) WITHOUT ROWID;

CREATE TABLE registered_limits (
    place TEXT NOT NULL,
    rule TEXT NOT NULL,
    parameter TEXT NOT NULL,
    value REAL NOT NULL,
    strictest REAL,
    PRIMARY KEY (place, rule, parameter)
) WITHOUT ROWID;

-- Rows of each table, and the header, as the release of version 1 wrote them.
PRAGMA application_id = 1196902988;
PRAGMA user_version = 1;
INSERT INTO meta VALUES ('digest_key', '00112233445566778899aabbccddeeff'), ('mqtt.topics', 'gw/v1/+/+/up');
INSERT INTO device VALUES (1, 'water_meter', 'wm-1', '310104001', 1, 1760000000000, 1), (2, 'door', 'd-1', NULL, NULL, NULL, 1), (3, 'water_meter', 'wm-2', '310104001', NULL, NULL, 0);
INSERT INTO reading VALUES (5, 1, 1760000000000, 1760000000500, '{"cumulative_m3":1.5}'), (6, 1, 1760000060000, 1760000060500, '{"cumulative_m3":1.6}'), (7, 2, 1760000060000, 1760000060500, '{"door_open":false}');
INSERT INTO reply VALUES (2, 'c-1', 'done', NULL, 1760000000000, 1760000000100);
INSERT INTO dead_letter (id, stage, reason, detail, topic, payload, size, digest, first_at, last_at, times) VALUES (9, 'decode', 'not_json', 'line 1', 'gw/v1/door/d-1/up', x'7b', 1, x'00', 1760000000000, 1760000000000, 2), (11, 'decode', 'not_json', 'line 1', 'gw/v1/door/d-2/up', NULL, 70, x'01', 1760000000000, 1760000000000, 1);
DELETE FROM dead_letter WHERE id = 11;
INSERT INTO cursor VALUES ('influx', 6);
INSERT INTO subject_state VALUES ('device', 'water_meter/wm-1', x'0102', 1760000600000), ('premises', 'p-1', x'03', NULL);
INSERT INTO alert VALUES ('leak:1', 'burst', 'device', 'water_meter/wm-1', 1760000000000, 'firing', 2, 2, 1760000060000, 1760000060500, 0, '{"flow_m3h":0.02}', '漏水', 'a leak'), ('leak:0', 'burst', 'device', 'water_meter/wm-1', 1750000000000, 'resolved', 1, 2, 1750000060000, 1750000060500, 1, '{}', '漏水', 'a leak');
INSERT INTO alert_change VALUES (3, 'leak:0/1', 'leak:0', 'raised', 2, 1750000000000, 1750000000500, 0, '{}', '漏水', 'a leak'), (4, 'leak:0/2', 'leak:0', 'resolved', 1, 1750000060000, 1750000060500, 1, '{}', '漏水', 'a leak'), (8, 'leak:1/1', 'leak:1', 'raised', 2, 1760000000000, 1760000000500, 0, '{}', '漏水', 'a leak'), (9, 'leak:1/2', 'leak:1', 'raised', 2, 1760000000000, 1760000000500, 0, '{}', '漏水', 'a leak');
DELETE FROM alert_change WHERE seq = 9;
INSERT INTO alert_reset VALUES ('leak:1', 1760000070000, NULL);
INSERT INTO registered_areas VALUES ('310104', 'Xuhui', 'district', '31', NULL, NULL, NULL), ('310104001', 'Street', 'street', '310104', 1700000000000, NULL, '310104009');
INSERT INTO registered_premises VALUES ('p-1', '310104001', 3, 75.5);
INSERT INTO device_facts VALUES (1, 'M1', 'DN20', 'p-1', 1700000000000, NULL);
INSERT INTO registered_placements VALUES ('water_meter', 'wm-1', 1710000000000, '310104', NULL);
INSERT INTO registered_care VALUES ('p-1', 'ps-1', 'elderly_alone');
INSERT INTO registered_leases VALUES ('p-1', 'ps-1', NULL, 1790000000000);
INSERT INTO registered_authorisations VALUES ('p-1', 'ps-1', 'd-1', NULL, NULL);
INSERT INTO registered_quiet VALUES ('absent', 'p-1', NULL, NULL, 1790000000000);
INSERT INTO registered_contacts VALUES ('p-1', 1, 'contact-1');
INSERT INTO registered_limits VALUES ('310104', 'household_silent', 'elderly_alone_h', 20, NULL), ('310104001', 'household_silent', 'ill_h', 10, NULL), ('310104001', 'household_silent', 'child_h', 11, NULL);

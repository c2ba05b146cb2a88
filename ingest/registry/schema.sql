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
    removed INTEGER,
    bulk_of TEXT
);
CREATE INDEX device_facts_premises ON device_facts (premises);
CREATE INDEX device_unregistered ON device (id) WHERE seen = 1 AND area IS NULL;

CREATE VIEW registered_devices AS
SELECT kind, name AS device, area, model, size, premises, installed, removed, bulk_of
FROM device LEFT JOIN device_facts ON device_facts.device = device.id
WHERE area IS NOT NULL;

CREATE TRIGGER device_registered INSTEAD OF INSERT ON registered_devices BEGIN
    INSERT INTO device (kind, name, area) VALUES (new.kind, new.device, new.area)
    ON CONFLICT (kind, name) DO UPDATE SET area = excluded.area;
    INSERT INTO device_facts
    SELECT id, new.model, new.size, new.premises, new.installed, new.removed, new.bulk_of
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
    since INTEGER,
    until INTEGER NOT NULL
);
CREATE INDEX registered_quiet_key ON registered_quiet (reason, premises, kind, device, since);

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

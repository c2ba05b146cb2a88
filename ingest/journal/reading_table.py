"""The readings: stored once for each device and instant, whatever arrives twice."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from operator import itemgetter

from pydantic_core import from_json, to_json

from devices.reading import Reading
from devices.repeat import is_repeat
from ingest.journal.batch import Committed, DeadLetter
from ingest.journal.device_table import DeviceTable

_INSERT = (
    'INSERT INTO reading (seq, device, measured_at, received_at, "values")'
    " VALUES (?, ?, ?, ?, ?) ON CONFLICT (device, measured_at) DO NOTHING"
)
_kind_of = itemgetter(1)
_Row = tuple[int, int, int, int, str]


def insert(
    database: sqlite3.Connection, devices: DeviceTable, readings: Sequence[Reading]
) -> Committed:
    """Store the readings that are new, and say what became of each; part of a transaction."""
    first = _next_seq(database)
    rows, late = _rows(devices, readings, first)
    inserted = database.executemany(_INSERT, rows).rowcount if rows else 0
    if inserted == len(rows):
        late_kinds = Counter(readings[seq - first].kind for seq in late)
        return Committed(Counter(map(_kind_of, readings)), late_kinds, Counter(), [])
    return _partly_stored(database, readings, rows, late)


def _next_seq(database: sqlite3.Connection) -> int:
    """A number above every one that was ever forwarded, even when all readings were pruned."""
    query = "SELECT (SELECT max(seq) FROM reading), (SELECT max(seq) FROM cursor)"
    return 1 + max(seq or 0 for seq in database.execute(query).fetchone())


def _rows(
    devices: DeviceTable, readings: Sequence[Reading], first: int
) -> tuple[list[_Row], set[int]]:
    rows: list[_Row] = []
    late: set[int] = set()
    slot_of = devices.slot
    for seq, (device, kind, measured_at, received_at, values) in enumerate(readings, first):
        slot = slot_of(kind, device)
        if measured_at > slot.newest_at:
            slot.newest_at = measured_at
        elif measured_at < slot.newest_at:
            late.add(seq)
        rows.append((seq, slot.id, measured_at, received_at, to_json(values).decode()))
    return rows, late


def _partly_stored(
    database: sqlite3.Connection, readings: Sequence[Reading], rows: list[_Row], late: set[int]
) -> Committed:
    first = rows[0][0]
    kept = {seq for (seq,) in database.execute("SELECT seq FROM reading WHERE seq >= ?", (first,))}
    stored = Counter(readings[seq - first].kind for seq in kept)
    late_kinds = Counter(readings[seq - first].kind for seq in late & kept)
    duplicates: Counter[str] = Counter()
    conflicts: list[DeadLetter] = []
    for row in rows:
        if row[0] in kept:
            continue
        reading = readings[row[0] - first]
        if _contradicts(database, reading, row):
            conflicts.append(dead_letter_of(reading, "store", "conflict", _CONFLICT))
        else:
            duplicates[reading.kind] += 1
    return Committed(stored, late_kinds, duplicates, conflicts)


_CONFLICT = "another reading of this device and instant is stored"


def _contradicts(database: sqlite3.Connection, reading: Reading, row: _Row) -> bool:
    (stored,) = database.execute(
        'SELECT "values" FROM reading WHERE device = ? AND measured_at = ?', row[1:3]
    ).fetchone()
    return stored != row[4] and not is_repeat(reading.kind, from_json(stored), from_json(row[4]))


def dead_letter_of(reading: Reading, stage: str, reason: str, detail: str) -> DeadLetter:
    """Return the dead letter of a reading that was decoded and then refused further on."""
    payload = to_json(reading._asdict())
    topic = f"gw/v1/{reading.kind}/{reading.device}/up"
    return DeadLetter(stage, reason, detail, topic, payload, reading.received_at)

"""Readings that were stored beside the service, and are yet to be judged by it.

Context: another process may store readings, as a dead letter tried again does, but one engine alone
judges.
Decision: they are noted in the transaction that stores them; the service judges them in its next
pass and strikes them off in the transaction of what follows.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from devices.reading import Reading
from ingest.journal.consequences import Consequences, Fresh
from ingest.journal.outgoing import delivery_of

_NOTE = """
INSERT OR IGNORE INTO unjudged
SELECT seq FROM reading WHERE measured_at = ?
AND device = (SELECT id FROM device WHERE kind = ? AND name = ?)
"""
_WAITING = """
SELECT r.seq, d.name, d.kind, r.measured_at, r.received_at, r."values", d.area
FROM unjudged JOIN reading AS r ON r.seq = unjudged.reading JOIN device AS d ON d.id = r.device
ORDER BY r.measured_at, r.seq LIMIT ?
"""


def to_be_judged(fresh: Fresh) -> Consequences:
    """Leave the judging of readings to the service."""
    return Consequences(unjudged=fresh.readings)


def note(database: sqlite3.Connection, readings: Iterable[Reading]) -> None:
    """Note readings of this transaction as not judged."""
    rows = ((reading.measured_at, reading.kind, reading.device) for reading in readings)
    database.executemany(_NOTE, rows)


def strike_off(database: sqlite3.Connection, judged: Iterable[int]) -> None:
    """Strike readings off that were judged, by their number."""
    database.executemany("DELETE FROM unjudged WHERE reading = ?", ((seq,) for seq in judged))


def waiting(reader: sqlite3.Connection, most: int) -> Sequence[tuple[int, Reading]]:
    """Return readings that wait to be judged with their numbers, each device's in order."""
    found = map(delivery_of, reader.execute(_WAITING, (most,)))
    return [(delivery.seq, delivery.reading) for delivery in found]

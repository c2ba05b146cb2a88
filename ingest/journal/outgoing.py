"""Readings on their way out, in the order of commitment."""

import sqlite3
from typing import Any

from orjson import loads

from devices.instant import Instant
from devices.reading import Reading
from ingest.sink import Delivery
from rules.lull import MOST_WAITING
from rules.subject import Subject

_new = tuple.__new__
"""Makes a named tuple at a third of the cost, for what is made at each reading."""

_DELIVERIES = """
SELECT r.seq, d.name, d.kind, r.measured_at, r.received_at, r."values", d.area
FROM reading AS r JOIN device AS d ON d.id = r.device
WHERE r.seq > ? ORDER BY r.seq LIMIT ?
"""


_JUDGED_AFTER = """
SELECT r.seq, d.name, d.kind, r.measured_at, r.received_at, r."values", d.area
FROM device AS d JOIN reading AS r ON r.device = d.id
WHERE d.kind = ? AND d.name = ? AND r.measured_at > ? AND r.seq <= ?
AND r.seq NOT IN (SELECT reading FROM unjudged) ORDER BY r.measured_at LIMIT ?
"""


def judged_after(
    database: sqlite3.Connection, subject: Subject, at: Instant, last: int
) -> list[Reading]:
    """Return the first readings of a device measured after `at`, of those up to number `last`.

    As many as may wait to be judged; not those that are given to the rules later, by `unjudged`.
    """
    kind, _, device = subject.id.partition("/")
    rows = database.execute(_JUDGED_AFTER, (kind, device, at, last, MOST_WAITING))
    return [delivery_of(row).reading for row in rows]


def deliveries_after(reader: sqlite3.Connection, seq: int, most: int) -> list[Delivery]:
    """Return the next readings after `seq`, at most `most` of them."""
    return list(map(delivery_of, reader.execute(_DELIVERIES, (seq, most))))


def delivery_of(row: tuple[Any, ...]) -> Delivery:
    """Return a row of number, device, kind, both instants, values and area as what it is."""
    seq, name, kind, measured_at, received_at, values, area = row
    reading = _new(Reading, (name, kind, measured_at, received_at, loads(values)))
    return _new(Delivery, (seq, reading, area))


def newest(reader: sqlite3.Connection, most: int) -> list[Reading]:
    """Return the readings committed last, the latest first."""
    last = reader.execute("SELECT max(seq) FROM reading").fetchone()[0] or 0
    return [each.reading for each in reversed(deliveries_after(reader, last - most, most))]

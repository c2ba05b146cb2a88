"""The readings: stored once for each device and instant, whatever arrives twice."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from orjson import dumps
from pydantic_core import from_json, to_json

from devices.instant import Instant
from devices.reading import Reading
from devices.repeat import is_repeat
from ingest.journal.batch import Committed, DeadLetter
from ingest.journal.consequences import Fresh
from ingest.journal.device_table import NEVER, DeviceTable
from ingest.journal.refused_reading import dead_letter_of

_AT_ONCE = 50
"""Rows of a statement: one each would take 0.45 us more a row."""


def _insert_of(rows: int) -> str:
    """Return the statement; SQLite numbers a row after the highest, and only one that it keeps."""
    marks = ", ".join(["(?, ?, ?, ?)"] * rows)
    return (
        'INSERT INTO reading (device, measured_at, received_at, "values")'  # noqa: S608 marks alone
        f" VALUES {marks} ON CONFLICT (device, measured_at) DO NOTHING"
    )


_INSERT, _INSERT_SOME = _insert_of(1), _insert_of(_AT_ONCE)
_INSERT_FIRST = (
    'INSERT INTO reading (device, measured_at, received_at, "values", seq)'
    " SELECT ?, ?, ?, ?, 1 + ifnull(max(seq), 0) FROM cursor"
)
"""Where there is none, numbers go on above all that were ever forwarded."""
_CONFLICT = "another reading of this device and instant is stored"
_kind_of = itemgetter(1)
_NEWEST = "SELECT measured_at FROM reading WHERE device = ? AND seq <= ? ORDER BY measured_at DESC"
_Row = tuple[int, int, int, str]


class _Parted(NamedTuple):
    """The places of the rows that were stored, of those that were not, and of late ones."""

    kept: Sequence[int]
    refused: Sequence[int]
    late: set[int]


class _New(NamedTuple):
    """The places of the rows that were stored after `last`, and of late ones."""

    kept: Sequence[int]
    late: set[int]
    last: int


class Inserted(NamedTuple):
    """What became of readings, what is new for the rules, and what was stored, in its order."""

    committed: Committed
    fresh: Fresh
    stored: Sequence[Reading]


def insert(
    database: sqlite3.Connection, devices: DeviceTable, readings: Sequence[Reading]
) -> Inserted:
    """Store the readings that are new, and say what became of each; part of a transaction."""
    if not readings:
        return Inserted(Committed(Counter(), Counter(), Counter(), []), Fresh(()), ())
    rows, late = _rows(devices, readings)
    (last,) = database.execute("SELECT max(seq) FROM reading").fetchone()
    if _stored(database, rows, empty=last is None) == len(rows):
        late_kinds = Counter(readings[index].kind for index in late)
        committed = Committed(Counter(map(_kind_of, readings)), late_kinds, Counter(), [])
        fresh = _fresh(database, readings, rows, _New(range(len(rows)), late, last or 0))
        return Inserted(committed, fresh, readings)
    kept, refused = _parted(database, rows, last or 0)
    doubted = [index for index in refused if _contradicts(database, readings[index], rows[index])]
    committed = _partly_stored(readings, _Parted(kept, refused, late), doubted)
    fresh = _fresh(database, readings, rows, _New(kept, late, last or 0))
    fresh = fresh._replace(doubted=[readings[index] for index in doubted])
    return Inserted(committed, fresh, [readings[index] for index in kept])


def _stored(database: sqlite3.Connection, rows: list[_Row], *, empty: bool) -> int:
    """Store the rows that are new and return how many."""
    if empty:
        database.execute(_INSERT_FIRST, rows[0])
        return 1 + _stored(database, rows[1:], empty=False)
    stored, begin = 0, 0
    for end in range(_AT_ONCE, len(rows) + 1, _AT_ONCE):
        stored += database.execute(_INSERT_SOME, [*chain(*rows[begin:end])]).rowcount
        begin = end
    return stored + database.executemany(_INSERT, rows[begin:]).rowcount


def _rows(devices: DeviceTable, readings: Sequence[Reading]) -> tuple[list[_Row], set[int]]:
    """Return the rows, and the places of those older than the newest of their device."""
    rows: list[_Row] = []
    late: set[int] = set()
    slots = devices.slots
    texts = _texts(readings)
    for index, (device, kind, measured_at, received_at, _) in enumerate(readings):
        slot = slots[kind, device]
        newest_at = slot.newest_at
        if measured_at > newest_at:
            slot.newest_at = measured_at
        elif measured_at < newest_at:
            late.add(index)
        rows.append((slot.id, measured_at, received_at, texts[index]))
    return rows, late


def _texts(readings: Sequence[Reading]) -> list[str]:
    """Return the values of each as JSON; ValueError for what is none.

    Both write the same, orjson in half the time; what it does not know is for the other to refuse.
    """
    try:
        return [dumps(reading.values).decode() for reading in readings]
    except TypeError:
        return [to_json(reading.values).decode() for reading in readings]


def _partly_stored(
    readings: Sequence[Reading], parted: _Parted, doubted: Collection[int]
) -> Committed:
    repeats = (index for index in parted.refused if index not in doubted)
    return Committed(
        Counter(readings[index].kind for index in parted.kept),
        Counter(readings[index].kind for index in parted.late.intersection(parted.kept)),
        Counter(readings[index].kind for index in repeats),
        [_conflict(readings[index]) for index in doubted],
    )


def _fresh(
    database: sqlite3.Connection, readings: Sequence[Reading], rows: list[_Row], new: _New
) -> Fresh:
    """Return what is new, in order; what came out of order within the batch is not late."""
    late = new.late.intersection(new.kept) if new.late else new.late
    if not late:
        return Fresh([readings[index] for index in new.kept])
    before = {device: _newest(database, device, new.last) for device in {rows[i][0] for i in late}}
    late = {index for index in late if rows[index][1] < before[rows[index][0]]}
    order = sorted(new.kept, key=lambda index: rows[index][1])
    places = {place for place, index in enumerate(order) if index in late}
    return Fresh([readings[index] for index in order], places)


def _newest(database: sqlite3.Connection, device: int, last: int) -> Instant:
    """Return the newest instant of the device among the readings up to `last`."""
    row = database.execute(_NEWEST, (device, last)).fetchone()
    return int(row[0]) if row else NEVER


def _parted(
    database: sqlite3.Connection, rows: list[_Row], last: int
) -> tuple[list[int], list[int]]:
    """Return the places of the rows that were stored after `last`, and those of the others.

    What is stored lies in the order of the rows.
    """
    query = "SELECT device, measured_at FROM reading WHERE seq > ? ORDER BY seq"
    stored = database.execute(query, (last,))
    kept, refused = [], []
    identity = next(stored, None)
    for index, row in enumerate(rows):
        if row[:2] == identity:
            kept.append(index)
            identity = next(stored, None)
        else:
            refused.append(index)
    return kept, refused


def _contradicts(database: sqlite3.Connection, reading: Reading, row: _Row) -> bool:
    (stored,) = database.execute(
        'SELECT "values" FROM reading WHERE device = ? AND measured_at = ?', row[:2]
    ).fetchone()
    return stored != row[3] and not is_repeat(reading.kind, from_json(stored), from_json(row[3]))


def _conflict(reading: Reading) -> DeadLetter:
    return dead_letter_of(reading, "store", "conflict", _CONFLICT)

"""What the embedded store holds of a device: its latest reading, or a stretch of them."""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from pydantic_core import from_json

from devices.instant import Instant
from devices.reading import Reading

_NEWEST_FIRST = """
SELECT d.name, d.kind, r.measured_at, r.received_at, r."values"
FROM reading AS r JOIN device AS d ON d.id = r.device
WHERE d.kind = ? AND d.name = ? AND r.measured_at >= ? AND r.measured_at < ?
ORDER BY r.measured_at DESC LIMIT ?
"""
_OLDEST_FIRST = f"SELECT * FROM ({_NEWEST_FIRST}) ORDER BY measured_at"  # noqa: S608 a constant


class Stretch(NamedTuple):
    """A stretch of device time: from `since` on, before `until`, at most `most` readings."""

    since: Instant
    until: Instant
    most: int


_EVER = Stretch(-(1 << 62), 1 << 62, 1)


def kinds_of(reader: sqlite3.Connection, device: str) -> list[str]:
    """Return the kinds under which a device of this name is known."""
    query = "SELECT kind FROM device WHERE name = ? ORDER BY kind"
    return [kind for (kind,) in reader.execute(query, (device,))]


def latest(reader: sqlite3.Connection, kind: str, device: str) -> Reading | None:
    """Return the reading measured last, whenever it arrived; None if there is none."""
    return next(_read(reader.execute(_NEWEST_FIRST, (kind, device, *_EVER))), None)


def history(
    reader: sqlite3.Connection, kind: str, device: str, stretch: Stretch
) -> Iterator[Reading]:
    """Yield the newest readings of the stretch, oldest first."""
    return _read(reader.execute(_OLDEST_FIRST, (kind, device, *stretch)))


def _read(rows: sqlite3.Cursor) -> Iterator[Reading]:
    for name, kind, measured_at, received_at, values in rows:
        yield Reading(name, kind, measured_at, received_at, from_json(values))

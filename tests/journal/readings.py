"""Readings, and journals to keep them in."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from devices.instant import Instant
from devices.reading import Reading, Values
from ingest.journal.batch import Batch, DeadLetter
from ingest.journal.database import open_reader
from ingest.journal.dead_letters import KeptDeadLetter, dead_letters
from ingest.journal.journal import Journal

START: Instant = 1_760_000_000_000
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
NO_LIMIT = 1 << 60


def reading(minute: int, device: str = "wm-1", values: Values | None = None) -> Reading:
    """Return what a water meter measured in this minute, received half a second later."""
    measured_at = START + minute * MINUTE
    values = {"cumulative_m3": minute / 8} if values is None else values
    return Reading(device, "water_meter", measured_at, measured_at + 500, values)


def batch(minutes: Iterable[int], device: str = "wm-1") -> Batch:
    return Batch(readings=[reading(minute, device) for minute in minutes])


def letter(payload: bytes, at: Instant = START, *, withheld: bool = False) -> DeadLetter:
    return DeadLetter(
        "decode", "not_json", "line 1", "gw/v1/door/d-1/up", payload, at, withheld=withheld
    )


@asynccontextmanager
async def opened(path: Path, max_bytes: int = NO_LIMIT) -> AsyncIterator[Journal]:
    journal = Journal(path, max_bytes)
    try:
        yield journal
    finally:
        await journal.close()


def minutes_in(path: Path, device: str = "wm-1") -> list[int]:
    """Return the minutes that are stored of the device, in the order of commitment."""
    rows = rows_of(
        path,
        "SELECT measured_at FROM reading JOIN device ON device.id = device"
        " WHERE name = ? ORDER BY seq",
        device,
    )
    return [(measured_at - START) // MINUTE for (measured_at,) in rows]


def numbers_in(path: Path) -> list[int]:
    """Return the sequence numbers of all readings."""
    return [seq for (seq,) in rows_of(path, "SELECT seq FROM reading ORDER BY seq")]


def letters_in(path: Path) -> list[KeptDeadLetter]:
    """Return the dead letters, the last first."""
    with closing(open_reader(path)) as reader:
        return dead_letters(reader, 1_000_000)


def rows_of(path: Path, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    with closing(open_reader(path)) as reader:
        return reader.execute(query, parameters).fetchall()

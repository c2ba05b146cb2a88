"""What the registry knows of one area, device or dwelling, for people."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from devices.instant import Instant
from ingest.registry.places import Places
from ingest.registry.tables import (
    AREAS,
    AUTHORISATIONS,
    CARE,
    CONTACTS,
    DEVICES,
    LEASES,
    LIMITS,
    PLACEMENTS,
    PREMISES,
    QUIET_TIMES,
    TABLES,
    Table,
)
from ingest.registry.validity import places_at

Block: TypeAlias = dict[str, object]


def counts(database: sqlite3.Connection) -> Block:
    """Return how many rows each table has, and how many devices spoke that it does not know."""
    numbers: Block = {table.name: _count(database, table) for table in TABLES}
    return {**numbers, "devices_unregistered": unregistered_count(database)}


def unregistered_count(database: sqlite3.Connection) -> int:
    """Count the devices that sent something and are not in the registry."""
    query = "SELECT count(*) FROM device WHERE seen = 1 AND area IS NULL"
    return int(database.execute(query).fetchone()[0])


def blocks(database: sqlite3.Connection, what: str, now: Instant) -> Iterator[Block]:
    """Yield what is known of an area code, a dwelling, a device or `<kind>/<device>`."""
    yield from _area(database, what, now)
    yield from _premises(database, what)
    kind, _, device = what.rpartition("/")
    yield from _devices(database, kind, device)


def _area(database: sqlite3.Connection, code: str, now: Instant) -> Iterator[Block]:
    places = places_at(database, now)
    for block in _rows(database, AREAS, code=code):
        successors = database.execute(
            "SELECT code FROM registered_areas WHERE ' ' || predecessors || ' ' LIKE ?",
            (f"% {code} %",),
        )
        yield {
            **block,
            "lies_in": " ".join(places.chain(code)[:-1]),
            "taken_over_by": places.heir(code) if places.heir(code) != code else "",
            "successors": " ".join(successor for (successor,) in successors),
            "premises": _count_below(database, places, PREMISES, code),
            "devices": _count_below(database, places, DEVICES, code),
        }
        yield from _of_place(database, code)


def _premises(database: sqlite3.Connection, name: str) -> Iterator[Block]:
    for block in _rows(database, PREMISES, premises=name):
        yield block
        for table in (DEVICES, CARE, LEASES, AUTHORISATIONS, QUIET_TIMES):
            yield from _rows(database, table, premises=name)
        yield from _of_place(database, name)


def _devices(database: sqlite3.Connection, kind: str, device: str) -> Iterator[Block]:
    rows = database.execute("SELECT kind, seen, area FROM device WHERE name = ?", (device,))
    for found, seen, area in rows.fetchall():
        if kind in {"", found}:
            if area is None:
                yield {"kind": found, "device": device, "registered": False, "seen": bool(seen)}
            for block in _rows(database, DEVICES, kind=found, device=device):
                yield {**block, "registered": True, "seen": bool(seen)}
            for table in (PLACEMENTS, QUIET_TIMES):
                yield from _rows(database, table, kind=found, device=device)


def _of_place(database: sqlite3.Connection, place: str) -> Iterable[Block]:
    for table in (CONTACTS, LIMITS):
        yield from _rows(database, table, place=place)


def _rows(database: sqlite3.Connection, table: Table[Any], **where: str) -> Iterator[Block]:
    tests = " AND ".join(f"{column} = ?" for column in where)
    query = f"SELECT {', '.join(table.columns)} FROM registered_{table.name} WHERE {tests}"  # noqa: S608 own names
    for row in database.execute(query, tuple(where.values())).fetchall():
        cells = zip(table.cells.items(), row, strict=True)
        yield {"table": table.name, **{name: cell.show(value) for (name, cell), value in cells}}


def _count(database: sqlite3.Connection, table: Table[Any]) -> int:
    query = f"SELECT count(*) FROM registered_{table.name}"  # noqa: S608 own names
    return int(database.execute(query).fetchone()[0])


def _count_below(database: sqlite3.Connection, places: Places, table: Table[Any], code: str) -> int:
    query = f"SELECT area, count(*) FROM registered_{table.name} GROUP BY 1"  # noqa: S608 own names
    return sum(number for area, number in database.execute(query) if code in places.chain(area))

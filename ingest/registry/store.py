"""The registry in the journal: read, and written all or nothing."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from devices.instant import Instant
from ingest.journal.database import transaction
from ingest.registry.content import Content, Rows
from ingest.registry.refusal import RegistryError
from ingest.registry.tables import DEVICES, PLACEMENTS, TABLES, Key, Placement, Table

_REVISION = "SELECT value FROM meta WHERE key = 'registry_revision'"
_NEXT_REVISION = (
    "INSERT INTO meta VALUES ('registry_revision', '1')"
    " ON CONFLICT (key) DO UPDATE SET value = value + 1"
)


class Change(NamedTuple):
    """What an import does to a table: the keys that go, the rows that come, and their numbers."""

    table: Table[Any]
    gone: Sequence[Key]
    come: Sequence[Any]
    added: int
    changed: int
    removed: int
    rows: int


def revision_of(database: sqlite3.Connection) -> int:
    """Return a number that grows with every import: whoever keeps a snapshot compares it."""
    row = database.execute(_REVISION).fetchone()
    return int(row[0]) if row else 0


def count_revision(database: sqlite3.Connection) -> None:
    """Let the next `revision_of` differ; part of the caller's transaction."""
    database.execute(_NEXT_REVISION)


def read_content(database: sqlite3.Connection, tables: Iterable[Table[Any]] = TABLES) -> Content:
    """Return what the registry holds."""
    return Content({table.name: _read(database, table) for table in tables})


def changes(given: Content, held: Content, now: Instant) -> list[Change]:
    """Return what makes the held tables equal to the given ones.

    Where a device stood before is added to the placements: its history stays.
    """
    found = [_change(rows, held) for rows in given.tables.values()]
    devices = [change for change in found if change.table is DEVICES]
    moved = [row for change in devices for row in _moved(change, held, now)]
    if not moved:
        return found
    placements = given.tables.get(PLACEMENTS.name, held.tables[PLACEMENTS.name])
    merged = Content({PLACEMENTS.name: Rows(PLACEMENTS, dict(placements.by_key))})
    merged.put(PLACEMENTS, *moved)
    others = [change for change in found if change.table is not PLACEMENTS]
    return [*others, _change(merged.tables[PLACEMENTS.name], held)]


def write(database: sqlite3.Connection, found: Iterable[Change], revision: int) -> None:
    """Apply changes in one transaction; RegistryError if another import came between."""
    with transaction(database):
        if revision_of(database) != revision:
            raise RegistryError("the registry was changed meanwhile: import again")
        for change in found:
            name = f"registered_{change.table.name}"
            keys = " AND ".join(
                f"{column} IS ?" for column in change.table.columns[: change.table.key]
            )
            marks = ", ".join("?" * len(change.table.columns))
            database.executemany(f"DELETE FROM {name} WHERE {keys}", change.gone)  # noqa: S608 own names
            database.executemany(f"INSERT INTO {name} VALUES ({marks})", change.come)  # noqa: S608 own names
        count_revision(database)


def _read(database: sqlite3.Connection, table: Table[Any]) -> Rows:
    columns = ", ".join(table.columns)
    rows = database.execute(f"SELECT {columns} FROM registered_{table.name}")  # noqa: S608 own names
    made = (table.row(*row) for row in rows)
    return Rows(table, {row[: table.key]: row for row in made})


def _change(rows: Rows, held: Content) -> Change:
    table, new = rows.table, rows.by_key
    old = held.rows(table)
    removed = [key for key in old if key not in new]
    changed = [key for key, row in new.items() if key in old and old[key] != row]
    added = [row for key, row in new.items() if key not in old]
    come = [*added, *(new[key] for key in changed)]
    numbers = len(added), len(changed), len(removed), len(new)
    return Change(table, [*removed, *changed], come, *numbers)


def _moved(change: Change, held: Content, now: Instant) -> Iterable[Placement]:
    new = {row[: DEVICES.key]: row for row in change.come}
    old = held.rows(DEVICES)
    for key in change.gone:
        before, after = old[key], new.get(key)
        if after is None or (before.area, before.premises) != (after.area, after.premises):
            yield Placement(before.kind, before.device, now, before.area, before.premises)

"""What an import must not leave behind: what stands in areas that are over and have no heir."""

from collections.abc import Iterator
from typing import Any

from devices.instant import Instant
from ingest.registry.cells import START
from ingest.registry.content import Content
from ingest.registry.limits import limit_complaints
from ingest.registry.refusal import Complaints, RegistryError
from ingest.registry.tables import (
    AREAS,
    DEVICES,
    LIMITS,
    PREMISES,
    Area,
    Device,
    LimitRow,
    Premises,
    Table,
)
from ingest.registry.validity import Areas, is_valid

_PLACED: tuple[Table[Any], ...] = (AREAS, PREMISES, DEVICES, LIMITS)
_VALID = "expected an area that is valid, or that a single valid one names as its predecessor"


def check_emptied(given: Content, held: Content) -> None:
    """Raise RegistryError if the last areas would go while anything stands in them.

    Without areas every code is taken for one: nothing else would notice.
    """
    areas = given.tables.get(AREAS.name)
    if areas is None or areas.by_key or not held.rows(AREAS):
        return
    content = given.over(held)
    numbers = {table.name: len(content.rows(table)) for table in _PLACED}
    if any(numbers.values()):
        standing = ", ".join(f"{number} {name}" for name, number in numbers.items() if number)
        raise RegistryError(f"{areas.file}: line 1: code: expected the areas of {standing}")


def check_validity(given: Content, content: Content, now: Instant) -> None:
    """Raise RegistryError if anything stands in an area that is not valid.

    Of the tables that are given, and of all if the areas are among them: that an area is over since
    the last import keeps no lease from being imported. Limits may be those of an area that is yet
    to come. They must fit at every coming change of areas too: that day comes without an import.
    """
    areas = Areas(content.rows(AREAS).values())
    complaints = Complaints()
    for table in _PLACED:
        if table.name in given.tables or AREAS.name in given.tables:
            for rows, key, row in content.located(table):
                for column, code, at in _standing(row, areas, now):
                    if len(areas.heirs(code, at)) != 1:
                        complaints.add(rows.where(key), f"{column}: {_VALID}")
    complaints.raise_any()
    for at in areas.changes_after(now):
        limit_complaints(content, areas.places(at), complaints, f", from {START.show(at)} on")
        complaints.raise_any()


def _standing(row: object, areas: Areas, now: Instant) -> Iterator[tuple[str, str, Instant]]:
    """Yield in which area a row stands, by its column, and the instant that counts."""
    match row:
        case Area():
            above = areas.registered.parent(row.code)
            if above is not None and is_valid(row, now):
                yield "parent", above, now
        case Premises():
            yield "area", row.area, now
        case LimitRow() if row.place[:1] != "d":
            yield "place", row.place, areas.begin_of(row.place, now)
        case Device():
            at = max(now, row.installed or now) if row.removed is None else row.removed - 1
            yield "area", row.area, at
            if row.bulk_of is not None:
                yield "bulk_of", row.bulk_of, at

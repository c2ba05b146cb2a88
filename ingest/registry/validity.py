"""Validity: which areas there are at an instant, and which stand for those that are over.

Context: districts are merged and split, and their codes change on one day, while thousands of rows
name the old code.
Decision: when an area is over and one valid area came from it, that takes over its devices, its
dwellings, what lies in it and its limits, on that day and without an import. Where none did, or
several, nobody can know, and an import is refused.
Given up: taking an area that nobody succeeds out of force when its day has come. What stands there
is judged as before, until the next import says where it belongs.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from devices.instant import Instant
from ingest.registry.places import Places
from ingest.registry.store import read_content
from ingest.registry.tables import AREAS, Area


class Areas:
    """The areas of a registry in their time; `registered` is where they lie whatever the time."""

    def __init__(self, rows: Iterable[Area]) -> None:
        self._rows = {row.code: row for row in rows}
        self.registered = Places({row.code: row.parent for row in self._rows.values()})
        self._successors: defaultdict[str, list[str]] = defaultdict(list)
        for row in self._rows.values():
            for code in (row.predecessors or "").split():
                self._successors[code].append(row.code)

    def heirs(self, code: str, at: Instant) -> frozenset[str]:
        """Return an area itself while it is valid or unknown, else the valid ones it became."""
        found, seen = set(), [code]
        for each in seen:
            row = self._rows.get(each)
            if row is None or is_valid(row, at):
                found.add(each)
            else:
                seen += [after for after in self._successors[each] if after not in seen]
        return frozenset(found)

    def places(self, at: Instant) -> Places:
        """Return where areas lie at an instant."""
        heirs = {code: self.heirs(code, at) for code in self._rows}
        single = {code: next(iter(found)) for code, found in heirs.items() if len(found) == 1}
        return self.registered.with_heirs(single)

    def begin_of(self, code: str, now: Instant) -> Instant:
        """Return when an area begins to be valid; now if it did before."""
        row = self._rows.get(code)
        return now if row is None or row.valid_from is None else max(now, row.valid_from)

    def changes_after(self, now: Instant) -> list[Instant]:
        """Return when areas begin or end to be valid after now."""
        instants = {at for row in self._rows.values() for at in (row.valid_from, row.valid_to)}
        return sorted(at for at in instants if at is not None and at > now)


def places_at(database: sqlite3.Connection, at: Instant) -> Places:
    """Return where the registered areas lie at an instant."""
    return Areas(read_content(database, (AREAS,)).rows(AREAS).values()).places(at)


def is_valid(row: Area, at: Instant) -> bool:
    """Return whether an area is valid at an instant."""
    begun = row.valid_from is None or row.valid_from <= at
    return begun and (row.valid_to is None or at < row.valid_to)

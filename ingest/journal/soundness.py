"""The soundness of a journal: the file, what its rows refer to, and how far its cursors are."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ingest.journal.database import JournalError, open_reader, version_of

_MOST_FAULTS = 20
_RULES = {
    "cursor": (
        "SELECT 'cursor of sink ' || sink || ' at ' || seq || ', the last reading is '"
        " || (SELECT max(seq) FROM reading) FROM cursor"
        " WHERE seq < 0 OR seq > (SELECT max(seq) FROM reading)"
    ),
    "outlet_cursor": (
        "SELECT 'cursor of outlet ' || outlet || ' at ' || seq || ', the last change is '"
        " || ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'alert_change'), 0)"
        " FROM outlet_cursor WHERE seq < 0"
        " OR seq > ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'alert_change'), 0)"
    ),
    "unjudged": (
        "SELECT 'reading ' || reading || ' waits to be judged and is not there' FROM unjudged"
        " WHERE reading NOT IN (SELECT seq FROM reading)"
    ),
    "reading": (
        "SELECT 'readings are numbered with gaps: ' || count(*) || ' from ' || min(seq) || ' to '"
        " || max(seq) FROM reading HAVING count(*) <> 1 + max(seq) - min(seq)"
    ),
    "dead_letter_total": (
        "SELECT 'dead letters weigh other than counted: ' || weight FROM dead_letter_total"
        " WHERE weight <> (SELECT ifnull(sum(weight), 0) FROM dead_letter)"
    ),
}
"""By the table that they need, a query that finds the rows which break a law of the journal."""


@dataclass(frozen=True, slots=True)
class Soundness:
    """What was found; sound if there are no faults, of which at most 20 are told."""

    version: int
    counts: Mapping[str, int]
    """Rows by table."""
    faults: tuple[str, ...]


def soundness_of(path: Path, *, quick: bool = False) -> Soundness:
    """Read the whole file and return what is in it and wrong with it.

    Quick leaves out whether indexes and rows agree. JournalError if it is no journal at all.
    """
    with closing(open_reader(path, older=True)) as reader:
        try:
            reader.execute("BEGIN")
            faults = tuple(_faults(reader, quick=quick))
            return Soundness(version_of(reader), _counts(reader), faults[:_MOST_FAULTS])
        except sqlite3.DatabaseError as error:
            return Soundness(version_of(reader), {}, (f"damaged: {error}",))


def require_sound(path: Path) -> Soundness:
    """Return the soundness; JournalError with the first fault if there is one."""
    found = soundness_of(path)
    if found.faults:
        raise JournalError(f"{path}: {found.faults[0]}; {len(found.faults)} faults")
    return found


def _faults(reader: sqlite3.Connection, *, quick: bool) -> Iterator[str]:
    check = "quick_check" if quick else "integrity_check"
    found = [line for (line,) in reader.execute(f"PRAGMA {check}({_MOST_FAULTS})")]
    if found != ["ok"]:
        yield from (f"damaged: {line}" for line in found)
        return
    for table, row, parent, _ in reader.execute("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} refers to none of {parent}"
    present = set(_tables(reader))
    for table, query in _RULES.items():
        if table in present:
            yield from (line for (line,) in reader.execute(query))


def _counts(reader: sqlite3.Connection) -> dict[str, int]:
    return {
        table: reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 ours
        for table in _tables(reader)
    }


def _tables(reader: sqlite3.Connection) -> list[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " ORDER BY name"
    )
    return [name for (name,) in reader.execute(query)]

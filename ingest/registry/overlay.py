"""Limits of one file over those of the registry: row by row, the file's win."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from devices.instant import Instant
from ingest.journal.database import JournalError
from ingest.registry.content import Content, Rows
from ingest.registry.files import read_table
from ingest.registry.limits import limits_in
from ingest.registry.references import check
from ingest.registry.refusal import RegistryError
from ingest.registry.store import read_content
from ingest.registry.tables import AREAS, LIMITS, PREMISES, LimitRow
from ingest.registry.validity import Areas
from rules.bound import Rulebook
from rules.limits import LimitBook, Setting
from rules.register import TableRegister
from rules.subject import Subject


def read_limits(file: Path) -> Rows:
    """Return the rows of a file in the form of `limits.csv`; RegistryError, also if unreadable."""
    try:
        return read_table(LIMITS, file)
    except OSError as error:
        raise RegistryError(f"{file}: can't read: {error.strerror}") from None


def limits_over(database: sqlite3.Connection, given: Rows, now: Instant) -> LimitBook:
    """Return the registry's limits with the given rows over them; RegistryError if they don't fit.

    A row of the same place, rule and parameter takes the place of the registry's.
    """
    held = read_content(database, (AREAS, PREMISES, LIMITS))
    merged = {**held.rows(LIMITS), **given.by_key}
    limits = Content({LIMITS.name: Rows(LIMITS, merged, given.lines, given.file)})
    content = limits.over(held)
    check(content, now)
    return limits_in(content, Areas(content.rows(AREAS).values()).places(now))


def laid_over(book: LimitBook, rows: Iterable[LimitRow]) -> LimitBook:
    """Return the book with the rows over it."""
    settings = {place: dict(own) for place, own in book.settings.items()}
    for row in rows:
        of_place = settings.setdefault(row.place, {})
        of_place[f"{row.rule}.{row.parameter}"] = Setting(row.value, row.strictest)
    return LimitBook(settings)


def fitting(rulebook: Rulebook, register: TableRegister) -> Rulebook:
    """Return the rules with their limits; JournalError if these do not fit.

    An import checks them, but the rules of another release may have other bounds.
    """
    chains = _chains(register, rulebook.limits)
    complaints = rulebook.complaints(chains) if rulebook.limits.settings else []
    if complaints:
        raise JournalError("\n".join(f"limits of the registry: {each}" for each in complaints))
    return rulebook


def _chains(register: TableRegister, limits: LimitBook) -> set[tuple[str, ...]]:
    """Return the places that set limits, as they follow upon each other."""
    subjects = [Subject("device", device) for device in register.devices]
    subjects += [Subject("premises", premises) for premises in register.premises]
    return {limits.sets(register.places_of(subject)) for subject in subjects}

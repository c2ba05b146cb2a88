"""The limits that were in force last, kept in the journal.

Context: a file of limits with a wrong number changes nothing while the service runs. Read at the
start alone, it kept gas and persons in care unwatched from the next restart on.
Decision: what is in force is kept with the journal, and the service starts by it where what is
given can't be used; a metric and health say so until it is mended.
Given up: a start that is refused for limits, but for the first one, when somebody looks on.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

from pydantic_core import from_json, to_json

from ingest.journal.database import JournalError, open_reader
from rules.limits import LimitBook, Setting

_KEY = "limits.in_force"


class Memory(Protocol):
    """What keeps words across restarts."""

    def remembered(self, key: str) -> str | None:
        """Return what was kept under the key."""

    async def remember(self, key: str, value: str) -> None:
        """Keep a word; JournalUnavailable."""


async def keep(memory: Memory, limits: LimitBook) -> None:
    """Keep the limits in force; JournalUnavailable."""
    word = to_json(limits.settings).decode()
    if word != memory.remembered(_KEY):
        await memory.remember(_KEY, word)


def kept_in(database: sqlite3.Connection) -> LimitBook | None:
    """Return the limits that were in force last, None if there were none yet."""
    row = database.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    if row is None:
        return None
    return LimitBook(
        {
            place: {name: Setting(*setting) for name, setting in own.items()}
            for place, own in from_json(row[0]).items()
        }
    )


def has_kept(journal: Path) -> bool:
    """Return whether there are limits to start by whatever is given."""
    if not journal.is_file():
        return False
    try:
        with closing(open_reader(journal, older=True)) as database:
            return kept_in(database) is not None
    except (JournalError, sqlite3.Error):
        return False

"""The states of what the rules judge, as of the transaction under way."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import get_args

from devices.instant import Instant
from devices.reading import Reading
from ingest.journal.consequences import StateRow
from ingest.journal.outgoing import judged_after
from rules.subject import Scope, Subject

_WRITE = "INSERT OR REPLACE INTO subject_state VALUES (?, ?, ?, ?)"
_SCOPES: dict[str, Scope] = {scope: scope for scope in get_args(Scope)}
"""One text of each for all subjects: SQLite gives a new one with every row, 55 bytes each."""


class StateTable:
    """Reads through the writer's own connection: it sees what is not yet committed."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.judged_to = 0
        """The number of the last reading that was stored before this transaction."""
        self.begin()

    def begin(self) -> None:
        """Take note of what was stored before; at the beginning of each transaction."""
        self.judged_to = self.newest()

    def newest(self) -> int:
        """Return the number of the reading that was stored last."""
        (last,) = self._database.execute("SELECT max(seq) FROM reading").fetchone()
        return last or 0

    def load(self, subject: Subject) -> bytes | None:
        """Return the saved state of a subject, or None."""
        query = "SELECT state FROM subject_state WHERE scope = ? AND id = ?"
        row = self._database.execute(query, subject).fetchone()
        return row[0] if row else None

    def deadlines(self) -> Iterator[tuple[Instant, Subject]]:
        """Yield every saved deadline."""
        query = "SELECT deadline, scope, id FROM subject_state WHERE deadline IS NOT NULL"
        for deadline, scope, id_ in self._database.execute(query):
            yield deadline, Subject(_SCOPES[scope], id_)

    def since(self, subject: Subject, at: Instant) -> list[Reading]:
        """Return readings of a device measured after its saved state, see `rules.lull`."""
        return judged_after(self._database, subject, at, self.judged_to)

    def write(self, rows: Iterable[StateRow]) -> None:
        """Keep the states; part of the caller's transaction."""
        self._database.executemany(_WRITE, rows)


def states_that_say(reader: sqlite3.Connection, word: str) -> Iterator[tuple[Subject, bytes]]:
    """Yield the states in which this JSON string stands. All are looked through: 0.7 us each."""
    query = "SELECT scope, id, state FROM subject_state WHERE instr(state, ?)"
    for scope, id_, state in reader.execute(query, (f'"{word}"'.encode(),)):
        yield Subject(_SCOPES[scope], id_), state

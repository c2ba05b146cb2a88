"""Dead letters: what was refused, kept for a person to look at, bounded by age and size."""

import hashlib
import sqlite3
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from ingest.journal.batch import DeadLetter

_INSERT = """
INSERT INTO dead_letter
    (stage, reason, detail, topic, payload, size, digest, first_at, last_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
ON CONFLICT (stage, topic, reason, digest) DO UPDATE SET times = times + 1, last_at = ?8
"""
_COLUMNS = "id, stage, reason, detail, topic, payload, size, first_at, last_at, times"


class KeptDeadLetter(NamedTuple):
    """A dead letter as it lies in the journal; `payload` is None where it was withheld."""

    id: int
    stage: str
    reason: str
    detail: str
    topic: str
    payload: bytes | None
    size: int
    first_at: Instant
    last_at: Instant
    times: int


class DeadLetterLimits(NamedTuple):
    """How long, and how many payload bytes, dead letters are kept."""

    age: timedelta
    payload_bytes: int


class DeadLetterTable:
    """Writes and removes dead letters; part of the caller's transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        (key,) = database.execute("SELECT value FROM meta WHERE key = 'digest_key'").fetchone()
        self._digest_key = bytes.fromhex(key)

    def add(self, letters: Iterable[DeadLetter]) -> None:
        """Keep the letters; the same message refused again for the same reason counts up."""
        for letter in letters:
            self._database.execute(
                _INSERT,
                (
                    letter.stage,
                    letter.reason,
                    letter.detail,
                    letter.topic,
                    None if letter.withheld else letter.payload,
                    len(letter.payload),
                    self._digest(letter.payload),
                    letter.at,
                ),
            )

    def drop(self, ids: Iterable[int]) -> int:
        """Remove the letters and return how many there were."""
        return self._database.executemany(
            "DELETE FROM dead_letter WHERE id = ?", [(row,) for row in ids]
        ).rowcount

    def prune(self, limits: DeadLetterLimits, now: Instant) -> dict[str, int]:
        """Remove what is too old, then the oldest above the size; return how many by cause."""
        oldest = now - milliseconds_of(limits.age)
        by_age = self._database.execute("DELETE FROM dead_letter WHERE last_at < ?", (oldest,))
        by_size = self._database.execute(
            "DELETE FROM dead_letter WHERE id IN (SELECT id FROM (SELECT id,"
            " sum(size) OVER (ORDER BY id DESC) AS total FROM dead_letter) WHERE total > ?)",
            (limits.payload_bytes,),
        )
        return {"age": by_age.rowcount, "size": by_size.rowcount}

    def _digest(self, payload: bytes) -> bytes:
        return hashlib.blake2b(payload, key=self._digest_key, digest_size=16).digest()


def dead_letters(reader: sqlite3.Connection, most: int) -> list[KeptDeadLetter]:
    """Return the newest dead letters, newest first."""
    query = f"SELECT {_COLUMNS} FROM dead_letter ORDER BY id DESC LIMIT ?"  # noqa: S608 a constant
    return [KeptDeadLetter(*row) for row in reader.execute(query, (most,))]


def dead_letter(reader: sqlite3.Connection, row: int) -> KeptDeadLetter | None:
    """Return the dead letter of this number, or None."""
    query = f"SELECT {_COLUMNS} FROM dead_letter WHERE id = ?"  # noqa: S608 a constant
    found = reader.execute(query, (row,)).fetchone()
    return KeptDeadLetter(*found) if found else None

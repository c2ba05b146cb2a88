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
_DROP_OLD = """
DELETE FROM dead_letter WHERE id IN
    (SELECT id FROM dead_letter WHERE last_at < ? ORDER BY last_at LIMIT ?)
"""
_DROP_OLDEST = """
DELETE FROM dead_letter WHERE id IN (SELECT id FROM (
    SELECT id, sum(weight) OVER (ORDER BY last_at, id) - weight AS weight_before
    FROM (SELECT id, last_at, weight FROM dead_letter ORDER BY last_at, id LIMIT ?2)
) WHERE weight_before < ?1)
"""
_PRUNED_AT_ONCE = 1_000
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
    """How long dead letters are kept, and the weight of all of them in bytes.

    A letter weighs its payload and 512 bytes: messages without one would have no bound.
    """

    age: timedelta
    weight: int


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
        """Remove what is too old, then the oldest above the size; return how many by cause.

        At most 1,000 for each cause, so that no commit waits long: call until it returns no more.
        """
        oldest = now - milliseconds_of(limits.age)
        by_age = self._database.execute(_DROP_OLD, (oldest, _PRUNED_AT_ONCE)).rowcount
        (weight,) = self._database.execute("SELECT weight FROM dead_letter_total").fetchone()
        by_size = 0
        if weight > limits.weight:
            above = (weight - limits.weight, _PRUNED_AT_ONCE)
            by_size = self._database.execute(_DROP_OLDEST, above).rowcount
        return {"age": by_age, "size": by_size}

    def _digest(self, payload: bytes) -> bytes:
        return hashlib.blake2b(payload, key=self._digest_key, digest_size=16).digest()


def dead_letters(reader: sqlite3.Connection, most: int) -> list[KeptDeadLetter]:
    """Return the dead letters that came last, the last first."""
    query = f"SELECT {_COLUMNS} FROM dead_letter ORDER BY last_at DESC, id DESC LIMIT ?"  # noqa: S608 a constant
    return [KeptDeadLetter(*row) for row in reader.execute(query, (most,))]


def dead_letter(reader: sqlite3.Connection, row: int) -> KeptDeadLetter | None:
    """Return the dead letter of this number, or None."""
    query = f"SELECT {_COLUMNS} FROM dead_letter WHERE id = ?"  # noqa: S608 a constant
    found = reader.execute(query, (row,)).fetchone()
    return KeptDeadLetter(*found) if found else None

"""Requests to take a device over from its sequence, and the answers of the process that judges."""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from devices.instant import Instant

_ASK = """
INSERT INTO override_request VALUES (?, ?, ?, ?, ?, NULL)
ON CONFLICT (subject) DO UPDATE SET sequence = excluded.sequence, mode = excluded.mode,
    until = excluded.until, asked_at = excluded.asked_at, answer = NULL
"""


class OverrideRequest(NamedTuple):
    """What a person wants of the device `<kind>/<device>`, until an instant of our time."""

    subject: str
    sequence: str
    mode: str
    until: Instant


def ask_override(database: sqlite3.Connection, request: OverrideRequest, now: Instant) -> None:
    """Ask the process that judges; part of the caller's transaction."""
    database.execute(_ASK, (*request, now))


def override_requests(reader: sqlite3.Connection) -> list[OverrideRequest]:
    """Return the requests that nobody has answered."""
    query = "SELECT subject, sequence, mode, until FROM override_request WHERE answer IS NULL"
    return [OverrideRequest(*row) for row in reader.execute(query)]


def override_answer(reader: sqlite3.Connection, subject: str) -> str | None:
    """Return the answer to the request, None while there is none."""
    query = "SELECT answer FROM override_request WHERE subject = ?"
    row = reader.execute(query, (subject,)).fetchone()
    return row[0] if row else None


def answer_overrides(database: sqlite3.Connection, answers: Mapping[str, str]) -> None:
    """Answer requests, by subject; part of the caller's transaction."""
    query = "UPDATE override_request SET answer = ?2 WHERE subject = ?1"
    database.executemany(query, answers.items())

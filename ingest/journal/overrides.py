"""Requests to take a device over from its sequence, and the answers of the process that judges."""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from devices.instant import Instant

_ASK = """
INSERT INTO override_request VALUES (?, ?, ?, ?, ?, NULL)
ON CONFLICT (subject) DO UPDATE SET sequence = excluded.sequence, mode = excluded.mode,
    until = excluded.until, asked_at = excluded.asked_at, answer = NULL
"""
_ANSWER = """
UPDATE override_request SET answer = ?
WHERE subject = ? AND sequence = ? AND mode = ? AND until = ?
"""
SUPERSEDED = "superseded"
"""The answer to a request that another one has replaced."""


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


def override_answer(reader: sqlite3.Connection, request: OverrideRequest) -> str | None:
    """Return the answer to the request, None while there is none, SUPERSEDED if there will be none.

    A device has one request, the last.
    """
    query = "SELECT subject, sequence, mode, until, answer FROM override_request WHERE subject = ?"
    *asked, answer = reader.execute(query, (request.subject,)).fetchone()
    return answer if OverrideRequest(*asked) == request else SUPERSEDED


def answer_overrides(
    database: sqlite3.Connection, answers: Iterable[tuple[OverrideRequest, str]]
) -> None:
    """Answer requests; part of the caller's transaction. One asked since then stays open."""
    database.executemany(_ANSWER, ((answer, *request) for request, answer in answers))

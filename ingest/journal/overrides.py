"""Requests to take a device over from its sequence, and the answers of the process that judges."""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from devices.instant import Instant

_ASK = """
INSERT INTO override_request (subject, sequence, mode, until, asked_by, asked_at)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (subject) DO UPDATE SET sequence = excluded.sequence, mode = excluded.mode,
    until = excluded.until, asked_at = excluded.asked_at,
    asked_by = excluded.asked_by, answer = NULL
"""
_ANSWER = """
UPDATE override_request SET answer = ?
WHERE subject = ? AND sequence = ? AND mode = ? AND until = ? AND asked_by = ?
"""
_REQUEST = "subject, sequence, mode, until, asked_by"
SUPERSEDED = "superseded"
"""The answer to a request that another one has replaced."""


class OverrideRequest(NamedTuple):
    """What a person wants of the device `<kind>/<device>`, until an instant of our time.

    `asked_by` is a reference that only another system can resolve, "" for none.
    """

    subject: str
    sequence: str
    mode: str
    until: Instant
    asked_by: str = ""


class Wanted(NamedTuple):
    """A request, when it was asked, and the answer, None for none yet."""

    request: OverrideRequest
    asked_at: Instant
    answer: str | None


def ask_override(database: sqlite3.Connection, request: OverrideRequest, now: Instant) -> None:
    """Ask the process that judges; part of the caller's transaction."""
    database.execute(_ASK, (*request, now))


def override_requests(reader: sqlite3.Connection) -> list[OverrideRequest]:
    """Return the requests that nobody has answered."""
    query = f"SELECT {_REQUEST} FROM override_request WHERE answer IS NULL"  # noqa: S608
    return [OverrideRequest(*row) for row in reader.execute(query)]


def overrides_wanted(reader: sqlite3.Connection, now: Instant) -> list[Wanted]:
    """Return what is in force, or is once a process judges, the first to end first."""
    query = (
        f"SELECT {_REQUEST}, asked_at, answer FROM override_request"  # noqa: S608 a constant
        " WHERE until > ? AND answer IS NOT 'refused' ORDER BY until, subject"
    )
    rows = reader.execute(query, (now,))
    return [Wanted(OverrideRequest(*row[:5]), *row[5:]) for row in rows]


def override_answer(reader: sqlite3.Connection, request: OverrideRequest) -> str | None:
    """Return the answer to the request, None while there is none, SUPERSEDED if there will be none.

    A device has one request, the last.
    """
    query = f"SELECT {_REQUEST}, answer FROM override_request WHERE subject = ?"  # noqa: S608
    *asked, answer = reader.execute(query, (request.subject,)).fetchone()
    return answer if OverrideRequest(*asked) == request else SUPERSEDED


def answer_overrides(
    database: sqlite3.Connection, answers: Iterable[tuple[OverrideRequest, str]]
) -> None:
    """Answer requests; part of the caller's transaction. One asked since then stays open."""
    database.executemany(_ANSWER, ((answer, *request) for request, answer in answers))

"""What the journal holds of commands, for the outbox and for people to look at."""

import sqlite3
from typing import NamedTuple

from devices.instant import Instant
from rules.subject import Subject

_COLUMNS = (
    "identity, kind, device, command, arguments, purpose, target, issued_at, expires_at, state,"
    " attempts, sent_at, answered_at, reason, proven_at"
)

_LONGEST_MS = 3_600_000
"""No command lasts longer; the index by age makes it quick."""


class StoredCommand(NamedTuple):
    """A command, and what has become of it. `arguments` is a JSON object."""

    identity: str
    kind: str
    device: str
    command: str
    arguments: str
    purpose: str
    target: str
    issued_at: Instant
    expires_at: Instant
    state: str
    attempts: int
    sent_at: Instant | None
    answered_at: Instant | None
    reason: str | None
    proven_at: Instant | None


def queued_commands(reader: sqlite3.Connection, most: int) -> list[StoredCommand]:
    """Return the commands that are to be sent, in order."""
    under_way = "state IN ('queued', 'sent')"  # as the index says it
    return _selected(reader, f"WHERE {under_way} AND state = 'queued' ORDER BY seq", most)


def commands_about(reader: sqlite3.Connection, device: str, now: Instant) -> list[StoredCommand]:
    """Return what the device `<kind>/<device>` may yet obey, though it may have not left."""
    kind, _, name = device.partition("/")
    query = (
        f"SELECT {_COLUMNS} FROM command WHERE issued_at > ? AND expires_at > ?"  # noqa: S608
        " AND kind = ? AND device = ? AND answered_at IS NULL AND proven_at IS NULL"
        " AND state IN ('queued', 'sent', 'withdrawn') ORDER BY seq"
    )
    found = reader.execute(query, (now - _LONGEST_MS, now, kind, name))
    return [StoredCommand(*row) for row in found]


def next_overdue(reader: sqlite3.Connection) -> Instant | None:
    """Return when the first command under way expires."""
    query = "SELECT min(expires_at) FROM command WHERE state IN ('queued', 'sent')"
    (at,) = reader.execute(query).fetchone()
    return at if at is None else int(at)


def newest_commands(reader: sqlite3.Connection, most: int, device: str = "") -> list[StoredCommand]:
    """Return the commands given last, the latest first; of a device, named with its kind or not."""
    return _selected(
        reader,
        "WHERE ? IN ('', device, kind || '/' || device) ORDER BY seq DESC",
        *(device, most),
    )


def commands_ordered(
    reader: sqlite3.Connection, orderer: Subject, span: tuple[Instant, Instant], most: int
) -> list[StoredCommand]:
    """Return the last commands that a subject gave from an instant to another, in order."""
    query = (
        f"SELECT {_COLUMNS} FROM command WHERE issued_at BETWEEN ? AND ?"  # noqa: S608 a constant
        " AND scope = ? AND subject = ? ORDER BY seq DESC LIMIT ?"
    )
    rows = reader.execute(query, (*span, *orderer, most)).fetchall()
    return [StoredCommand(*row) for row in reversed(rows)]


def command_of(reader: sqlite3.Connection, identity: str) -> StoredCommand | None:
    """Return the command of this identity, or None."""
    query = f"SELECT {_COLUMNS} FROM command WHERE identity = ?"  # noqa: S608 a constant
    row = reader.execute(query, (identity,)).fetchone()
    return StoredCommand(*row) if row else None


def _selected(reader: sqlite3.Connection, which: str, *values: object) -> list[StoredCommand]:
    query = f"SELECT {_COLUMNS} FROM command {which} LIMIT ?"  # noqa: S608 constants
    return [StoredCommand(*row) for row in reader.execute(query, values)]

"""The outbox of commands: written with what ordered them, and what became of each."""

import sqlite3
from collections.abc import Iterable, Sequence

from devices.instant import Instant
from devices.message import Reply
from ingest.journal.batch import Answered
from ingest.journal.consequences import CommandRow
from rules.effect import Proof
from rules.subject import Subject

_ADD = """
INSERT INTO command
    (identity, kind, device, command, arguments, purpose, target, scope, subject, issued_at,
    expires_at)
VALUES (:identity, :kind, :device, :command, :arguments, :purpose, :target, :scope, :subject,
    :issued_at, :expires_at)
ON CONFLICT (identity) DO NOTHING
"""
_SUPERSEDE = """
UPDATE command SET state = 'superseded'
WHERE kind = :kind AND device = :device AND target = :target AND identity <> :identity
    AND expires_at > :issued_at
    AND (state = 'queued' OR (state = 'sent' AND purpose = :purpose AND proven_at IS NULL))
"""
_ANSWER = """
UPDATE command SET state = ?, reason = ?, answered_at = ?
WHERE identity = ? AND answered_at IS NULL
"""
_MEANT = """
SELECT command, scope, subject FROM command WHERE identity = ? AND kind = ? AND device = ?
"""
_PROVE = """
UPDATE command SET proven_at = ?, state = iif(state = 'unanswered', 'proven', state)
WHERE identity = ? AND proven_at IS NULL
"""
_WITHDRAW = "UPDATE command SET state = 'withdrawn' WHERE identity = ? AND state = 'queued'"
_TRIED = "UPDATE command SET attempts = attempts + 1 WHERE identity = ?"
_SENT = """
UPDATE command SET state = 'sent', sent_at = ?
WHERE identity = ? AND state IN ('queued', 'withdrawn')
"""
_OVERDUE = """
UPDATE command SET state = CASE
    WHEN proven_at IS NOT NULL THEN 'proven' WHEN state = 'queued' THEN 'expired'
    ELSE 'unanswered' END
WHERE state IN ('queued', 'sent') AND expires_at <= ?
RETURNING kind, command, state
"""
_PRUNE = """
DELETE FROM command WHERE seq IN
(SELECT seq FROM command WHERE issued_at < ? ORDER BY issued_at LIMIT ?)
"""


class CommandTable:
    """Writes commands; part of the caller's transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add(self, commands: Iterable[CommandRow]) -> None:
        """Queue commands, in order; one that is known already changes nothing.

        A new one takes the place of those to its target that have not left, and of one of its
        purpose that nobody has answered; what has expired by then is past that, see `overdue`.
        """
        for command in commands:
            row = command._asdict()
            if self._database.execute(_ADD, row).rowcount:
                self._database.execute(_SUPERSEDE, row)

    def answer(self, reply: Reply) -> Answered | None:
        """Keep the first answer to a command; return what it answers, None if no command is meant.

        An answer of another device than the one that was told is none.
        """
        found = self._database.execute(_MEANT, (reply.id, reply.kind, reply.device)).fetchone()
        if found is None:
            return None
        answer = (reply.result, reply.reason, reply.received_at, reply.id)
        first = self._database.execute(_ANSWER, answer).rowcount == 1
        command, *orderer = found
        return Answered(command, Subject(*orderer), first)

    def prove(self, proofs: Iterable[Proof]) -> None:
        """Keep when the effect of commands was seen."""
        self._database.executemany(_PROVE, ((proof.at, proof.identity) for proof in proofs))

    def withdraw(self, identities: Iterable[str]) -> None:
        """Keep back what has not left; one that is just leaving is sent all the same."""
        self._database.executemany(_WITHDRAW, ((identity,) for identity in identities))

    def tried(self, tried: Sequence[str], sent: Sequence[str], now: Instant) -> None:
        """Count a try of some commands, and keep which of them the broker has."""
        self._database.executemany(_TRIED, ((identity,) for identity in tried))
        self._database.executemany(_SENT, ((now, identity) for identity in sent))

    def overdue(self, now: Instant) -> list[tuple[str, str, str]]:
        """End what has expired; return kind, command and state of each."""
        return self._database.execute(_OVERDUE, (now,)).fetchall()

    def prune(self, issued_before: Instant, most: int) -> int:
        """Remove some of the commands issued before, at most so many; return how many."""
        return self._database.execute(_PRUNE, (issued_before, most)).rowcount

"""Alerts with all their transitions, and the requests to reset one."""

import sqlite3
from collections.abc import Iterable, Mapping

from devices.instant import Instant
from ingest.journal.consequences import ChangeRow

_STATES = {
    "raised": "firing",
    "raised_late": "firing",
    "lost": "stale",
    "regained": "firing",
    "resolved": "resolved",
}
"""What an alert is after a transition; the others leave it as it is."""

_ADD_CHANGE = """
INSERT INTO alert_change
    (identity, alert, transition, severity, at, told_at, suppressed, evidence, text_zh, text_en)
VALUES (:identity, :alert, :transition, :severity, :at, :told_at, :suppressed, :evidence,
    :text_zh, :text_en)
ON CONFLICT (identity) DO NOTHING
"""
_WRITE_ALERT = """
INSERT INTO alert VALUES (:alert, :rule, :scope, :subject, :start_at, ifnull(:state, 'firing'),
    :severity, :severity, :at, :told_at, :suppressed, :evidence, :text_zh, :text_en, :areas, NULL)
ON CONFLICT (id) DO UPDATE SET state = ifnull(:state, state), severity = :severity,
    worst = max(worst, :severity), last_at = :at, told_at = :told_at, suppressed = :suppressed,
    evidence = :evidence, text_zh = :text_zh, text_en = :text_en, clear_at = CASE
        WHEN :transition = 'cleared' THEN :at
        WHEN :transition IN ('suppressed', 'resumed', 'would_not_have_fired') THEN clear_at END
"""
_ASK = """
INSERT INTO alert_reset VALUES (?, ?, NULL)
ON CONFLICT (alert) DO UPDATE SET asked_at = excluded.asked_at, answer = NULL
"""
_OLD = """
SELECT id FROM alert WHERE state = 'resolved' AND told_at < ?
    AND NOT EXISTS (SELECT 1 FROM alert_change WHERE alert = id AND seq > ?)
ORDER BY told_at LIMIT ?
"""


class AlertTable:
    """Writes alerts; part of the caller's transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def write(self, changes: Iterable[ChangeRow]) -> None:
        """Keep the transitions, in order; one that is kept already changes nothing."""
        for change in changes:
            row = {**change._asdict(), "state": _STATES.get(change.transition)}
            if self._database.execute(_ADD_CHANGE, row).rowcount:
                self._database.execute(_WRITE_ALERT, row)

    def answer(self, answers: Mapping[str, str]) -> None:
        """Answer requests to reset, by alert."""
        query = "UPDATE alert_reset SET answer = ?2 WHERE alert = ?1"
        self._database.executemany(query, answers.items())

    def prune(self, told_before: Instant, last: int, most: int) -> int:
        """Remove some of the resolved alerts last told of before, at most so many; say how many.

        Only those without a transition after number `last`.
        """
        old = self._database.execute(_OLD, (told_before, last, most)).fetchall()
        self._database.executemany("DELETE FROM alert_change WHERE alert = ?", old)
        self._database.execute("DELETE FROM alert_reset WHERE asked_at < ?", (told_before,))
        return self._database.executemany("DELETE FROM alert WHERE id = ?", old).rowcount


def ask_reset(database: sqlite3.Connection, alert: str, now: Instant) -> None:
    """Ask the process that judges to reset the latch of an alert."""
    database.execute(_ASK, (alert, now))

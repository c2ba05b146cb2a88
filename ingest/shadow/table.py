"""The tables of a trial, through the writer's own connection and within its transaction."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator

from pydantic_core import to_json

from devices.instant import Instant
from devices.reading import Reading
from ingest.journal.consequences import StateRow
from ingest.journal.outgoing import judged_after
from rules.effect import AlertChange
from rules.explanation import Text
from rules.lifecycle import Transition
from rules.memory import without
from rules.subject import Subject

_LOAD = """
SELECT state, 0 FROM shadow_state WHERE scope = ?1 AND id = ?2
UNION ALL SELECT state, 1 FROM subject_state WHERE scope = ?1 AND id = ?2 LIMIT 1
"""
_DEADLINES = """
SELECT deadline, scope, id FROM shadow_state WHERE deadline IS NOT NULL
UNION ALL SELECT deadline, scope, id FROM subject_state AS s WHERE deadline IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM shadow_state AS t WHERE t.scope = s.scope AND t.id = s.id)
"""
_STATE = """
INSERT INTO shadow_state VALUES (?, ?, ?, ?)
ON CONFLICT (scope, id) DO UPDATE SET state = excluded.state, deadline = excluded.deadline
"""
_BEGIN = "UPDATE shadow_trial SET started_at = ? WHERE started_at IS NULL"
_ALREADY_ON = """
INSERT INTO shadow_alert
SELECT id, rule, scope, subject, start_at, NULL, worst, text_zh, text_en FROM alert
WHERE state <> 'resolved' AND rule IN (SELECT value FROM json_each(?))
ON CONFLICT (id) DO NOTHING
"""
_ALERT = """
INSERT INTO shadow_alert VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (id) DO UPDATE SET end_at = ifnull(?6, end_at), severity = max(severity, ?7)
"""
_COUNT = "UPDATE shadow_trial SET readings = readings + ?, failures = failures + ?"
_END = "UPDATE shadow_trial SET ended_at = ?, why = ? WHERE ended_at IS NULL"


class ShadowTable:
    """What a trial keeps. A subject it has not touched is as the rules in force have left it.

    But for the rules that are `anew`: another rule's state means nothing to them.
    """

    def __init__(
        self, database: sqlite3.Connection, judged_to: int = 0, anew: frozenset[str] = frozenset()
    ) -> None:
        self._database = database
        self._anew = anew
        self.judged_to = judged_to
        """The number of the last reading that was stored before this transaction."""

    def load(self, subject: Subject) -> bytes | None:
        """Return the saved state of a subject, or None."""
        row = self._database.execute(_LOAD, subject).fetchone()
        if row is None:
            return None
        state, is_of_those_in_force = row
        return without(state, self._anew) if is_of_those_in_force and self._anew else state

    def deadlines(self) -> Iterator[tuple[Instant, Subject]]:
        """Yield every saved deadline."""
        for deadline, scope, id_ in self._database.execute(_DEADLINES):
            yield deadline, Subject(scope, id_)

    def since(self, subject: Subject, at: Instant) -> list[Reading]:
        """Return readings of a device measured after its saved state, which may not have them."""
        return judged_after(self._database, subject, at, self.judged_to)

    def begin(self, now: Instant, rules: Iterable[str]) -> None:
        """Note that the trial has started, with the alerts of these rules that are on already."""
        if self._database.execute(_BEGIN, (now,)).rowcount:
            goes_on = [rule for rule in rules if rule not in self._anew]
            self._database.execute(_ALREADY_ON, (to_json(goes_on).decode(),))

    def write(
        self,
        states: Iterable[StateRow],
        changes: Iterable[AlertChange],
        text: Callable[[AlertChange], Text],
    ) -> None:
        """Keep states and alerts."""
        self._database.executemany(_STATE, states)
        for change in changes:
            ended = change.at if change.transition is Transition.RESOLVED else None
            row = (change.alert, change.rule, *change.subject, change.start, ended)
            self._database.execute(_ALERT, (*row, change.severity, *text(change)))

    def count(self, readings: int, failures: int) -> None:
        """Add to what the trial has judged."""
        self._database.execute(_COUNT, (readings, failures))

    def end(self, now: Instant, why: str) -> None:
        """End the trial; its alerts stay, its states go."""
        self._database.execute(_END, (now, why))
        self._database.execute("DELETE FROM shadow_state")

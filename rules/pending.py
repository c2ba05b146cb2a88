"""Pending alerts: what was found, and is held back until it has lasted. Read from saved states."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from devices.instant import Instant
from rules.bound import Profile
from rules.finding import Evidence
from rules.lifecycle import Phase
from rules.memory import SavedState, restored
from rules.rule import AlertRule
from rules.subject import Subject


class Pending(NamedTuple):
    """An alert to be, if what was found lasts.

    `start_at` is device time, as of an alert. `fires_at` is ours; a further reading that confirms
    it may bring it forward, and one that does not ends it.
    """

    rule: AlertRule
    subject: Subject
    severity: int
    start_at: Instant
    fires_at: Instant
    evidence: Evidence


def pending_in(subject: Subject, state: bytes, rules: Mapping[str, AlertRule]) -> Iterator[Pending]:
    """Yield what of a saved state is pending, of these rules; ValueError as of `restored`."""
    memory = restored(subject, _NO_PROFILE, SavedState(state, None))
    for name, life in memory.lives.items():
        if life.phase is Phase.PENDING and name in rules:
            rule = rules[name]
            fires_at = life.found_at + rule.policy.hold - memory.ahead_ms
            yield Pending(rule, subject, life.severity, life.start, fires_at, life.evidence)


_NO_PROFILE = Profile(())

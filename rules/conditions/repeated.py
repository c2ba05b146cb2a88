"""Repeated: an event that comes several times within a window of time."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading, Value
from rules.condition import State, Verdict
from rules.finding import Finding, clear
from rules.moment import Moment
from rules.severity import Severity


class Often(NamedTuple):
    """How often within which time is too often, and where that comes from."""

    times: int
    window: timedelta
    severity: Severity
    source: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """Readings whose `field` holds one of the values, too often; over a window after the last.

    State: None, or the instants of the last of them, at most `often.times`, and since when, 0 for
    not found.
    """

    field: str
    values: frozenset[Value]
    often: Often

    def start(self) -> State:
        """Return the state before the first."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Count one more."""
        value, at = reading.values.get(self.field), reading.measured_at
        if value not in self.values:
            return state, None
        instants, since = state or ([], 0)
        window = milliseconds_of(self.often.window)
        instants = [each for each in (*instants, at) if each > at - window][-self.often.times :]
        if len(instants) < self.often.times:
            return (instants, since), None
        since = since or instants[0]
        evidence = {
            "value": value,
            "count": len(instants),
            "window_min": self.often.window / timedelta(minutes=1),
            "limit": self.often.times,
            "limit_from": self.often.source,
        }
        return (instants, since), Finding(self.often.severity, at, since, evidence)

    def tick(self, state: State, moment: Moment) -> Verdict:
        """Forget, when a window has passed without another."""
        deadline = self.deadline(state)
        if deadline is None or moment.at < deadline:
            return state, None
        return None, clear(moment.at) if state[1] else None

    def deadline(self, state: State) -> Instant | None:
        """Return when a window has passed since the last."""
        return None if state is None else state[0][-1] + milliseconds_of(self.often.window)

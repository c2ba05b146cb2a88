"""Episodes: what one event begins and another ends, graver the longer it lasts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, TypeAlias

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading, Value
from rules.condition import State, Verdict
from rules.finding import Evidence, Finding, clear
from rules.moment import Moment
from rules.severity import Severity

Signs: TypeAlias = Mapping[str, frozenset[Value]]
"""By field the values that are a sign."""


class Grade(NamedTuple):
    """How grave an episode is from this age on."""

    severity: Severity
    after: timedelta
    source: str


@dataclass(frozen=True, slots=True)
class Episode:
    """Begun by one sign, ended by another; readings between say nothing.

    `grades` in order of age; one from the beginning on has no `limit_min` in its evidence.
    State: None, or since when, and how many grades are reached.
    """

    begins: Signs
    ends: Signs
    grades: tuple[Grade, ...]

    def start(self) -> State:
        """Return the state of no episode."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Begin, end, or go on."""
        at = reading.measured_at
        if state is not None and _shows(reading, self.ends):
            return None, clear(at)
        if state is None and not _shows(reading, self.begins):
            return None, None
        since = at if state is None else state[0]
        return self._grown(since, 0 if state is None else state[1], at)

    def tick(self, state: State, moment: Moment) -> Verdict:
        """Grow older."""
        since, reached = state
        return self._grown(since, reached, moment.at)

    def deadline(self, state: State) -> Instant | None:
        """Return when the next grade is reached."""
        if state is None or state[1] == len(self.grades):
            return None
        since, reached = state
        return int(since + milliseconds_of(self.grades[reached].after))

    def _grown(self, since: Instant, reached: int, at: Instant) -> Verdict:
        while reached < len(self.grades):
            if at < since + milliseconds_of(self.grades[reached].after):
                break
            reached += 1
        if not reached:
            return (since, reached), None
        grade = self.grades[reached - 1]
        evidence: Evidence = {"limit_from": grade.source}
        if grade.after:
            evidence = {**evidence, "limit_min": grade.after / timedelta(minutes=1)}
        return (since, reached), Finding(grade.severity, at, since, evidence)


def _shows(reading: Reading, signs: Signs) -> bool:
    return any(reading.values.get(field) in values for field, values in signs.items())

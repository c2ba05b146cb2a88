"""Threshold: a value beyond a limit, in steps of severity, each with its own way back."""

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import NamedTuple

from devices.instant import Instant
from devices.reading import NUMBER, Reading
from rules.condition import FOR_EVER, Calm, State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear, unknown
from rules.severity import Severity


class Level(NamedTuple):
    """A limit, and the value on its good side at which it counts as left; where it comes from."""

    severity: Severity
    limit: float
    clear: float
    source: str


@dataclass(frozen=True)
class Threshold(Timeless):
    """A value at or beyond a limit: above it, or below it if `falling`.

    `levels` in order of severity, the least first; their limits in any: a graver one waits for no
    other. `samples` readings in a row are evidence enough
    without the hold; 0 leaves it to the hold. State: 0, or level number, since, readings in a row,
    and the worst value since then.
    """

    field: str
    levels: tuple[Level, ...]
    falling: bool = False
    samples: int = 0

    def start(self) -> State:
        """Return the state of clear."""
        return 0

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Return what the value says; a reading without it says nothing of a subject once found."""
        value, at = reading.values.get(self.field), reading.measured_at
        if not isinstance(value, NUMBER):
            return state, unknown(at) if state else None
        if not state and (value > self._first if self.falling else value < self._first):
            return 0, None
        before = state[0] if state else 0
        reached = self._reached(value, before)
        if not reached:
            return 0, clear(at) if state else None
        since = state[1] if state else at
        seen = min(state[2] + 1, self.samples) if state else 1
        worst = (min if self.falling else max)(value, state[3]) if state else value
        state = (reached, since, seen, worst)
        return state, self._finding(state, value, at)

    @cached_property
    def calm(self) -> Calm:
        """The values on the good side of all limits."""
        low, high = (self._first, inf) if self.falling else (-inf, self._first)
        return Calm(bounds=((self.field, low, high),), stays=True)

    def calm_until(self, state: State, at: Instant) -> Instant:  # noqa: ARG002 at any time
        """Return for ever while nothing is found."""
        return 0 if state else FOR_EVER

    @cached_property
    def _first(self) -> float:
        return (max if self.falling else min)(level.limit for level in self.levels)

    def _reached(self, value: float, before: int) -> int:
        """Return the number of the highest level reached, or not yet left if it was reached."""
        sign = -1 if self.falling else 1
        for number in range(len(self.levels), 0, -1):
            level = self.levels[number - 1]
            if sign * value >= sign * (level.clear if number <= before else level.limit):
                return number
        return 0

    def _finding(
        self, state: tuple[int, Instant, int, float], value: float, at: Instant
    ) -> Finding:
        reached, since, seen, worst = state
        level = self.levels[reached - 1]
        evidence: Evidence = {
            "value": value,
            "worst": worst,
            "limit": level.limit,
            "limit_from": level.source,
        }
        confirmed = 0 < self.samples <= seen
        return Finding(level.severity, at, since, evidence, confirmed=confirmed)

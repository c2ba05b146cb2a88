"""Frozen: a value that stays exactly the same for too long."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from devices.instant import milliseconds_of
from devices.reading import NUMBER, Reading
from rules.condition import State, Timeless, Verdict
from rules.finding import Finding, clear
from rules.severity import Severity


class Witness(NamedTuple):
    """Another field, and how far it must have moved meanwhile."""

    field: str
    moved: float


@dataclass(frozen=True, slots=True)
class Frozen(Timeless):
    """One and the same value, from `low` to `high` and not at `rest`, for `span` or longer.

    With a `witness`, only if every reading has it and it has moved since. A hole longer than
    `longest` between readings begins the time anew. State: None, or value, since, last at,
    witness's least and greatest, 1 if found;
    a sixth of `longest` is as fine as it looks.
    """

    field: str
    span: timedelta
    severity: Severity
    source: str
    low: float = -1e9
    high: float = 1e9
    rest: float | None = None
    witness: Witness | None = None
    longest: timedelta = timedelta(hours=1)

    def start(self) -> State:
        """Return the state before the first value."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Return for how long the value is the same."""
        values, at = reading.values, reading.measured_at
        value = values.get(self.field)
        if not isinstance(value, NUMBER):
            return state, None
        found = state is not None and state[5]
        seen = None if self.witness is None else values.get(self.witness.field)
        alone = self.witness is not None and seen is None
        if alone or not self.low <= value <= self.high or value == self.rest:
            return None, clear(at) if found else None
        longest = milliseconds_of(self.longest)
        if state is None or value != state[0] or at - state[2] > longest:
            return (value, at, at, seen, seen, 0), clear(at) if found else None
        _, since, last_at, least, greatest, _ = state
        if not found and at - since < milliseconds_of(self.span) and at - last_at < longest // 6:
            return state, None
        if seen is not None:
            least, greatest = min(least, seen), max(greatest, seen)
        if not found and not self._proven(at - since, least, greatest):
            return (value, since, at, least, greatest, 0), None
        evidence = {
            "value": value,
            "frozen_h": round((at - since) / milliseconds_of(timedelta(hours=1)), 1),
            "limit": self.span / timedelta(hours=1),
            "limit_from": self.source,
        }
        state = (value, since, at, least, greatest, 1)
        return state, Finding(self.severity, at, since, evidence)

    def _proven(self, same_for: int, least: float | None, greatest: float | None) -> bool:
        if same_for < milliseconds_of(self.span):
            return False
        if self.witness is None:
            return True
        return least is not None and greatest is not None and greatest - least >= self.witness.moved

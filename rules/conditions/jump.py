"""Jump: a value that leaps from one reading to the next."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from devices.instant import milliseconds_of
from devices.reading import NUMBER, Reading
from rules.condition import State, Timeless, Verdict
from rules.finding import Finding, clear
from rules.severity import Severity


class Step(NamedTuple):
    """A field, what it is called, and the largest step that is still usual."""

    name: str
    field: str
    limit: float


@dataclass(frozen=True, slots=True)
class Jump(Timeless):
    """A larger step, either way, between two readings no further apart than `longest`.

    State: None, or at, the values of the fields up to the last that
    has one, 1 if found.
    """

    steps: tuple[Step, ...]
    severity: Severity
    source: str
    longest: timedelta = timedelta(minutes=10)

    def start(self) -> State:
        """Return the state before the first value."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Return by how much a value leapt; the first of the fields that did."""
        at, get = reading.measured_at, reading.values.get
        values = [get(step.field) for step in self.steps]
        while values and values[-1] is None:
            values.pop()
        before_at, before, found = state or (at, values, 0)
        if at - before_at <= milliseconds_of(self.longest):
            for step, value, old in zip(self.steps, values, before, strict=False):
                if not isinstance(value, NUMBER) or old is None:
                    continue
                if abs(value - old) > step.limit:
                    evidence = {
                        "of": step.name,
                        "value": value,
                        "before": old,
                        "limit": step.limit,
                        "limit_from": self.source,
                    }
                    return (at, values, 1), Finding(self.severity, at, at, evidence)
        return (at, values, 0), clear(at) if found else None

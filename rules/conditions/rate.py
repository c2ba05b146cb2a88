"""Rate: how fast a value changes from one reading to the next."""

from dataclasses import dataclass
from datetime import timedelta

from devices.instant import milliseconds_of
from devices.reading import NUMBER, Reading
from rules.condition import State, Timeless, Verdict
from rules.conditions.threshold import Level
from rules.finding import Finding, clear, unknown


@dataclass(frozen=True, slots=True)
class Rate(Timeless):
    """A rise at or above a limit per `per`, or a fall if `falling`; levels as in a threshold.

    Readings closer than `shortest` say more of the sensor's steps than of the thing, so the earlier
    stays; readings further apart than `longest` say nothing. State: None, or value, at, level
    number, since.
    """

    field: str
    levels: tuple[Level, ...]
    per: timedelta
    shortest: timedelta
    longest: timedelta
    falling: bool = False

    def start(self) -> State:
        """Return the state before the first value."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Return how fast the value has changed."""
        value, at = reading.values.get(self.field), reading.measured_at
        if not isinstance(value, NUMBER):
            return state, unknown(at) if state and state[2] else None
        if state is None:
            return (value, at, 0, 0), None
        earlier, earlier_at, before, since = state
        apart = at - earlier_at
        if apart < milliseconds_of(self.shortest):
            return state, None
        if apart > milliseconds_of(self.longest):
            return (value, at, 0, 0), unknown(at) if before else None
        rate = (value - earlier) * milliseconds_of(self.per) / apart
        reached = self._reached(-rate if self.falling else rate, before)
        if not reached:
            return (value, at, 0, 0), clear(at) if before else None
        since, level = since or earlier_at, self.levels[reached - 1]
        evidence = {
            "value": value,
            "rate": round(rate, 2),
            "limit": level.limit,
            "limit_from": level.source,
        }
        return (value, at, reached, since), Finding(level.severity, at, since, evidence)

    def _reached(self, rate: float, before: int) -> int:
        for number in range(len(self.levels), 0, -1):
            level = self.levels[number - 1]
            if rate >= (level.clear if number <= before else level.limit):
                return number
        return 0

"""Baseline: a day against the same weekday of the weeks before, by median and MAD."""

from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.condition import State, Timeless, Verdict
from rules.conditions.accumulated import Amounts
from rules.finding import Finding, clear
from rules.severity import Severity

_DAY = 86_400_000
_DAY_MINUTES = 1_440
_NORMAL = 1.4826
"""Times the median absolute deviation is the standard deviation of normal values."""


class Band(NamedTuple):
    """What is still usual: up to the largest of three.

    `factor` times the median; the median plus `deviations` robust standard deviations; `floor`.
    """

    factor: float
    deviations: float
    floor: float
    source: str

    def upper(self, history: list[float]) -> float:
        """Return the largest usual value; the history must not be empty."""
        middle = median(history)
        deviation = _NORMAL * median(abs(value - middle) for value in history)
        return max(self.floor, self.factor * middle, middle + self.deviations * deviation)


@dataclass(frozen=True, slots=True)
class Baseline(Timeless):
    """A day's total above the subject's own band; judged when the next day begins.

    `fewest` to `most` of the same weekdays make the band. A day of which less than `coverage` is
    known is neither judged nor remembered, an unusual one is judged and not remembered. State: day
    number, total, minutes; the totals by weekday; since, 0 for usual.
    """

    amounts: Amounts
    band: Band
    severity: Severity
    fewest: int = 4
    most: int = 8
    coverage: float = 0.95
    utc_offset: timedelta = timedelta(hours=8)

    def start(self) -> State:
        """Return the state before the first amount."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Add the amount; judge the day before if this one is new."""
        amount = self.amounts.of(reading)
        if amount is None:
            return state, None
        number = (reading.measured_at + milliseconds_of(self.utc_offset) - 1) // _DAY
        day, total, minutes, history, since = state or (number, 0.0, 0, [[]] * 7, 0)
        if number == day:
            return (day, round(total + amount[0], 6), minutes + amount[1], history, since), None
        history, since, finding = self._closed((day, total, minutes, history, since))
        return (number, *amount, history, since), finding

    def _closed(self, state: State) -> tuple[list[list[float]], Instant, Finding | None]:
        day, total, minutes, history, since = state
        if minutes < self.coverage * _DAY_MINUTES:
            return history, since, None
        usual, ended_at = history[day % 7], self._start_of(day + 1)
        if len(usual) >= self.fewest and total > (upper := self.band.upper(usual)):
            since = since or self._start_of(day)
            evidence = {
                "total": total,
                "median": median(usual),
                "limit": round(upper, 6),
                "days": len(usual),
                "limit_from": self.band.source,
            }
            return history, since, Finding(self.severity, ended_at, since, evidence)
        remembered = [*usual, total][-self.most :]
        history = [*history[: day % 7], remembered, *history[day % 7 + 1 :]]
        return history, 0, clear(ended_at) if since else None

    def _start_of(self, day: int) -> Instant:
        return day * _DAY - milliseconds_of(self.utc_offset)

"""Baseline: a day's water against the same weekday of the weeks before, by median and MAD."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import NamedTuple

from devices.reading import Reading
from rules.condition import State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear
from rules.severity import Severity
from rules.water_day import DAY, day_in

_NORMAL = 1.4826
"""Times the median absolute deviation is the standard deviation of normal values."""


class Usual(NamedTuple):
    """Median and robust standard deviation of a history; the largest value still usual, and why."""

    median: float
    deviation: float
    upper: float
    source: str


class Band(NamedTuple):
    """What is still usual: up to the largest of three.

    `factor` times the median; the median plus `deviations` robust standard deviations; `floor`.
    """

    factor: float
    deviations: float
    floor: float
    source: str
    floor_source: str

    def usual(self, history: Sequence[float]) -> Usual:
        """Return what a history, which must not be empty, makes usual."""
        middle = median(history)
        deviation = _NORMAL * median(abs(value - middle) for value in history)
        upper = max(self.factor * middle, middle + self.deviations * deviation)
        if upper > self.floor:
            return Usual(middle, deviation, upper, self.source)
        return Usual(middle, deviation, self.floor, self.floor_source)


@dataclass(frozen=True, slots=True)
class Baseline(Timeless):
    """A day's use in L above the subject's own band; judged when the day has ended.

    `fewest` to `most` of the same weekdays make the band. A day that is not known is neither judged
    nor remembered, nor is one that may only have what is of the day before. An unusual one is
    judged and not remembered, until such days have been usual for `adapts`: then they are. State:
    the totals by weekday, to a litre; since, or for usual the number of the last such day,
    negative.
    """

    band: Band
    severity: Severity
    fewest: int = 4
    most: int = 8
    adapts: timedelta = timedelta(days=28)

    def start(self) -> State:
        """Return the state before the first day."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Judge the day that a reading ends."""
        day = day_in(reading)
        if day is None or not day.known:
            return state, None
        history, since = state or ([[]] * 7, 0)
        follows, since = since == 1 - day.number, max(0, since)
        before: list[float] = history[day.number % 7]
        usual = self.band.usual(before) if len(before) >= self.fewest else None
        if usual and day.litres > usual.upper and not since:
            late = _late(history[day.number % 7 - 1], follows=follows)
            if day.litres - late <= usual.upper:
                return state, None
        evidence: Evidence = {}
        if usual and day.litres > usual.upper:
            since = since or day.start_at
            evidence = {
                "day_l": round(day.litres, 1),
                "median_l": round(usual.median, 1),
                "limit_l": round(usual.upper, 1),
                "days": len(before),
                "limit_from": usual.source,
            }
            if day.end_at - since < self.adapts.days * DAY:
                return (history, since), Finding(self.severity, day.end_at, since, evidence)
        remembered = [*before, round(day.litres)][-self.most :]
        history = [*history[: day.number % 7], remembered, *history[day.number % 7 + 1 :]]
        if evidence:
            return (history, since), Finding(self.severity, day.end_at, since, evidence)
        return (history, -day.number), clear(day.end_at) if since else None


def _late(before: list[float], *, follows: bool) -> float:
    """Return what may be of the day before: what it lacked; all that is usual of one not known."""
    if not before:
        return 0.0
    return max(0.0, median(before[:-1] or before) - before[-1]) if follows else median(before)

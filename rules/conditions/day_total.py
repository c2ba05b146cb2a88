"""Day total: the water of a local day above a limit, or below it."""

from collections.abc import Iterable
from dataclasses import dataclass

from devices.instant import Instant
from devices.reading import Reading
from rules.condition import State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear
from rules.meter_size import LARGEST_FLOW_LH
from rules.severity import Severity
from rules.water_day import DAY, Day, day_in, number_of_day
from rules.water_use import slot_litres

LEARNT_DAYS = 30
"""The share of days is that of so many and more."""
FEWEST_DAYS = 14
"""Before, nothing is known of a home's days."""
_START = (0.0, 0, 0, 0)
_NEVER_HIGH = (0, 0, 0, 0.0)


@dataclass(frozen=True, slots=True)
class HighDay(Timeless):
    """A day's use above `limit_l`: what is known of the day is enough, unless it is of another day.

    Of a day that comes late, in slots, what has come late is added up by itself; a slot above
    `most_lh` is not known. State: 0; or since, 0 for not high, the last day told, the last day of
    which slots came late, their litres.
    """

    limit_l: float
    severity: Severity
    source: str
    most_lh: float = LARGEST_FLOW_LH

    def start(self) -> State:
        """Return the state of a day that was not high."""
        return 0

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Judge the day that a reading ends; one not known well enough to be low says nothing."""
        day = day_in(reading)
        if day is None:
            return state, None
        if day.litres > self.limit_l and day.known_ms >= 0:
            since, _, *late = state or _NEVER_HIGH
            since = since or day.start_at
            return (since, day.number, *late), self._finding(day, day.end_at, since)
        if not state or not state[0] or not day.known:
            return state, None
        return (0, *state[1:]), clear(day.end_at)

    def amend(self, state: State, reading: Reading) -> Verdict:
        """Add up the slots of a day that come late; one told already is not told again."""
        litres, at = slot_litres(reading, self.most_lh), reading.measured_at
        if litres is None:
            return state, None
        since, told, late, before = state or _NEVER_HIGH
        number = number_of_day(at - 1)
        day = Day(number, litres + (before if number == late else 0.0), 0)
        if number == told or day.litres <= self.limit_l:
            return (since, told, number, day.litres), None
        after = (since or day.start_at, number, number, day.litres)
        return after, self._finding(day, at, day.start_at)

    def _finding(self, day: Day, at: Instant, since: Instant) -> Finding:
        evidence: Evidence = {
            "day_l": round(day.litres, 1),
            "limit_l": self.limit_l,
            "limit_from": self.source,
        }
        return Finding(self.severity, at, since, evidence)


@dataclass(frozen=True, slots=True)
class LowDay(Timeless):
    """Each day's use below `limit_l`, for `days` in a row of which nearly all is known.

    A day less is enough if the counter moved on the last: one that stands may be frozen.
    Only in a home that usually is not so: on at least `share` of its last 30 days and more, judged
    from 14 on. A day that is excused or not known is not low, but does not end what was told unless
    it has water. State: the share of days that were not low, of how many; since, low days in a row.
    """

    limit_l: float
    days: int
    share: float
    source: str

    def start(self) -> State:
        """Return the state before the first day."""
        return _START

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Judge the day that a reading ends."""
        day = day_in(reading)
        if day is None:
            return state, None
        share, known, since, row = state
        told = row >= self.days and known >= FEWEST_DAYS and share >= self.share
        if day.excused or day.litres >= self.limit_l:
            usual = [1] * (day.known and not day.excused)
            share, known = wet_share(share, known, [0] * min(row, LEARNT_DAYS) + usual)
            return (share, known, 0, 0), clear(day.end_at) if row else None
        if not day.known:
            return state if told else (share, known, 0, 0), None
        since, row = since or day.start_at, row + 1
        if day.litres and row == self.days - 1:
            row = self.days
        after = (share, known, since, row)
        if row < self.days or known < FEWEST_DAYS or share < self.share:
            return after, None
        evidence: Evidence = {
            "day_l": round(day.litres, 1),
            "low_days": (day.end_at - since) // DAY,
            "limit_l": self.limit_l,
            "limit_from": self.source,
        }
        return after, Finding(Severity.NOTICE, day.end_at, since, evidence)


def wet_share(share: float, known: int, days: Iterable[int]) -> tuple[float, int]:
    """Return the share of days that had water, and of how many, after some more."""
    for wet in days:
        known = min(known + 1, LEARNT_DAYS)
        share += (wet - share) / known
    return round(share, 4), known

"""Accumulated: what adds up in a window of time, judged when enough of the window is known."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, Protocol, TypeAlias

from devices.instant import Instant, milliseconds_of
from devices.reading import NUMBER, Reading
from rules.condition import State, Timeless, Verdict
from rules.conditions.threshold import Level
from rules.finding import Evidence, Finding, clear, unknown
from rules.water_day import day_in

_MINUTE = 60_000
_Buckets: TypeAlias = list[tuple[float, float]]


class Amount(NamedTuple):
    """What came in the minutes before an instant."""

    value: float
    minutes: float
    end_at: Instant


class Source(Protocol):
    """Where amounts come from."""

    def of(self, reading: Reading) -> Amount | None:
        """Return what a reading holds, None for nothing."""


class Amounts(NamedTuple):
    """A field that holds an amount for the time before a reading, and one for its minutes."""

    field: str
    minutes_field: str

    def of(self, reading: Reading) -> Amount | None:
        """Return amount and minutes, or None if the reading holds none."""
        amount = reading.values.get(self.field)
        minutes = reading.values.get(self.minutes_field)
        if isinstance(amount, NUMBER) and isinstance(minutes, NUMBER):
            return Amount(amount, minutes, reading.measured_at)
        return None


class WaterDays(NamedTuple):
    """The litres of each local day that has ended; a day with water of another one counts for none.

    For buckets of a day at +08:00.
    """

    def of(self, reading: Reading) -> Amount | None:
        """Return the day that a reading ends."""
        day = day_in(reading)
        if day is None:
            return None
        litres = day.litres if day.known_ms >= 0 else 0.0
        return Amount(round(litres), round(max(day.known_ms, 0) / _MINUTE), day.end_at)


@dataclass(frozen=True, slots=True)
class Accumulated(Timeless):
    """An amount in the last `window` above a limit, or below it if `falling`.

    The window slides by `bucket`, or, with `calendar`, starts anew with each window of local time
    at `utc_offset`. A sum is judged as low only if `coverage` of a whole window is known; as high,
    it is enough that what is known is too much. A day of the calendar that was low stays so until
    another is known. Levels as in a threshold. State: number of the
    newest bucket; amount and minutes of each, the newest last; level number; since.
    """

    amounts: Source
    window: timedelta
    bucket: timedelta
    levels: tuple[Level, ...]
    coverage: float = 0.95
    falling: bool = False
    calendar: bool = False
    utc_offset: timedelta = timedelta(hours=8)

    def start(self) -> State:
        """Return the state before the first amount."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Add the amount and judge the sum."""
        amount = self.amounts.of(reading)
        if amount is None:
            return state, unknown(reading.measured_at) if state and state[2] else None
        number = self._number(amount.end_at)
        newest, buckets, before, since = state or (number, [], 0, 0)
        if self.calendar and self._window_of(number) != self._window_of(newest):
            buckets = []
        buckets = self._moved(buckets, number - newest)
        buckets[-1] = _added(buckets[-1], amount)
        return self._judged((number, buckets, before, since), amount.end_at)

    def amend(self, state: State, reading: Reading) -> Verdict:
        """Add a late amount to its own bucket, if the window still holds it."""
        amount = self.amounts.of(reading)
        if state is None or amount is None:
            return state, None
        newest, buckets, before, since = state
        back = newest - self._number(amount.end_at)
        if not 0 <= back < len(buckets):
            return state, None
        place = len(buckets) - 1 - back
        buckets = [*buckets[:place], _added(buckets[place], amount), *buckets[place + 1 :]]
        (_, _, reached, _), finding = self._judged((newest, buckets, before, since), amount.end_at)
        if finding is None or not finding.known or (before and reached):
            return (newest, buckets, before, since), None
        return (newest, buckets, reached, finding.since if reached else 0), finding

    def _judged(self, state: State, at: Instant) -> Verdict:
        number, buckets, before, since = state
        total = round(sum(amount for amount, _ in buckets), 6)
        minutes = sum(minutes for _, minutes in buckets)
        whole = milliseconds_of(self.window) / _MINUTE
        known = minutes >= self.coverage * whole
        reached = self._reached(total, before) if known or not self.falling else 0
        if not reached:
            if not before:
                return (number, buckets, 0, 0), None
            if known or (self.calendar and not self.falling):
                return (number, buckets, 0, 0), clear(at)
            return (number, buckets, before, since), None if self.calendar else unknown(at)
        since = since or at - round(min(minutes, whole) * _MINUTE)
        level = self.levels[reached - 1]
        evidence: Evidence = {
            "total": total,
            "hours": milliseconds_of(self.window) / (60 * _MINUTE),
            "coverage_pct": round(min(1.0, minutes / whole) * 100),
            "limit": level.limit,
            "limit_from": level.source,
        }
        return (number, buckets, reached, since), Finding(level.severity, at, since, evidence)

    def _reached(self, total: float, before: int) -> int:
        sign = -1 if self.falling else 1
        for number in range(len(self.levels), 0, -1):
            level = self.levels[number - 1]
            if sign * total > sign * (level.clear if number <= before else level.limit):
                return number
        return 0

    def _moved(self, buckets: _Buckets, steps: int) -> _Buckets:
        kept = self.window // self.bucket
        buckets = list(buckets) or [(0, 0)]
        return [*buckets, *((0, 0),) * min(max(steps, 0), kept)][-kept:]

    def _number(self, at: Instant) -> int:
        local = at + milliseconds_of(self.utc_offset)
        return (local - 1) // milliseconds_of(self.bucket)

    def _window_of(self, number: int) -> int:
        return number // (self.window // self.bucket)


def _added(bucket: tuple[float, float], amount: Amount) -> tuple[float, float]:
    return round(bucket[0] + amount.value, 6), bucket[1] + amount.minutes

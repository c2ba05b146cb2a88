"""Water by the calendar: what a meter counted in each local day, and the least flow of each night.

Both are derived once for all rules that judge days or nights, and have a value only at the reading
that shows that the day or night is over.
"""

from datetime import timedelta
from math import inf
from typing import Any, NamedTuple, cast

from devices.instant import Instant, milliseconds_of
from devices.reading import NUMBER, Reading, Values
from rules.condition import State
from rules.water_use import (
    HOUR,
    ROUNDED_LH,
    WATER_USE,
    Bounds,
    Step,
    Use,
    hundredths,
    thousandths,
    use_in,
)

WATER_DAY = "water_day"
"""The field by which rules read the `Day` that has ended, see `rules.derived`."""
WATER_NIGHT = "water_night"
"""The field by which rules read the `Night` that has ended."""
DAY = 24 * HOUR
NIGHT_FROM = 2 * HOUR
NIGHT_UNTIL = 5 * HOUR
"""IWA practice: the least of 02:00 to 04:00. An hour more, so that an hourly meter that is not
aligned to the hour has two whole slots in it."""
_UTC_OFFSET = milliseconds_of(timedelta(hours=8))
_COVERAGE = 0.95
_STOOD = 20 * HOUR
_AT_ONCE_L = 100.0
"""A counter that stood for longer than a working day and a night, and goes on with more than a
shower at once, was frozen: it counted in the meantime (general knowledge)."""
_FROZEN = -2 * DAY
_COARSEST_L = 10
"""A meter that counts in larger steps looks dry for days (practice)."""
_SHUT, _WAS_SHUT, _COARSE = 1, 2, 4
_NONE = (0, 0.0, 0, 0, 0, 0)
_SETTLED = 6 * HOUR
_SETTLED_READINGS = 5
"""By so long after midnight, and so many readings, a counter that is wrong has mostly gone back
(choices)."""
_NIGHT_COVERAGE = 0.6
_LONGEST_NIGHT_SLOT = 75 * 60_000
"""A longer one may hide a pause: its mean is not the least flow (a choice: an hour, and late)."""


class Day(NamedTuple):
    """A local day, by its number: the litres known of it, and of how many milliseconds.

    A gap within the day is known, because the counter has its volume; one over midnight is not, nor
    is a step of the counter: what looks like a rollover may be another meter. The
    milliseconds are negative if the counter was frozen before: then it has water of another day; or
    if it went back: then what it rose before may have been no water.
    `excused`: that it is dry says nothing, because the valve was shut, or because the meter counts
    in steps of more than 10 L.
    """

    number: int
    litres: float
    known_ms: int
    excused: bool = False

    @property
    def known(self) -> bool:
        """Whether nearly all of it is known."""
        return self.known_ms >= _COVERAGE * DAY

    @property
    def start_at(self) -> Instant:
        """When it began."""
        return self.number * DAY - _UTC_OFFSET

    @property
    def end_at(self) -> Instant:
        """When it ended."""
        return self.start_at + DAY


class Night(NamedTuple):
    """The night of a local day: its least flow in L/h, and of how many milliseconds.

    Only slots of at most 75 minutes that lie in it whole count.
    """

    number: int
    least_lh: float
    known_ms: int

    @property
    def known(self) -> bool:
        """Whether most of it is known."""
        return self.known_ms >= _NIGHT_COVERAGE * (NIGHT_UNTIL - NIGHT_FROM)

    @property
    def start_at(self) -> Instant:
        """When it began."""
        return self.number * DAY - _UTC_OFFSET + NIGHT_FROM

    @property
    def end_at(self) -> Instant:
        """When it ended."""
        return self.number * DAY - _UTC_OFFSET + NIGHT_UNTIL


def day_in(reading: Reading) -> Day | None:
    """Return the day that a reading was found to end, None for none."""
    return cast("Day | None", reading.values.get(WATER_DAY))


def night_in(reading: Reading) -> Night | None:
    """Return the night that a reading was found to end, None for none."""
    return cast("Night | None", reading.values.get(WATER_NIGHT))


def number_of_day(at: Instant) -> int:
    """Return the number of a local day."""
    return (at + _UTC_OFFSET) // DAY


def day_of(state: State, reading: Reading) -> tuple[State, Day | None]:
    """Add the use that a reading shows; return the day that is over by it.

    What a counter says of a day is told six hours and five readings after it, at the latest after
    the next, for a count may yet turn out wrong; what a meter measured in slots, at once. State: of
    the day that runs its number, litres and milliseconds known; when the counter last moved; as
    bits, whether the valve is shut, whether it was in this day, whether the meter is coarse; the
    day that is over and not told yet, with the readings since, or 0.
    """
    values = reading.values
    number, litres, known_ms, moved_at, status, over = state or _NONE
    was = status
    if status or values.get("valve") == "shut" or "resolution_l" in values:
        status = _status(status, values)
    use = cast("Use | None", values.get(WATER_USE))
    if use is None or use.step is not None or (more := use.litres) is None:
        same = status == was and not _went_back(use)
        return state if same else _without_use(state or _NONE, status, use), None
    start_at, end_at = use.start_at, use.end_at
    frozen, midnight = 0, number * DAY - _UTC_OFFSET
    if more and number:
        if more >= _AT_ONCE_L and end_at - moved_at >= _STOOD:
            frozen, known_ms, over = _FROZEN, known_ms + _FROZEN, _unknown(over)
        moved_at = end_at
    if midnight <= start_at and end_at < midnight + DAY:
        known_ms += end_at - start_at
        if more:
            litres = thousandths(litres + more)
        if not over:
            return (number, litres, known_ms, moved_at, status, 0), None
        over, day = _settled(over, None, end_at)
        return (number, litres, known_ms, moved_at, status, over), day
    if end_at < midnight:
        return state, None
    before = (number, litres, known_ms, moved_at or end_at, status, over)
    return _over_midnight(before, use, frozen, "increment_m3" in values)


def _over_midnight(state: State, use: Use, frozen: int, at_once: bool) -> tuple[State, Day | None]:  # noqa: FBT001 of two kinds of meter
    number, litres, known_ms, moved_at, status, over = state
    today = number_of_day(use.end_at)
    old = Day(number, litres, known_ms, status > 0) if number else None
    new, ended = _turned(old, use, today)
    if ended is not None:
        status = status | _WAS_SHUT if status & _SHUT else status & ~_WAS_SHUT
        new = new._replace(known_ms=new.known_ms + frozen)
    day = ended
    if ended is None or not at_once:
        over, day = _settled(over, ended, use.end_at)
    return (today, new.litres, new.known_ms, moved_at, status, over), day


def _without_use(state: State, status: int, use: Use | None) -> State:
    """Return the state with a status, after a reading of which no use is known."""
    number, litres, known_ms, moved_at, _, over = state
    if _went_back(use):
        known_ms, over = known_ms + _FROZEN, _unknown(over)
    return number, litres, known_ms, moved_at, status, over


def _settled(over: State, ended: Day | None, at: Instant) -> tuple[State, Day | None]:
    """Return the day that waits, or 0, and the one to be told, of one that waited and a new one."""
    waits = 0 if ended is None else (*ended, 1)
    if not over:
        return waits, None
    *day, readings = over
    told = Day(*cast("tuple[int, float, int, bool]", day))
    if ended is not None or (readings + 1 >= _SETTLED_READINGS and at >= told.end_at + _SETTLED):
        return waits, told
    return (*day, readings + 1), None


def _unknown(over: State) -> State:
    """Return a day that waits as one that is not known, for the counter was wrong."""
    return (*over[:2], over[2] + _FROZEN, *over[3:]) if over else 0


def day_until(state: State, at: Instant) -> Instant:  # noqa: ARG001 the state has it
    """Return until when readings of a counter tell of no day; 0 for not known."""
    if not state or not state[0]:
        return 0
    number: int = state[5][0] if state[5] else state[0]
    return (number + 1) * DAY - _UTC_OFFSET + _SETTLED


def _went_back(use: Use | None) -> bool:
    """Return whether the counter fell: then its rise before may have been no water."""
    if use is None or use.step is not Step.ERROR or use.counts is None:
        return False
    return use.counts[1] < use.counts[0]


def _turned(old: Day | None, use: Use, number: int) -> tuple[Day, Day | None]:
    """End the day that runs; a slot over midnight is parted in proportion, a gap is not known."""
    midnight = number * DAY - _UTC_OFFSET
    litres, after = use.litres or 0.0, use.end_at - max(use.start_at, midnight)
    whole = use.end_at - use.start_at
    known = use.slot or after in (0, whole)
    new = Day(number, thousandths(litres * after / whole) if known else 0.0, after if known else 0)
    if old is None:
        return new, None
    if number == old.number:
        litres, known_ms = thousandths(old.litres + new.litres), old.known_ms + new.known_ms
        return Day(number, litres, known_ms), None
    if known and number_of_day(use.start_at) == old.number == number - 1:
        litres = thousandths(old.litres + litres - new.litres)
        old = old._replace(litres=litres, known_ms=old.known_ms + whole - after)
    return new, old


def _status(bits: int, values: Values) -> int:
    valve, resolution = values.get("valve"), values.get("resolution_l")
    if valve is not None:
        bits = bits | _SHUT | _WAS_SHUT if valve == "shut" else bits & ~_SHUT
    if isinstance(resolution, int):
        bits = bits | _COARSE if resolution > _COARSEST_L else bits & ~_COARSE
    return bits


def night_of(state: State, reading: Reading) -> tuple[State, Night | None]:
    """Return the night that a reading shows to be over. State: the night that runs, or None."""
    use = use_in(reading)
    if use is None:
        return state, None
    start_at = use.start_at
    since = (start_at + _UTC_OFFSET) % DAY
    until = since + use.end_at - start_at
    if since < NIGHT_FROM or until > NIGHT_UNTIL:
        return None, None if state is None else Night(*state)
    if use.litres is None or use.end_at - start_at > _LONGEST_NIGHT_SLOT:
        return state, None
    number = number_of_day(start_at)
    flow, known = hundredths(use.flow_lh), use.end_at - start_at
    if state is not None and state[0] == number:
        flow, known = min(flow, state[1]), known + state[2]
    now = Night(number, flow, known)
    if until == NIGHT_UNTIL:
        return None, now
    return tuple(now), None


class NightGuard:
    """Looks over the nights of readings that wait, see `rules.lull`: whether each has a quiet slot.

    A flow is quiet below the bound, less what rounding adds to it.
    """

    __slots__ = ("_at", "_begins_at", "_begun", "_count", "_most_lh", "_quiet")

    def __init__(self, state: State, at: Instant, count: float, most_lh: float) -> None:
        self._at, self._count = at, count
        begins_at = number_of_day(at) * DAY - _UTC_OFFSET + NIGHT_FROM
        is_over = at >= begins_at + NIGHT_UNTIL - NIGHT_FROM
        self._begins_at = begins_at + DAY if is_over else begins_at
        self._most_lh = most_lh - ROUNDED_LH
        self._begun = state is not None
        self._quiet = state is not None and state[1] < self._most_lh

    def admits(self, at: Instant, values: Values) -> bool:
        """Return whether a reading can wait: it ends no night, or a quiet one."""
        count: Any = values["cumulative_m3"]
        start_at, before = self._at, self._count
        self._at, self._count = at, count
        if start_at < self._begins_at:
            return True
        ends_at = self._begins_at + NIGHT_UNTIL - NIGHT_FROM
        if at <= ends_at:
            if at - start_at <= _LONGEST_NIGHT_SLOT:
                flow = (count - before) * 1_000 * HOUR / (at - start_at)
                self._begun, self._quiet = True, self._quiet or flow < self._most_lh
            if at < ends_at:
                return True
        is_quiet = self._quiet or not self._begun
        self._begins_at += DAY
        self._begun = self._quiet = False
        return is_quiet


def night_guard(state: State, newest: Reading, bounds: Bounds) -> NightGuard | None:
    """Return a guard that goes on from a meter's newest reading, None where a night is to end."""
    at, count = newest.measured_at, newest.values.get("cumulative_m3")
    if not isinstance(count, NUMBER) or (state is not None and state[0] != number_of_day(at)):
        return None
    return NightGuard(state, at, count, bounds.get(WATER_NIGHT, inf))

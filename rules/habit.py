"""Habit: the hours in which a dwelling showed life, and how long it is usually quiet."""

from datetime import timedelta
from statistics import median
from typing import NamedTuple, TypeAlias

from devices.instant import Instant, milliseconds_of

_HOUR = 3_600_000
_UTC_OFFSET = milliseconds_of(timedelta(hours=8))
_HOURS_KEPT = 96
_DAYS_KEPT = 28
_FEWEST_DAYS = 7
_NORMAL = 1.4826
"""Times the median absolute deviation is the standard deviation of normal values."""

Days: TypeAlias = list[int]
"""Of each day its longest quiet time in hours, the oldest first."""


class Hours(NamedTuple):
    """The last 96 hours as bits: the lowest is `newest`, an hour of local time; 1 is life.

    In hexadecimal: more than 64 bits are no number to every reader of JSON.
    """

    newest: int = 0
    lived: str = "0"

    def with_life(self, since: Instant, until: Instant) -> "Hours":
        """Return them with every hour of a span marked; spans older than all are passed over."""
        first, last = hour_of(since), hour_of(until)
        newest = max(self.newest, last)
        lived = int(self.lived, 16) << min(newest - self.newest, _HOURS_KEPT)
        low, high = newest - last, min(newest - first + 1, _HOURS_KEPT)
        if high > low:
            lived |= (1 << high) - (1 << low)
        return Hours(newest, f"{lived & ((1 << _HOURS_KEPT) - 1):x}")

    def longest_quiet(self, day: int, since: Instant) -> int:
        """Return the most hours without life in a row that end on a day, begun at `since` or on."""
        longest = run = 0
        lived = int(self.lived, 16)
        end = 24 * day + 24
        for hour in range(max(hour_of(since), end - _HOURS_KEPT), end):
            place = self.newest - hour
            run = 0 if place >= 0 and lived >> place & 1 else run + 1
            if hour >= 24 * day:
                longest = max(longest, run)
        return longest


def hour_of(at: Instant) -> int:
    """Return the number of an hour of local time."""
    return (at + _UTC_OFFSET) // _HOUR


def day_of(at: Instant) -> int:
    """Return the number of a local day."""
    return hour_of(at) // 24


def remembered(days: Days, quiet: int) -> Days:
    """Return the days with another one."""
    return [*days, quiet][-_DAYS_KEPT:]


def usual_upper(days: Days) -> float | None:
    """Return the longest quiet time in hours that is still usual; None before it is known.

    Median and three robust standard deviations, and at least half as much again as the median.
    """
    if len(days) < _FEWEST_DAYS:
        return None
    middle = median(days)
    deviation = _NORMAL * median(abs(day - middle) for day in days)
    return float(max(middle + 3 * deviation, 1.5 * middle))

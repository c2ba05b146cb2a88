"""Local time of a simulated community: days, weekdays, seasons, and instants as local text."""

from datetime import UTC, datetime, timedelta, timezone
from math import cos, pi
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
"""Milliseconds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WARMEST_DAY = 205
"""Late July, counted from the first of January."""


class Window(NamedTuple):
    """A span of time, its end not included; it lasts for ever if `end_at` is None."""

    start_at: Instant
    end_at: Instant | None

    def covers(self, instant: Instant) -> bool:
        """Return whether the instant lies inside."""
        return self.start_at <= instant and (self.end_at is None or instant < self.end_at)

    def elapsed(self, instant: Instant) -> int:
        """Return how many of its milliseconds have passed at the instant."""
        reached = instant if self.end_at is None else min(instant, self.end_at)
        return max(0, reached - self.start_at)


class Calendar:
    """A fixed offset from UTC. Days are numbered from 1970-01-01."""

    def __init__(self, utc_offset: timedelta) -> None:
        self._offset = milliseconds_of(utc_offset)
        self._zone = timezone(utc_offset)

    def day_of(self, instant: Instant) -> int:
        """Return the number of the local day."""
        return (instant + self._offset) // DAY

    def start_of(self, day: int) -> Instant:
        """Return the local midnight that begins the day."""
        return day * DAY - self._offset

    def text_of(self, instant: Instant) -> str:
        """Return the instant as ISO 8601 text with the local offset."""
        moment = (_EPOCH + timedelta(milliseconds=instant)).astimezone(self._zone)
        return moment.isoformat(timespec="milliseconds" if instant % SECOND else "seconds")


def is_weekend(day: int) -> bool:
    """Return whether the day is a Saturday or Sunday; day 0 was a Thursday."""
    return (day + 3) % 7 >= 5


def warmth(day: int) -> float:
    """Return how warm the season is, from -1 in late January to 1 in late July."""
    return cos(2 * pi * (day % 365.25 - _WARMEST_DAY) / 365.25)

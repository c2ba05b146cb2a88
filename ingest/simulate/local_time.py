"""Local time of Spain without a zone, as recorded meters write it, to instants.

Summer time by Directive 2000/84/EC: from the last Sunday of March to the last Sunday of October,
from 01:00 to 01:00 UTC. Written out here, so that no database of zones has to be installed.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from functools import cache

from devices.instant import Instant, datetime_of

WINTER = timezone(timedelta(hours=1), "CET")
SUMMER = timezone(timedelta(hours=2), "CEST")


class RepeatedHour(StrEnum):
    """What to make of 02:00 to 03:00 of the October night in which that hour comes twice."""

    SUMMER = "summer"
    """All of it is summer time: what the file holds twice stays a repeat or a conflict."""
    ORDER = "order"
    """It becomes winter time with the first reading of a home that is not later than the one
    before it."""


def zoned(local: datetime, *, second_pass: bool = False) -> datetime:
    """Return the aware time of a naive local one.

    In the hour that comes twice it is summer time unless `second_pass`. A time in the hour that
    March leaves out is taken as winter time, which is the same instant an hour later on the clock.
    """
    leap, back = _changes(local.year)
    in_summer = leap + timedelta(hours=1) <= local < back
    if second_pass and is_repeated(local):
        in_summer = False
    return local.replace(tzinfo=SUMMER if in_summer else WINTER)


def is_repeated(local: datetime) -> bool:
    """Return whether the naive local time comes twice."""
    _, back = _changes(local.year)
    return back - timedelta(hours=1) <= local < back


def local_of(instant: Instant) -> datetime:
    """Return the aware local time of an instant, with the offset that held then."""
    moment = datetime_of(instant)
    begin, end = (_last_sunday(moment.year, month) for month in (3, 10))
    one = timedelta(hours=1)
    summer = _midnight(begin) + one <= moment.replace(tzinfo=None) < _midnight(end) + one
    return moment.astimezone(SUMMER if summer else WINTER)


@cache
def _changes(year: int) -> tuple[datetime, datetime]:
    """When clocks leap to 03:00, and when they go back to 02:00, as they show before the change."""
    return (
        _midnight(_last_sunday(year, 3)) + timedelta(hours=2),
        _midnight(_last_sunday(year, 10)) + timedelta(hours=3),
    )


@cache
def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=last.isoweekday() % 7)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).replace(tzinfo=None)

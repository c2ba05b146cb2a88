"""Instants: whole milliseconds since 1970-01-01T00:00:00Z.

Context: an instant is compared, subtracted and stored once or more for every reading.
Decision: it is a plain integer, and text or `datetime` only at the edges.
Given up: a type of its own, which costs 0.1 us at each of several hundred million uses a day.
"""

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Instant: TypeAlias = int

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def instant_of(moment: datetime) -> Instant:
    """Return the instant of an aware `datetime`, rounded to the millisecond.

    Raises TypeError for a `datetime` without a zone.
    """
    return round(moment.timestamp() * 1000) if moment.tzinfo else _refuse(moment)


def instant_of_text(text: str) -> Instant:
    """Return the instant of ISO 8601 text, rounded to the millisecond.

    Raises ValueError for text that is no time, and TypeError for a time without a zone.
    """
    moment = datetime.fromisoformat(text)
    return round(moment.timestamp() * 1000) if moment.tzinfo else _refuse(moment)


def datetime_of(instant: Instant) -> datetime:
    """Return the instant as a `datetime` in UTC."""
    return _EPOCH + instant * _MILLISECOND


def iso_of(instant: Instant) -> str:
    """Return the instant as ISO 8601 text in UTC with milliseconds, ending in Z."""
    return datetime_of(instant).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds_of(duration: timedelta) -> int:
    """Return the whole milliseconds of a duration."""
    return duration // _MILLISECOND


def _refuse(moment: datetime) -> Instant:
    raise TypeError(f"an instant needs a zone, {moment.isoformat()} has none")

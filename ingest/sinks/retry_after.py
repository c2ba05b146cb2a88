"""Retry-After: how long a server asks to be left alone (RFC 9110, section 10.2.3)."""

from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

from devices.instant import Instant, instant_of

LONGEST_WAIT = timedelta(hours=1)
"""A mistaken header can't keep readings away for longer."""


def wait_of(retry_after: str | None, now: Instant) -> timedelta | None:
    """Return the wait that a Retry-After header names, in seconds or as a date; None if neither."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    asked = timedelta(milliseconds=instant_of(moment.replace(tzinfo=moment.tzinfo or UTC)) - now)
    return min(max(asked, timedelta()), LONGEST_WAIT)

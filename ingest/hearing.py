"""Hearing: when the service itself heard nobody, so that no device is blamed for it."""

from collections import deque

from pydantic_core import from_json, to_json

from devices.instant import Instant
from rules.moment import Outage

_MOST_OUTAGES = 100
_SETTLING_MS = 10_000
"""What the broker kept for us comes in the seconds after we are back."""
_REMEMBERED_EVERY_MS = 5_000
_NO_END: Instant = 1 << 62


class Hearing:
    """The spans of our own deafness, over restarts: while the process is down, nobody is heard.

    `word` is what to remember, and to be made from again.
    """

    def __init__(self, remembered: str | None) -> None:
        heard_until, spans = from_json(remembered) if remembered else (None, ())
        self._past = deque((Outage(*span) for span in spans), _MOST_OUTAGES)
        self._heard_until: Instant | None = heard_until
        self._deaf_since: Instant | None = heard_until
        self._back_at: Instant | None = None
        self._remembered_until: Instant = 0

    @property
    def outages(self) -> tuple[Outage, ...]:
        """When nobody could be heard; the present one, if any, without an end."""
        present = () if self._deaf_since is None else (Outage(self._deaf_since, _NO_END),)
        return (*self._past, *present)

    @property
    def word(self) -> str:
        """What to remember."""
        return to_json((self._heard_until, self._past)).decode()

    def look(self, now: Instant, *, hears: bool) -> bool:
        """Take note of whether anybody can be heard now; return whether `outages` has changed."""
        before = self._deaf_since
        if hears:
            self._settle(now)
        else:
            self._back_at = None
            if self._deaf_since is None:
                self._deaf_since = now if self._heard_until is None else self._heard_until
        if self._deaf_since is None:
            self._heard_until = now
        return self._deaf_since != before

    def forgets(self, now: Instant) -> bool:
        """Return whether it is time to remember `word`."""
        return self._deaf_since is None and now - self._remembered_until >= _REMEMBERED_EVERY_MS

    def remembered(self, now: Instant) -> None:
        """Hear that `word` is durable."""
        self._remembered_until = now

    def _settle(self, now: Instant) -> None:
        """End an outage once what waited has had time to come."""
        if self._deaf_since is None:
            return
        if self._back_at is None:
            self._back_at = now
        if now - self._back_at >= _SETTLING_MS:
            self._past.append(Outage(self._deaf_since, now))
            self._deaf_since = self._back_at = None

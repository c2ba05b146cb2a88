"""A span of the past: readings measured in it are judged, others are not."""

from typing import NamedTuple

from devices.instant import Instant


class Span(NamedTuple):
    """From `since` up to `until`, which does not belong to it; None for no bound."""

    since: Instant | None = None
    until: Instant | None = None

    def holds(self, at: Instant) -> bool:
        """Return whether an instant lies in it."""
        after = self.since is None or at >= self.since
        return after and (self.until is None or at < self.until)


ALWAYS = Span()

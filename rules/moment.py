"""Moments: the time of a subject when time passes without a reading."""

from typing import NamedTuple

from devices.instant import Instant
from rules.register import Lease


class Outage(NamedTuple):
    """A span of our own time in which the service could not hear any device."""

    start_at: Instant
    end_at: Instant


class Moment(NamedTuple):
    """An instant of a subject's device time, which is `ahead_ms` ahead of ours.

    `hearing` says that a reading is at hand: the time up to it passes, and it was not silent.
    `leases` are those of premises, for a sequence.
    """

    at: Instant
    ahead_ms: int = 0
    outages: tuple[Outage, ...] = ()
    hearing: bool = False
    leases: tuple[Lease, ...] = ()

    def unheard_since(self, since: Instant) -> int:
        """Return for how many milliseconds since then the service itself could not hear."""
        start, end = since - self.ahead_ms, self.at - self.ahead_ms
        return sum(
            max(0, min(outage.end_at, end) - max(outage.start_at, start)) for outage in self.outages
        )

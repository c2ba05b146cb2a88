"""The memory of the service's last process: after its warm-up, and at the end.

Compared is one process with itself. It is the one that lives from the last fault that ends a
process to the end, through all other faults; what an earlier one held died with it. The warm-up is
the first half of its life: what waited at the broker comes, and caches fill. Each figure is the
median of what was seen in 3 s.
"""

import re
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

from ingest.clock import pause, stopwatch
from ingest.demo.gridwatch import Gridwatch

_EVERY = timedelta(milliseconds=250)
_WARM_UP = 0.5
_SEEN_S = 3.0
_RSS = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)


class Seen(NamedTuple):
    """The resident memory of a process at a time of the stopwatch."""

    pid: int
    at_s: float
    mb: float


class Growth(NamedTuple):
    """Resident memory in MB, as of the start and of the end, and for how long it was watched."""

    start_mb: float
    end_mb: float
    lasted_s: float

    @property
    def percent(self) -> float:
        """By how much it grew, negative if it shrank."""
        return round(100 * (self.end_mb / self.start_mb - 1), 1)


class Memory:
    """Looks at the service's memory until cancelled."""

    def __init__(self, service: Gridwatch) -> None:
        self.seen: list[Seen] = []
        self._service = service

    async def watch(self) -> None:
        """Look now and then, for ever."""
        while True:
            pid = self._service.pid
            if pid and (mb := _rss_mb(pid)):
                self.seen.append(Seen(pid, stopwatch(), mb))
            await pause(_EVERY)

    def growth(self) -> Growth:
        """Return how the memory of the last process has changed."""
        last = [each for each in self.seen if each.pid == self.seen[-1].pid]
        began_s, ended_s = last[0].at_s, last[-1].at_s
        lasted_s = ended_s - began_s
        warm_s = began_s + lasted_s * _WARM_UP
        start = [each.mb for each in last if warm_s <= each.at_s <= warm_s + _SEEN_S]
        end = [each.mb for each in last if each.at_s >= ended_s - _SEEN_S]
        return Growth(median(start), median(end), lasted_s)


def _rss_mb(pid: int) -> float | None:
    """Return the resident memory; None if the process has ended."""
    try:
        found = _RSS.search(Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    except OSError:
        return None
    return int(found[1]) / 1024 if found else None

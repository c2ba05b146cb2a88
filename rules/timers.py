"""Timers: when each subject wants to be looked at next. A heap, with lazy deletion."""

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from devices.instant import Instant
from rules.subject import Subject


class Timers:
    """At most one instant a subject counts. A timer may ring early, never late.

    Context: a subject's deadline moves later with nearly every reading.
    Decision: it is left where it is, rings early once, and is then set anew.
    Given up: an exact `next`; a tick that finds nothing due after all.
    """

    def __init__(self, timers: Iterable[tuple[Instant, Subject]] = ()) -> None:
        self._heap = list(timers)
        heapify(self._heap)
        self._armed = {subject: at for at, subject in self._heap}

    def __len__(self) -> int:
        return len(self._armed)

    def arm(self, subject: Subject, at: Instant) -> None:
        """Let it ring at `at`, unless it rings before."""
        armed = self._armed.get(subject)
        if armed is None or at < armed:
            self._armed[subject] = at
            heappush(self._heap, (at, subject))

    def armed(self, subject: Subject) -> Instant | None:
        """Return when it rings."""
        return self._armed.get(subject)

    def next(self) -> Instant | None:
        """Return when the first rings, or None."""
        while self._heap:
            at, subject = self._heap[0]
            if self._armed.get(subject) == at:
                return at
            heappop(self._heap)
        return None

    def ring(self, now: Instant) -> tuple[Instant, Subject] | None:
        """Return the first timer that rings by now, and take it away; None for none."""
        at = self.next()
        if at is None or at > now:
            return None
        rung = heappop(self._heap)
        del self._armed[rung[1]]
        return rung

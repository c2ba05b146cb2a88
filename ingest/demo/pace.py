"""The pace of a demonstration: one clock for its devices and another for its service.

Context: rules reason in the time of devices, but commands leave and expire by the service's clock.
Days that pass in seconds would find every device silent and every command too late.
Decision: while days go by, the service's clock stands at their end, as if a backlog came in. Once
all of it has come, a cue in a file lets both clocks go on together, slowly enough for a command and
its answer, up to the present.
Given up: what only the passing of time tells during those days.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from ingest.clock import FastClock, Leg, MachineClock, PacedClock, pause

_LOOK = timedelta(milliseconds=10)
_DAYS_SPEED = 100_000.0
_TOGETHER = (
    Leg(milliseconds_of(timedelta(minutes=2.25)), 36.0),
    Leg(milliseconds_of(timedelta(minutes=12.75)), 300.0),
    Leg(milliseconds_of(timedelta(minutes=2.75)), 36.0),
)
"""In 11 s, gas reaches its level and the fan starts; it purges for 15 minutes; it is stopped. While
orders are given, the 10 s that a device has for its answer are a quarter of a second."""
TOGETHER_MS = sum(leg.lasts_ms for leg in _TOGETHER)
_CATCH_UP_MS = 300
"""In which the time that the demonstration itself has taken is made up for."""


class Pace(NamedTuple):
    """Days that end at `held_at`, and the file of the cue at which both clocks go on from there."""

    held_at: Instant
    cue: Path

    def of_devices(self, start: Instant) -> "HeldClock":
        """Return the clock of the devices, which live through the days from `start` on."""
        fast = FastClock(start, _DAYS_SPEED)
        return HeldClock(self, lambda: min(self.held_at, fast.now()))

    def of_service(self) -> "HeldClock":
        """Return the clock of the service."""
        return HeldClock(self, lambda: self.held_at)

    def go_on(self) -> None:
        """Let the clocks go on."""
        part = self.cue.with_suffix(".part")
        part.write_text(str(MachineClock().now()), encoding="utf-8")
        part.replace(self.cue)

    def together(self) -> PacedClock | None:
        """Return the clock of both since the cue, None before it."""
        with suppress(OSError):
            return self._since(int(self.cue.read_text(encoding="utf-8")))
        return None

    def _since(self, begin: Instant) -> PacedClock:
        real_ms = round(sum(leg.real_ms for leg in _TOGETHER)) + _CATCH_UP_MS
        left_ms = max(1, begin + real_ms - self.held_at - TOGETHER_MS)
        return PacedClock(begin, (*_TOGETHER, Leg(left_ms, left_ms / _CATCH_UP_MS)))


class HeldClock:
    """A clock that shows one thing before the cue, and another after it."""

    def __init__(self, pace: Pace, before: Callable[[], Instant]) -> None:
        self._pace = pace
        self._before = before
        self._after: PacedClock | None = None

    def now(self) -> Instant:
        """Return the simulated instant."""
        if self._after is None:
            self._after = self._pace.together()
        return self._before() if self._after is None else self._after.now()

    async def sleep_until(self, instant: Instant) -> None:
        """Sleep until the simulated clock shows the instant."""
        now = self.now()
        while now < instant and self._after is None:
            await pause(_LOOK)
            now = self.now()
        if self._after:
            await self._after.sleep_until(instant)

    def step_ms(self) -> int:
        """Return 0: going on at the cue is how its time passes."""
        return 0


def words_of(pace: Pace) -> Sequence[str]:
    """Return the pace as arguments of a process."""
    return (str(pace.held_at), str(pace.cue))


def pace_of(words: Sequence[str]) -> Pace:
    """Return the pace of the arguments."""
    held_at, cue = words
    return Pace(int(held_at), Path(cue))

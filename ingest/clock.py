"""The clock: the one module that asks the machine for the time."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

from devices.instant import Instant

_SHORTEST_SLEEP_S = 0.01
_AT_ONCE_NS = 100_000_000
_READINGS = 10


class Clock(Protocol):
    """What the time is, and how to wait for another."""

    def now(self) -> Instant:
        """Return the present instant."""

    async def sleep_until(self, instant: Instant) -> None:
        """Return at the instant, at once if it has passed."""

    def step_ms(self) -> int:
        """Return by how much it was set ever; only differences count. 0 if nobody can set it."""


class MachineClock:
    """The machine's own clock."""

    def now(self) -> Instant:
        """Return the machine's wall clock."""
        return time.time_ns() // 1_000_000

    async def sleep_until(self, instant: Instant) -> None:
        """Sleep by the event loop until the wall clock shows the instant."""
        await asyncio.sleep(max(0, instant - self.now()) / 1000)

    def step_ms(self) -> int:
        """Return by how much the wall clock is ahead of the clock that never steps.

        Both are read at once: a process that was kept waiting in between reads them again.
        """
        for _ in range(_READINGS):
            before, now, after = time.monotonic_ns(), self.now(), time.monotonic_ns()
            if after - before < _AT_ONCE_NS:
                break
        return now - before // 1_000_000


class FastClock:
    """A clock that starts where it is told and runs `speed` times as fast up to the present.

    Simulated devices live by it: their past month passes in minutes, then they are in the present.
    """

    def __init__(self, start: Instant, speed: float) -> None:
        if not 1 <= speed <= 100_000:
            raise ValueError(f"speed: expected 1 to 100000, not {speed}")
        self._start = start
        self._speed = speed
        self._machine_start = time.time_ns() // 1_000_000

    def now(self) -> Instant:
        """Return the simulated instant."""
        machine = time.time_ns() // 1_000_000
        return min(machine, self._start + int((machine - self._machine_start) * self._speed))

    async def sleep_until(self, instant: Instant) -> None:
        """Sleep until the simulated clock shows the instant."""
        while (wait := instant - self.now()) > 0:
            behind = self.now() < time.time_ns() // 1_000_000
            await asyncio.sleep(wait / 1000 / (self._speed if behind else 1))

    def step_ms(self) -> int:
        """Return 0: nobody sets it."""
        return 0


class Leg(NamedTuple):
    """A stretch of simulated time, and how many times as fast as real time it passes."""

    lasts_ms: int
    speed: float

    @property
    def real_ms(self) -> float:
        """How long it takes."""
        return self.lasts_ms / self.speed


class PacedClock:
    """A clock that goes through legs of different speeds and is then in the present.

    It begins before the present, at the machine's instant `begin`. Two processes that are given the
    same values show the same time. Whoever sleeps by it wakes up at most 100 times a second.
    """

    def __init__(self, begin: Instant, legs: Sequence[Leg]) -> None:
        real_ms = sum(leg.real_ms for leg in legs)
        self._begin = begin
        self._legs = tuple(legs)
        self.start: Instant = begin + round(real_ms) - sum(leg.lasts_ms for leg in legs)
        """The first instant that it shows."""

    def now(self) -> Instant:
        """Return the simulated instant."""
        machine = time.time_ns() // 1_000_000
        left_ms, shown = float(machine - self._begin), self.start
        for leg in self._legs:
            if left_ms < leg.real_ms:
                return shown + int(left_ms * leg.speed)
            left_ms -= leg.real_ms
            shown += leg.lasts_ms
        return machine

    async def sleep_until(self, instant: Instant) -> None:
        """Sleep until the simulated clock shows the instant."""
        wait_ms = instant - self.now()
        while wait_ms > 0:
            await asyncio.sleep(max(_SHORTEST_SLEEP_S, wait_ms / 1000 / self._speed()))
            wait_ms = instant - self.now()

    def step_ms(self) -> int:
        """Return 0: nobody sets it."""
        return 0

    def _speed(self) -> float:
        left_ms = float(time.time_ns() // 1_000_000 - self._begin)
        for leg in self._legs:
            if left_ms < leg.real_ms:
                return leg.speed
            left_ms -= leg.real_ms
        return 1.0


def stopwatch() -> float:
    """Return seconds of a clock that never steps, to take the difference of two calls."""
    return time.perf_counter()


async def pause(duration: timedelta) -> None:
    """Sleep for the duration whatever the wall clock does meanwhile."""
    await asyncio.sleep(duration.total_seconds())


def block(duration: timedelta) -> None:
    """Stop the calling thread for the duration; where no event loop runs."""
    time.sleep(duration.total_seconds())

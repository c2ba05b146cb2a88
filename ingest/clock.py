"""The clock: the one module that asks the machine for the time."""

import asyncio
import time
from datetime import timedelta
from typing import Protocol

from devices.instant import Instant


class Clock(Protocol):
    """What the time is, and how to wait for another."""

    def now(self) -> Instant:
        """Return the present instant."""

    async def sleep_until(self, instant: Instant) -> None:
        """Return at the instant, at once if it has passed."""


class MachineClock:
    """The machine's own clock."""

    def now(self) -> Instant:
        """Return the machine's wall clock."""
        return time.time_ns() // 1_000_000

    async def sleep_until(self, instant: Instant) -> None:
        """Sleep by the event loop until the wall clock shows the instant."""
        await asyncio.sleep(max(0, instant - self.now()) / 1000)


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


def stopwatch() -> float:
    """Return seconds of a clock that never steps, to take the difference of two calls."""
    return time.perf_counter()


async def pause(duration: timedelta) -> None:
    """Sleep for the duration whatever the wall clock does meanwhile."""
    await asyncio.sleep(duration.total_seconds())


def block(duration: timedelta) -> None:
    """Stop the calling thread for the duration; where no event loop runs."""
    time.sleep(duration.total_seconds())

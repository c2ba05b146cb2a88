"""What befalls the service, the broker and the database while the clients publish."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from resource import RLIMIT_FSIZE, prlimit
from typing import NamedTuple, TypeVar

from ingest.clock import pause
from ingest.demo.gridwatch import Gridwatch
from ingest.demo.programs import InfluxDB, Mosquitto
from tests.proof.ledger import Ledger
from tests.sinks.faults import FaultyProxy

T = TypeVar("T")
_OUTAGE = timedelta(seconds=10)
_ERRORS = timedelta(seconds=3)
_CUTS = timedelta(seconds=1)
_BROKER_AWAY = timedelta(milliseconds=500)
_FIRST_SHARE, _LAST_SHARE = 0.02, 0.95
_LOOK = timedelta(milliseconds=10)
_FULL_FROM_BYTES = 65_536
"""The log is smaller; the journal, with what waits beside it, soon larger."""
_NOTICED_WITHIN_S = 15


class Kill(NamedTuple):
    """A moment to kill the service at: a while after a share of the messages is acknowledged."""

    share: float
    later: timedelta
    away: timedelta


def kills(pairs: int, random: Random) -> Iterator[Kill]:
    """Yield random moments over the whole of the traffic, two by two.

    The second of a pair follows upon the start, into the burst of what was not acknowledged.
    """
    for number in range(pairs):
        share = _FIRST_SHARE + (number + random.random()) / pairs * (_LAST_SHARE - _FIRST_SHARE)
        for _ in range(2):
            later, away = random.uniform(0, 0.05), random.uniform(0, 0.5)
            yield Kill(share, timedelta(seconds=later), timedelta(seconds=away))


def unseen() -> None:
    """Look at nothing."""


@dataclass(frozen=True, slots=True)
class Victim:
    """The service, which one fault at a time befalls, after a share of the messages."""

    service: Gridwatch
    ledger: Ledger
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def kill(self, moments: Iterator[Kill], look: Callable[[], None] = unseen) -> None:
        """Kill the service at each of the moments, look at what it left, and start it again.

        AssertionError if it had ended by itself, StartError if it does not come up.
        """
        for moment in moments:
            await self.ledger.reached(moment.share)
            await pause(moment.later)
            await self._kill(look, moment.away)

    async def kill_when(self, moment: Callable[[], bool]) -> None:
        """Kill the service when this has come to be, and start it again."""
        while not await in_thread(moment):
            await pause(_LOOK)
        await self._kill(unseen, timedelta())

    async def fill_disk(self, share: float) -> None:
        """Fill the disk of the service."""
        await self.ledger.reached(share)
        async with self.turn:
            await fill_disk(self.service)

    async def _kill(self, look: Callable[[], None], away: timedelta) -> None:
        async with self.turn:
            pid_of(self.service)
            await in_thread(self.service.kill)
            await in_thread(look)
            await pause(away)
            await in_thread(self.service.start)


async def fill_disk(service: Gridwatch, lasts: timedelta = timedelta()) -> None:
    """Let no file of the service grow, until it has noticed that it can commit nothing.

    And for so long after that. AssertionError if it has ended by itself, TimeoutError if it does
    not notice.
    """
    pid = pid_of(service)
    before, hard = prlimit(pid, RLIMIT_FSIZE)
    prlimit(pid, RLIMIT_FSIZE, (_FULL_FROM_BYTES, hard))
    try:
        async with asyncio.timeout(_NOTICED_WITHIN_S):
            while not await asyncio.to_thread(_takes_nothing, service):
                await pause(_LOOK)
        await pause(lasts)
    finally:
        prlimit(pid, RLIMIT_FSIZE, (before, hard))


def pid_of(service: Gridwatch) -> int:
    """Return the process id; AssertionError if the service has ended by itself."""
    assert service.pid, f"the service ended by itself, exit code {service.exit_code}"
    return service.pid


def _takes_nothing(service: Gridwatch) -> bool:
    return bool(service.metrics()["gridwatch_journal_unavailable"])


async def restart(broker: Mosquitto, ledger: Ledger, share: float) -> None:
    """Stop the broker by SIGTERM and start it again; it keeps what it has by its persistence."""
    await ledger.reached(share)
    await in_thread(broker.stop)
    await pause(_BROKER_AWAY)
    await in_thread(broker.start)


async def trouble(database: InfluxDB, proxy: FaultyProxy, ledger: Ledger, share: float) -> None:
    """Stop the database, then answer 500 in its place, then let it write and cut its answer."""
    await ledger.reached(share)
    await in_thread(database.stop)
    await felt(proxy, _OUTAGE)
    proxy.answer(500)
    await in_thread(database.start)
    await felt(proxy, _ERRORS)
    proxy.cut()
    await felt(proxy, _CUTS)
    proxy.forward()


async def refuse(proxy: FaultyProxy, ledger: Ledger, share: float) -> None:
    """Answer 500 in place of the database, until the service has heard it."""
    await ledger.reached(share)
    proxy.answer(500)
    await felt(proxy, timedelta())
    proxy.forward()


async def in_thread(order: Callable[[], T]) -> T:
    """Give an order to a server; a cancelled caller waits, so that none is left half started."""
    running = asyncio.ensure_future(asyncio.to_thread(order))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait((running,))
        raise


async def felt(proxy: FaultyProxy, duration: timedelta) -> None:
    """Return after the duration, but not before the service has tried to write."""
    requests = proxy.requests
    await pause(duration)
    while proxy.requests == requests:
        await pause(_LOOK)

"""What befalls the service and the broker while tanks live beside them."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from datetime import timedelta
from typing import TypeAlias

from ingest.clock import pause
from ingest.demo.gridwatch import Gridwatch
from ingest.demo.programs import Mosquitto
from tests.proof.client import Client
from tests.proof.orders import Orders

_LIMIT_S = 75
_LOOK = timedelta(milliseconds=10)
_NONE = timedelta()

Moment: TypeAlias = Callable[[], bool]
"""Whether it has come."""


class Faults:
    """What befalls the service and the broker, one after the other, at what a device does.

    `unsent` are device and command of what waited in the outbox when the service was killed.
    """

    def __init__(self, service: Gridwatch, broker: Mosquitto, account: Orders) -> None:
        self.unsent: set[tuple[str, str]] = set()
        self._service = service
        self._broker = broker
        self._account = account
        self._turn = asyncio.Lock()

    async def kill(self, moment: Moment, away: timedelta = _NONE) -> None:
        """Kill the service when this has come to be, and start it again after a while."""
        await reached(moment)
        async with self._turn:
            await asyncio.to_thread(self._service.kill)
            await asyncio.to_thread(self._look)
            await pause(away)
            await asyncio.to_thread(self._service.start)

    async def part(self, moment: Moment, away: timedelta) -> None:
        """Stop the broker when this has come to be, and start it again after a while."""
        await reached(moment)
        async with self._turn:
            await asyncio.to_thread(self._broker.stop)
            await pause(away)
            await asyncio.to_thread(self._broker.start)

    def _look(self) -> None:
        self.unsent |= {
            (each.device, each.command)
            for each in self._account.commands()
            if each.state == "queued"
        }


async def run(
    clients: Iterable[Client],
    port: int,
    faults: Iterable[Coroutine[None, None, None]],
    ended: Moment,
) -> None:
    """Return when the faults are over and this has come to be; TimeoutError."""
    async with asyncio.timeout(_LIMIT_S):
        lives = [asyncio.create_task(each.live(port)) for each in clients]
        try:
            await asyncio.gather(*faults)
            await reached(ended)
        finally:
            await end(lives)


async def end(lives: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks, and wait until all have ended."""
    for life in lives:
        life.cancel()
    if lives:
        await asyncio.wait(lives)


async def reached(moment: Moment) -> None:
    while not await asyncio.to_thread(moment):
        await pause(_LOOK)

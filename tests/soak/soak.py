"""A soak: load and faults beside one another, then the settling, then the account."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from ingest.clock import pause
from tests.proof.befalling import end
from tests.proof.faults import in_thread
from tests.proof.stores import EmbeddedStore, InfluxStore
from tests.soak.account import Account, account_of, settled
from tests.soak.faults import Faults
from tests.soak.kinds import LANES
from tests.soak.load import Load
from tests.soak.memory import Memory
from tests.soak.schedule import Planned
from tests.soak.stack import Stack

_SLOWER, _SPARE_S = 1.5, 120
"""A run that takes longer than its faults by this factor, and so many seconds more, hangs."""
_TANKS = 40
_TANKS_EVERY_S = 4.0
_SETTLE_S = 20.0
_LOOK = timedelta(milliseconds=100)
_BEGUN = 100
"""Messages that are published before the first fault."""
_LAST = "soak-last"


async def soak(
    stack: Stack, planned: Sequence[Planned], seed: str, patience_s: float = _SETTLE_S
) -> Account:
    """Let all of it befall the stack, and return what is held against what is true.

    After the load is over, what does not come within the patience never does.

    AssertionError where the service does not bear a fault as it must; TimeoutError if it hangs.
    """
    load = Load(stack.broker.port, seed)
    faults, memory = Faults(stack, load), Memory(stack.service)
    length_s = planned[-1].at.total_seconds()
    every = timedelta(seconds=max(_TANKS_EVERY_S, length_s / _TANKS))
    beside = [asyncio.create_task(memory.watch()), asyncio.create_task(load.live(_TANKS, every))]
    async with asyncio.timeout(length_s * _SLOWER + _SPARE_S):
        try:
            await _befall(faults, load, planned)
            beside.pop().cancel()
            await _until(settled(stack, load), patience_s)
            await load.drain()
            await load.last(_LAST)
            await _stored(stack)
        finally:
            await end(beside)
            await load.end()
        await in_thread(stack.service.stop)
        return await in_thread(lambda: account_of(stack, load, faults, memory.growth()))


async def _befall(faults: Faults, load: Load, planned: Sequence[Planned]) -> None:
    """Let lanes of faults run beside one another once there is load, and as long as there is."""
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(load.wave())
        await _until(lambda: load.messages() > _BEGUN, _SETTLE_S)
        lanes = [
            tasks.create_task(faults.befall([each for each in planned if each.kind.lane == lane]))
            for lane in LANES
        ]
        await first
        while not all(lane.done() for lane in lanes):
            await load.wave()


async def _stored(stack: Stack) -> None:
    embedded, influx = EmbeddedStore(stack.service.journal), InfluxStore(stack.database)
    await _until(lambda: embedded.knows(_LAST) and influx.knows(_LAST), _SETTLE_S)


async def _until(holds: Callable[[], bool], limit_s: float) -> None:
    """Return when it holds, or after a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            while not await asyncio.to_thread(holds):
                await pause(_LOOK)

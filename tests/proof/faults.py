"""What befalls the service, the broker and the database while the clients publish."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from typing import NamedTuple

from ingest.clock import pause
from ingest.demo.gridwatch import Gridwatch
from ingest.demo.programs import InfluxDB, Mosquitto
from tests.proof.ledger import Ledger
from tests.sinks.faults import FaultyProxy

_OUTAGE = timedelta(seconds=10)
_ERRORS = timedelta(seconds=3)
_CUTS = timedelta(seconds=1)
_BROKER_AWAY = timedelta(milliseconds=500)
_FIRST_SHARE, _LAST_SHARE = 0.02, 0.95
_LOOK = timedelta(milliseconds=10)


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


async def kill(service: Gridwatch, ledger: Ledger, moments: Iterator[Kill]) -> None:
    """Kill the service at each of the moments and start it again.

    AssertionError if it had ended by itself, StartError if it does not come up.
    """
    for moment in moments:
        await ledger.reached(moment.share)
        await pause(moment.later)
        assert service.pid, f"the service ended by itself, exit code {service.exit_code}"
        await _in_thread(service.kill)
        await pause(moment.away)
        await _in_thread(service.start)


async def restart(broker: Mosquitto, ledger: Ledger, share: float) -> None:
    """Stop the broker by SIGTERM and start it again; it keeps what it has by its persistence."""
    await ledger.reached(share)
    await _in_thread(broker.stop)
    await pause(_BROKER_AWAY)
    await _in_thread(broker.start)


async def trouble(database: InfluxDB, proxy: FaultyProxy, ledger: Ledger, share: float) -> None:
    """Stop the database, then answer 500 in its place, then let it write and cut its answer."""
    await ledger.reached(share)
    await _in_thread(database.stop)
    await _felt(proxy, _OUTAGE)
    proxy.answer(500)
    await _in_thread(database.start)
    await _felt(proxy, _ERRORS)
    proxy.cut()
    await _felt(proxy, _CUTS)
    proxy.forward()


async def refuse(proxy: FaultyProxy, ledger: Ledger, share: float) -> None:
    """Answer 500 in place of the database, until the service has heard it."""
    await ledger.reached(share)
    proxy.answer(500)
    await _felt(proxy, timedelta())
    proxy.forward()


async def _in_thread(order: Callable[[], None]) -> None:
    """Give an order to a server; a cancelled caller waits, so that none is left half started."""
    running = asyncio.ensure_future(asyncio.to_thread(order))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait((running,))
        raise


async def _felt(proxy: FaultyProxy, duration: timedelta) -> None:
    """Return after the duration, but not before the service has tried to write."""
    requests = proxy.requests
    await pause(duration)
    while proxy.requests == requests:
        await pause(_LOOK)

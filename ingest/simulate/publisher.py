"""The publisher: brings what simulated devices say to the broker, at the pace of their clock.

When the broker is slower than the clock, simulated time lags: devices are advanced only as far as
the bounded queues of the connections take what they say. Nothing is dropped.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from devices.instant import Instant, milliseconds_of
from devices.models.emission import Emission
from devices.refusal import DecodeError
from devices.topic import Topic, parse_topic
from ingest.clock import Clock, pause
from ingest.simulate.broker import Broker, BrokerUnreachable
from ingest.simulate.connection import Connection
from ingest.simulate.layout import Layout
from ingest.simulate.source import Source
from ingest.simulate.tally import Tally

STRIDE = timedelta(minutes=1)
"""How far devices are advanced at once: what a command may be late by, in simulated time."""
_COMMANDS_WAITING = 1_000
_FAREWELL = timedelta(seconds=3)
"""How long clients may take to say goodbye; what was under way is acknowledged by then, or not."""


class Publisher:
    """One run of a source of devices against a broker."""

    def __init__(self, source: Source, clock: Clock, broker: Broker, layout: Layout) -> None:
        self.tally = Tally()
        self.reached: Instant = min(clock.now(), source.next_at() or clock.now())
        """How far the devices have come, in simulated time."""
        self._source = source
        self._clock = clock
        self._broker = broker
        self._given = 0
        self._stopping = False
        self._idle = True
        self._wake = asyncio.Event()
        self._commands: asyncio.Queue[tuple[Topic, bytes]] = asyncio.Queue(_COMMANDS_WAITING)
        devices = list(source.devices())
        self._places = layout.places(devices)
        self._connections = [
            Connection(broker, voice, clock, self.tally)
            for voice in layout.voices(devices, broker.logins)
        ]

    @property
    def connected(self) -> int:
        """How many connections stand at present."""
        return sum(connection.up.is_set() for connection in self._connections)

    @property
    def connections(self) -> int:
        """How many connections there are to be."""
        return len(self._connections)

    @property
    def behind_s(self) -> float:
        """By how many seconds of simulated time devices with something to say are behind."""
        return 0.0 if self._idle else max(0, self._clock.now() - self.reached) / 1000

    async def run(self, stop: asyncio.Event, end: Instant | None = None) -> Tally:
        """Publish until `stop`, the simulated instant `end` or the end of the source.

        At an end, what devices still buffer is flushed; on a stop it is not. What is under way
        then has `drain_limit` to be acknowledged. Raises BrokerUnreachable.
        """
        async with asyncio.TaskGroup() as tasks:
            lines = [tasks.create_task(line.run(self._hear)) for line in self._connections]
            reached = await self._any_connected()
            if reached:
                await self._publish(stop, end)
            await self._close(lines)
        if not reached:
            raise BrokerUnreachable(self._why_unreachable())
        self.tally.behind_s = self.behind_s
        self.tally.unacknowledged = self._given - self.tally.messages
        return self.tally

    async def _any_connected(self) -> bool:
        waits = [asyncio.create_task(line.up.wait()) for line in self._connections]
        limit = self._broker.reach_limit.total_seconds()
        try:
            done, _ = await asyncio.wait(waits, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return bool(done)

    def _why_unreachable(self) -> str:
        limit = self._broker.reach_limit.total_seconds()
        where = f"{self._broker.host}:{self._broker.port}"
        return f"{where}: no connection within {limit:g} s: {self._connections[0].trouble}"

    async def _publish(self, stop: asyncio.Event, end: Instant | None) -> None:
        driving = asyncio.create_task(self._drive(end))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((driving, stopped), return_when=asyncio.FIRST_COMPLETED)
            self._stopping = True
            self._wake.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._broker.drain_limit.total_seconds()):
                    await driving
                    await asyncio.gather(*(line.drained() for line in self._connections))
        finally:
            driving.cancel()
            stopped.cancel()

    async def _close(self, lines: list[asyncio.Task[None]]) -> None:
        for connection in self._connections:
            connection.close()
        await asyncio.wait(lines, timeout=_FAREWELL.total_seconds())
        for line in lines:
            line.cancel()

    async def _drive(self, end: Instant | None) -> None:
        while not self._stopping:
            now = self._clock.now()
            await self._obey(max(self.reached, _earlier(self._source.next_at(), now) or now))
            due = _earlier(self._source.next_at(), end)  # a command may have brought it forward
            if due is None:
                self._idle = True
                break
            if due > now:
                await self._sleep_until(due)
            elif due == end:
                await self._advance(due)
                await self._route(self._source.flush())
                self._idle = True
                break
            else:
                await self._advance(min(now, due + milliseconds_of(STRIDE), end or now))
                await pause(timedelta())

    async def _sleep_until(self, due: Instant) -> None:
        """Wait for the instant, a command or the stop, whichever comes first."""
        self._idle = True
        self.tally.behind_s = 0.0
        sleeping = asyncio.create_task(self._clock.sleep_until(due))
        woken = asyncio.create_task(self._wake.wait())
        try:
            await asyncio.wait((sleeping, woken), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            woken.cancel()
        self._wake.clear()

    async def _advance(self, instant: Instant) -> None:
        self._idle = False
        await self._route(self._source.emissions_until(instant))
        self.reached = instant
        self.tally.behind_s = self.behind_s

    async def _route(self, emissions: Iterable[Emission]) -> None:
        for emission in emissions:
            self._given += 1
            place = self._places[emission.topic.kind, emission.topic.device]
            await self._connections[place].put(emission)

    async def _hear(self, address: str, payload: bytes) -> None:
        try:
            topic = parse_topic(address)
        except DecodeError:
            return
        if (topic.kind, topic.device) in self._places:
            self.tally.commands += 1
            await self._commands.put((topic, payload))
            self._wake.set()

    async def _obey(self, at: Instant) -> None:
        while not self._commands.empty():
            topic, payload = self._commands.get_nowait()
            await self._route(self._source.obey(topic, payload, at))


def _earlier(due: Instant | None, end: Instant | None) -> Instant | None:
    return min((instant for instant in (due, end) if instant is not None), default=None)

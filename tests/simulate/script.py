"""A source that says what it is told to, and a listener that keeps what reaches the broker."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import aiomqtt

from devices.instant import Instant
from devices.models.emission import Emission
from devices.topic import Channel, Topic
from ingest.clock import pause
from ingest.demo.programs import LOOPBACK, Mosquitto
from ingest.simulate.broker import Broker
from ingest.simulate.publisher import Publisher

SOON = timedelta(milliseconds=10)


class Script:
    """Devices that say prepared things, and answer each command with `done`."""

    def __init__(self, emissions: Iterable[Emission], devices: Sequence[tuple[str, str]]) -> None:
        self._rest = deque(emissions)
        self._devices = devices
        self.obeyed: list[tuple[Topic, bytes]] = []

    def devices(self) -> Iterator[tuple[str, str]]:
        return iter(self._devices)

    def next_at(self) -> Instant | None:
        return self._rest[0].at if self._rest else None

    def emissions_until(self, instant: Instant) -> Iterator[Emission]:
        while self._rest and self._rest[0].at <= instant:
            yield self._rest.popleft()

    def obey(self, topic: Topic, payload: bytes, at: Instant) -> tuple[Emission, ...]:
        self.obeyed.append((topic, payload))
        reply = {"v": 1, "device": topic.device, "id": json.loads(payload)["id"], "result": "done"}
        channel = topic._replace(channel=Channel.REPLY)
        return (Emission(at, channel, json.dumps(reply).encode(), 0, 0),)

    def bring_forward(self, emission: Emission) -> None:
        """Say something before all else."""
        self._rest.appendleft(emission)

    def flush(self) -> Iterator[Emission]:
        rest, self._rest = self._rest, deque()
        return iter(rest)


def uploads(device: str, instants: Iterable[Instant]) -> list[Emission]:
    """Numbered uploads of one gas monitor."""
    topic = Topic("gas_monitor", device, Channel.UP)
    return [
        Emission(at, topic, f'{{"device":"{device}","number":{number}}}'.encode(), 1, 0)
        for number, at in enumerate(instants)
    ]


class Heard(list[tuple[str, bytes]]):
    """Topics and payloads as they arrive; retained ones count like others."""

    def on(self, channel: Channel) -> list[tuple[str, bytes]]:
        return [message for message in self if message[0].endswith(f"/{channel}")]

    async def until(self, count: int) -> None:
        while len(self) < count:
            await pause(SOON)


@asynccontextmanager
async def listening(broker: Mosquitto, topic: str) -> AsyncIterator[Heard]:
    """Collect what arrives on a topic filter while the context lasts."""
    heard = Heard()
    client = aiomqtt.Client(LOOPBACK, broker.port, protocol=aiomqtt.ProtocolVersion.V5)
    async with client:
        await client.subscribe(topic, qos=1)
        collecting = asyncio.create_task(_collect(client, heard))
        try:
            yield heard
        finally:
            collecting.cancel()
            await asyncio.gather(collecting, return_exceptions=True)


async def _collect(client: aiomqtt.Client, heard: Heard) -> None:
    async for message in client.messages:
        assert isinstance(message.payload, bytes)
        heard.append((message.topic.value, message.payload))


@asynccontextmanager
async def running(publisher: Publisher) -> AsyncIterator[None]:
    """Run a publisher while the context lasts, then stop it."""
    stop = asyncio.Event()
    run = asyncio.create_task(publisher.run(stop))
    try:
        yield
    finally:
        stop.set()
        await run


def at(mosquitto: Mosquitto) -> Broker:
    """The broker to publish to, with limits short enough for a test."""
    return Broker(
        port=mosquitto.port,
        answer_limit=timedelta(seconds=5),
        reach_limit=timedelta(seconds=5),
        longest_backoff=timedelta(milliseconds=200),
    )

"""A connection that simulated devices speak through: one MQTT client, made again when it is lost.

Decision: each connection is a new aiomqtt client, and what the last one left unacknowledged is
published again from here, first and in order, before anything newer. paho would resend by itself,
but only within one client object, whose packet identifiers and pending calls aiomqtt forgets.
Given up: the duplicate flag on what is sent again. The service tells a repeat by its content.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import count
from typing import NamedTuple

import aiomqtt
from aiomqtt import MqttError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.instant import iso_of
from devices.models.emission import Emission
from devices.topic import Topic
from ingest.backoff import Backoff
from ingest.cancellation import heed_cancellation
from ingest.clock import Clock
from ingest.simulate.broker import Broker, Login
from ingest.simulate.tally import Tally

QOS = 1
SESSION_EXPIRY_S = 600
"""How long the broker keeps commands for a device that is away."""
_KEEP_ALIVE_S = 30


class Voice(NamedTuple):
    """Who speaks through a connection."""

    client_id: str
    login: Login | None = None
    status: Topic | None = None
    """Where a device that has the connection to itself says that it is online."""
    commands: str | None = None
    """The topic filter of the commands it takes."""
    in_flight: int = 4
    """Messages that may be unacknowledged; a broker's usual Receive Maximum is 20."""
    queue: int = 16
    """Messages that may wait behind those."""


Hear = Callable[[str, bytes], Awaitable[None]]
"""Takes the topic and payload of a command."""


class Connection:
    """Publishes what it is given at least once, in order, over as many clients as it takes."""

    def __init__(self, broker: Broker, voice: Voice, clock: Clock, tally: Tally) -> None:
        self.up = asyncio.Event()
        self.trouble = "no answer yet"
        self._broker = broker
        self._voice = voice
        self._clock = clock
        self._tally = tally
        self._queue: asyncio.Queue[Emission] = asyncio.Queue(voice.queue)
        self._under_way: dict[int, Emission] = {}
        self._again: deque[int] = deque()
        self._places = count()
        self._closing = asyncio.Event()
        self._backoff = Backoff(broker.longest_backoff)

    async def put(self, emission: Emission) -> None:
        """Take a message; waits while the queue is full."""
        await self._queue.put(emission)

    async def drained(self) -> None:
        """Return when everything it was given is acknowledged."""
        await self._queue.join()

    def close(self) -> None:
        """Have `run` say goodbye and return."""
        self._closing.set()

    async def run(self, hear: Hear) -> None:
        """Stay connected until closed; commands go to `hear`."""
        started = False
        while not self._closing.is_set():
            try:
                await self._session(hear, fresh=not started)
            except* (MqttError, OSError) as failure:
                self.trouble = str(_first(failure))
            finally:
                started = started or self.up.is_set()
                self.up.clear()
            if not self._closing.is_set():
                await self._back_off()
                self._tally.reconnects += started

    async def _session(self, hear: Hear, *, fresh: bool) -> None:
        async with self._client(fresh=fresh) as client:
            client.pending_calls_threshold = self._voice.in_flight + 1
            await self._greet(client)
            self._backoff.succeeded()
            self._again = deque(sorted(self._under_way))
            self.up.set()
            async with asyncio.TaskGroup() as tasks:
                at_work = [
                    tasks.create_task(self._publish(client)) for _ in range(self._voice.in_flight)
                ]
                at_work.append(tasks.create_task(self._listen(client, hear)))
                await self._closing.wait()
                for task in at_work:
                    task.cancel()
            await self._say_status(client, online=False)

    def _client(self, *, fresh: bool) -> aiomqtt.Client:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        login, status = self._voice.login, self._voice.status
        return aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            identifier=self._voice.client_id,
            username=login.username if login else None,
            password=login.password if login else None,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=fresh,
            properties=properties,
            will=aiomqtt.Will(str(status), _status(status), QOS, retain=True) if status else None,
            timeout=self._broker.answer_limit.total_seconds(),
            keepalive=_KEEP_ALIVE_S,
            max_inflight_messages=self._voice.in_flight + 1,
            max_queued_incoming_messages=1_000,
            tls_context=self._broker.tls,
        )

    async def _greet(self, client: aiomqtt.Client) -> None:
        if self._voice.commands:
            await client.subscribe(self._voice.commands, qos=QOS)
        await self._say_status(client, online=True)

    async def _say_status(self, client: aiomqtt.Client, *, online: bool) -> None:
        if self._voice.status:
            payload = _status(self._voice.status, online=online, at=iso_of(self._clock.now()))
            await client.publish(str(self._voice.status), payload, QOS, retain=True)

    async def _publish(self, client: aiomqtt.Client) -> None:
        while True:
            place, emission = await self._next()
            await client.publish(str(emission.topic), emission.payload, QOS)
            del self._under_way[place]
            self._tally.acknowledged(emission)
            self._queue.task_done()
            heed_cancellation()

    async def _next(self) -> tuple[int, Emission]:
        if self._again:
            place = self._again.popleft()
        else:
            emission = await self._queue.get()
            place = next(self._places)
            self._under_way[place] = emission
        return place, self._under_way[place]

    async def _listen(self, client: aiomqtt.Client, hear: Hear) -> None:
        """Pass on commands; raises MqttError as soon as the connection is lost."""
        async for message in client.messages:
            if isinstance(message.payload, bytes):
                await hear(message.topic.value, message.payload)

    async def _back_off(self) -> None:
        waiting = asyncio.create_task(self._backoff.wait())
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait((waiting, closing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            closing.cancel()


def _status(topic: Topic, *, online: bool = False, at: str | None = None) -> bytes:
    said = {"v": 1, "device": topic.device, "online": online} | ({"at": at} if at else {})
    return json.dumps(said, separators=(",", ":")).encode()


def _first(failure: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = failure.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner

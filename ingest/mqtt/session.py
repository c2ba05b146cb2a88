"""The session: survives reconnects, bounds what is unacknowledged, acknowledges when told.

Context: a library that acknowledges by itself loses what it had handed over when the process dies.
Decision: a message is acknowledged only by `acknowledge`, after the journal's commit, and only on
the connection (epoch) it came on. Given up: asking the broker for a repeat. An unacknowledged
message comes again after a reconnect and never before, so a failed commit is retried here.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from ingest.backoff import FIRST_WAIT, Backoff
from ingest.clock import Clock, pause, stopwatch
from ingest.configuration import secret_of
from ingest.mqtt.connection import CLOSED_UNSAID, Connection, ConnectionFailed
from ingest.mqtt.greeting import TopicMemory, broker_trust, introduce, subscribe
from ingest.mqtt.message import Message
from ingest.mqtt.packets import Incoming, MalformedPublish
from ingest.mqtt.publications import NotPublished, Publication
from ingest.settings import MqttSettings

_new = tuple.__new__
"""Makes a named tuple at a third of the cost, for what is made at each message."""
_LOG = logging.getLogger(__name__)
MOST_HELD_BYTES = 128 << 20
"""Payload that may be unacknowledged at once: 10,000 messages of 13 KiB."""
_MOST_TAKEN_BYTES = 256 << 10
"""Payload of a batch: 18,000 readings of daily uploads, which hold the event loop for 60 ms."""
_STEADY_SECONDS = 10.0
"""A connection that lasted less counts as failed: two services of one client id take each other's
session away, and would do so without end several times a second."""
PUBLISH_SECONDS = 5.0
"""Within that the broker has to acknowledge what we publish."""


class Session:
    """A persistent MQTT 5 session at QoS 1. `run` keeps it connected; `take` gives what came."""

    def __init__(
        self,
        settings: MqttSettings,
        clock: Clock,
        memory: TopicMemory,
        first_wait: timedelta = FIRST_WAIT,
    ) -> None:
        self.connected = False
        self.connects = 0
        self.failures = 0
        self._settings = settings
        self._clock = clock
        self._memory = memory
        self._connection: Connection | None = None
        self._epoch = 0
        self._pending: deque[Message] = deque()
        self._held = 0
        self._held_bytes = 0
        self._paused = False
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._leaving = False
        self._trouble = ""
        self._password = secret_of(settings.password, settings.password_file, "mqtt.password")
        self._tls = broker_trust(settings) if settings.tls else None
        self._backoff = Backoff(timedelta(seconds=settings.longest_backoff_s), first_wait)

    @property
    def held(self) -> int:
        """Messages received and not yet acknowledged."""
        return self._held

    async def run(self) -> None:
        """Stay connected until cancelled; then say goodbye and leave the session at the broker.

        It does not connect again while the bound on unacknowledged messages is reached: what is
        held may be the only copy, and each new connection would add to it.
        """
        try:
            while not self._leaving:
                await self._room.wait()
                started = stopwatch()
                try:
                    why = await self._connect_and_stay()
                    if stopwatch() - started > _STEADY_SECONDS:
                        self._backoff.succeeded()
                    elif why == CLOSED_UNSAID:
                        why += f"; is there another client called {self._settings.client_id}?"
                except (ConnectionFailed, OSError, UnicodeError) as error:
                    why = _word_of(error)
                self._count_failure(why)
                await self._backoff.wait()
        finally:
            if self._connection:
                await self._connection.close()

    async def take(self, most: int, linger: timedelta) -> list[Message]:
        """Wait for a message, `linger` for its company, and return up to `most`, in order.

        They hold 256 KiB together, and one message more at most. Returns an empty list when nothing
        is pending after `stop_receiving`.
        """
        await self._arrived.wait()
        if len(self._pending) < most and linger and not self._leaving:
            await pause(linger)
        taken: list[Message] = []
        size = 0
        while self._pending and len(taken) < most and size < _MOST_TAKEN_BYTES:
            message = self._pending.popleft()
            size += len(message.payload)
            taken.append(message)
        if not self._pending and not self._leaving:
            self._arrived.clear()
        return taken

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None
    ) -> None:
        """Publish at QoS 1 and return when the broker has acknowledged it.

        Where nobody can take it within `expiry_s` seconds, the broker drops it. Raises NotPublished
        when there is no connection, it is lost meanwhile, the broker refuses the message, or does
        not answer in 5 s, as it seems while we do not read: the message may then have arrived all
        the same, so publish it again.
        """
        if not self.connected or self._connection is None or self._leaving:
            raise NotPublished("not connected to the broker")
        publication = Publication(topic, payload, retain, expiry_s)
        await self._connection.publications.publish(publication, PUBLISH_SECONDS)

    def stop_receiving(self) -> None:
        """Take in no more; what is pending can still be taken and acknowledged."""
        self._leaving = True
        self._arrived.set()
        if self._connection:
            self._connection.pause()

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Acknowledge messages whose outcome is durable, and make room for as many.

        Those of an earlier connection are only let go: the broker sends them again.
        """
        packet_ids = []
        size = 0
        for _, payload, _, epoch, packet_id, _ in messages:
            size += len(payload)
            if packet_id and epoch == self._epoch:
                packet_ids.append(packet_id)
        if self._connection and packet_ids:
            self._connection.acknowledge(packet_ids)
        self._held -= len(messages)
        self._held_bytes -= size
        if self._is_below(0.5):
            self._make_room()

    def _is_below(self, share: float) -> bool:
        return (
            self._held <= self._settings.receive_maximum * share
            and self._held_bytes <= MOST_HELD_BYTES * share
        )

    def _make_room(self) -> None:
        self._room.set()
        if self._paused and self._connection and not self._leaving:
            self._paused = False
            self._connection.resume()

    async def _connect_and_stay(self) -> str:
        """Return why the connection ended; ConnectionFailed or OSError if it did not begin."""
        settings = self._settings
        connection = await self._open()
        try:
            welcome = await introduce(connection, settings, self._password)
            await subscribe(connection, settings, self._memory)
            kept = "kept" if welcome.session_present else "new"
            _LOG.info("connected to %s:%s, session %s", settings.host, settings.port, kept)
            connection.publications.begin(welcome)
            self.connected = True
            self.connects += 1
            self._trouble = ""
            await asyncio.wait((connection.lost,))
        except ConnectionFailed:
            connection.abort("given up")
            raise
        finally:
            self.connected = False
        return connection.lost.result()

    async def _open(self) -> Connection:
        settings = self._settings
        self._epoch += 1
        self._paused = False
        connection = self._connection = Connection(partial(self._receive, self._epoch))
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                await asyncio.get_running_loop().create_connection(
                    lambda: connection, settings.host, settings.port, ssl=self._tls
                )
        except TimeoutError:
            raise ConnectionFailed(f"no connection in {settings.connect_timeout_s:g} s") from None
        return connection

    def _receive(self, epoch: int, packets: list[Incoming]) -> None:
        if self._leaving:
            return
        now = self._clock.now()
        size = 0
        for packet in packets:
            payload, packet_id = packet.payload, packet.packet_id or 0
            size += len(payload)
            malformed = isinstance(packet, MalformedPublish)
            found = packet.topic, payload, now, epoch, packet_id, malformed
            self._pending.append(_new(Message, found))
        self._held += len(packets)
        self._held_bytes += size
        self._arrived.set()
        if self._connection and not self._is_below(1.0):
            self._room.clear()
            self._paused = True
            self._connection.pause()

    def _count_failure(self, why: str) -> None:
        """Say what is wrong when it begins, and when it becomes something else."""
        self.failures += 1
        if why != self._trouble:
            settings = self._settings
            _LOG.warning("broker %s:%s: %s; trying again", settings.host, settings.port, why)
        self._trouble = why


def _word_of(error: Exception) -> str:
    """Return what went wrong without the number that the system gives it."""
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__

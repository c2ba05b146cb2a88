"""The session: survives reconnects, bounds what is unacknowledged, acknowledges when told.

Context: a library that acknowledges by itself loses what it had handed over when the process dies.
Decision: a message is acknowledged only by `acknowledge`, after the journal's commit, and only on
the connection (epoch) it came on. Given up: asking the broker for a repeat. An unacknowledged
message comes again after a reconnect and never before, so a failed commit is retried here.
"""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

import mqtt5

from ingest.backoff import Backoff
from ingest.clock import Clock, pause
from ingest.configuration import secret_of
from ingest.mqtt.connection import Connection, ConnectionFailed, Incoming, MalformedPublish
from ingest.mqtt.message import Message
from ingest.settings import MqttSettings

_LOG = logging.getLogger(__name__)
_REFUSED = 128
"""Reason codes from here on are failures (MQTT 5, 2.4)."""


class TopicMemory(Protocol):
    """Remembers across restarts what the session at the broker is subscribed to."""

    def topics(self) -> Sequence[str]:
        """Return the topic filters last remembered."""

    async def remember(self, topics: Sequence[str]) -> None:
        """Remember these instead."""


class Session:
    """A persistent MQTT 5 session at QoS 1. `run` keeps it connected; `take` gives what came."""

    def __init__(self, settings: MqttSettings, clock: Clock, memory: TopicMemory) -> None:
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
        self._paused = False
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._leaving = False
        self._password = secret_of(settings.password, settings.password_file, "mqtt.password")
        self._tls = _tls_context(settings) if settings.tls else None
        self._backoff = Backoff(timedelta(seconds=settings.longest_backoff_s))

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
            while True:
                await self._room.wait()
                try:
                    await self._connect_and_stay()
                except (ConnectionFailed, OSError, TimeoutError) as error:
                    await self._wait_before_next(error)
        finally:
            await self._leave()

    async def take(self, most: int, linger: timedelta) -> list[Message]:
        """Wait for a message, `linger` for its company, and return up to `most`, in order.

        Returns an empty list when nothing is pending after `stop_receiving`.
        """
        await self._arrived.wait()
        if len(self._pending) < most and linger and not self._leaving:
            await pause(linger)
        taken = [self._pending.popleft() for _ in range(min(most, len(self._pending)))]
        if not self._pending and not self._leaving:
            self._arrived.clear()
        return taken

    def stop_receiving(self) -> None:
        """Take in no more; what is pending can still be taken and acknowledged."""
        self._leaving = True
        self._arrived.set()
        if self._connection:
            self._connection.pause()

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Acknowledge messages whose outcome is durable, and make room for as many.

        Those of an earlier connection are only let go: the broker sends them again.
        """
        acks = []
        for message in messages:
            self._held -= 1
            if message.packet_id and message.epoch == self._epoch:
                acks.append(mqtt5.PubAckPacket(message.packet_id).write())
        if self._connection and acks:
            self._connection.write(b"".join(acks))
        if self._held <= self._settings.receive_maximum // 2:
            self._make_room()

    def _make_room(self) -> None:
        self._room.set()
        if self._paused and self._connection and not self._leaving:
            self._paused = False
            self._connection.resume()

    async def _connect_and_stay(self) -> None:
        connection = await self._open()
        try:
            async with asyncio.timeout(self._settings.connect_timeout_s):
                present = await self._introduce(connection)
                await self._subscribe(connection)
            _LOG.info(
                "connected to %s:%s, session %s",
                self._settings.host, self._settings.port, "kept" if present else "new",
            )  # fmt: skip
            self.connected = True
            self.connects += 1
            self._backoff.succeeded()
            await self._keep_alive(connection)
        except (ConnectionFailed, OSError, TimeoutError):
            connection.abort("given up")
            raise
        finally:
            self.connected = False

    async def _open(self) -> Connection:
        settings = self._settings
        self._epoch += 1
        epoch = self._epoch
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(settings.connect_timeout_s):
            _, connection = await loop.create_connection(
                lambda: Connection(lambda packets: self._receive(packets, epoch)),
                settings.host,
                settings.port,
                ssl=self._tls,
            )
        self._connection = connection
        self._paused = False
        return connection

    async def _introduce(self, connection: Connection) -> bool:
        """Return whether the broker still had our session."""
        settings = self._settings
        answer = await connection.ask(
            mqtt5.ConnectPacket(
                settings.client_id,
                username=settings.username,
                password=self._password.encode() if self._password else None,
                clean_start=False,
                keep_alive=settings.keep_alive_s,
                session_expiry_interval=settings.session_expiry_s,
                receive_max=settings.receive_maximum,
            ).write()
        )
        if not isinstance(answer, mqtt5.ConnAckPacket):
            raise ConnectionFailed("expected CONNACK")
        if answer.reason_code.value >= _REFUSED:
            raise ConnectionFailed(f"the broker refused us: {answer.reason_code.name}")
        return answer.session_present

    async def _subscribe(self, connection: Connection) -> None:
        topics = self._settings.topics
        remembered = self._memory.topics()
        left = [topic for topic in remembered if topic not in topics]
        await self._memory.remember((*left, *topics))
        if left:
            await connection.ask(mqtt5.UnsubscribePacket(1, left).write())
        filters = [
            mqtt5.TopicFilter(
                topic,
                max_qos=mqtt5.QoS.AT_LEAST_ONCE,
                retain_handling=mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
            )
            for topic in topics
        ]
        answer = await connection.ask(mqtt5.SubscribePacket(2, filters).write())
        codes = answer.reason_codes if isinstance(answer, mqtt5.SubAckPacket) else []
        refused = [
            topic for topic, code in zip(topics, codes, strict=True) if code.value >= _REFUSED
        ]
        if refused:
            raise ConnectionFailed(f"the broker refused our subscription to {', '.join(refused)}")
        await self._memory.remember(topics)

    async def _keep_alive(self, connection: Connection) -> None:
        """Ping, and return by ConnectionFailed when the connection is lost or silent.

        A connection we do not read from is not silent: we would not hear it.
        """
        while True:
            connection.heard = False
            connection.write(mqtt5.PingReqPacket().write())
            done, _ = await asyncio.wait((connection.lost,), timeout=self._settings.keep_alive_s)
            if done:
                raise ConnectionFailed(connection.lost.result())
            if not connection.heard and not self._paused:
                raise ConnectionFailed(f"no answer to a ping in {self._settings.keep_alive_s} s")

    def _receive(self, packets: list[Incoming], epoch: int) -> None:
        now = self._clock.now()
        for packet in packets:
            if isinstance(packet, MalformedPublish):
                message = Message("", packet.body, now, epoch, packet.packet_id, malformed=True)
            else:
                message = Message(packet.topic, packet.payload, now, epoch, packet.packet_id or 0)
            self._pending.append(message)
        self._held += len(packets)
        self._arrived.set()
        if self._held >= self._settings.receive_maximum and self._connection:
            self._room.clear()
            self._paused = True
            self._connection.pause()

    async def _wait_before_next(self, error: Exception) -> None:
        self.failures += 1
        wait = self._backoff.failed()
        _LOG.warning(
            "broker %s:%s: %s; again in %.1f s",
            self._settings.host, self._settings.port, error or type(error).__name__,
            wait.total_seconds(),
        )  # fmt: skip
        await pause(wait)

    async def _leave(self) -> None:
        if self._connection:
            with suppress(TimeoutError):
                await self._connection.close()


def _tls_context(settings: MqttSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.cert_file and settings.key_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context

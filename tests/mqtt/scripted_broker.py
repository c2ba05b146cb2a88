"""A broker in the event loop of the test that does what the test tells it, right or wrong."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Self, TypeVar

import mqtt5

from ingest.demo.programs import LOOPBACK
from tests.mqtt.waiting import LIMIT_S, until

_P = TypeVar("_P", bound=mqtt5.Packet)
GRANTED = mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE


class Guest:
    """A client that has connected, and every packet it sent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.packets: list[mqtt5.Packet] = []
        self.gone = False
        self._reader = reader
        self._writer = writer

    def sent(self, kind: type[_P]) -> list[_P]:
        """Return the packets of one kind, in order."""
        return [packet for packet in self.packets if isinstance(packet, kind)]

    @property
    def acknowledged(self) -> list[int]:
        """The identifiers it has acknowledged, in order."""
        return [packet.packet_id for packet in self.sent(mqtt5.PubAckPacket)]

    async def is_subscribed(self) -> None:
        """Return when it has subscribed."""
        await until(lambda: bool(self.sent(mqtt5.SubscribePacket)))

    def send(self, *packets: mqtt5.Packet | bytes) -> None:
        """Send packets, all in one write."""
        self._writer.write(
            b"".join(each if isinstance(each, bytes) else each.write() for each in packets)
        )

    def abort(self) -> None:
        """Cut the connection."""
        self._writer.transport.abort()

    def close(self) -> None:
        """Close the connection without a word."""
        self._writer.close()

    async def listen(self, broker: "ScriptedBroker") -> None:
        """Take its packets and answer as the broker does, until it goes."""
        rest = b""
        with suppress(ConnectionError):
            while not self.sent(mqtt5.DisconnectPacket) and (
                data := await self._reader.read(65_536)
            ):
                rest = self._take(rest + data, broker)
        self.gone = True
        self._writer.close()

    def _take(self, data: bytes, broker: "ScriptedBroker") -> bytes:
        offset = 0
        with suppress(IndexError):
            while offset < len(data):
                packet, length = mqtt5.read(memoryview(data)[offset:])
                offset += length
                self.packets.append(packet)
                self.send(*broker.answers_to(packet))
        return data[offset:]


class ScriptedBroker:
    """Welcomes and subscribes everyone, until told otherwise."""

    def __init__(self) -> None:
        self.guests: list[Guest] = []
        self.welcome: mqtt5.ConnAckPacket | None = mqtt5.ConnAckPacket()
        self.subscribed: Sequence[mqtt5.SubAckReasonCode] | None = None
        self.unsubscribed = mqtt5.UnsubAckReasonCode.SUCCESS
        self.answers_pings = True
        self.answers_subscriptions = True
        self.before_suback: Sequence[mqtt5.Packet] = ()
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def guest(self, number: int = 1) -> Guest:
        """Return the guest of this number, counted from 1, once it has subscribed."""
        await self.arrived(number)
        await self.guests[number - 1].is_subscribed()
        return self.guests[number - 1]

    async def arrived(self, number: int) -> None:
        """Return when so many have connected."""
        await until(lambda: len(self.guests) >= number)

    def answers_to(self, packet: mqtt5.Packet) -> Sequence[mqtt5.Packet]:
        """Return what to answer."""
        if isinstance(packet, mqtt5.ConnectPacket) and self.welcome:
            return (self.welcome,)
        if isinstance(packet, mqtt5.SubscribePacket) and self.answers_subscriptions:
            codes = self.subscribed or [GRANTED] * len(packet.topic_filters)
            return (*self.before_suback, mqtt5.SubAckPacket(packet.packet_id, list(codes)))
        if isinstance(packet, mqtt5.UnsubscribePacket):
            codes_left = [self.unsubscribed] * len(packet.patterns)
            return (mqtt5.UnsubAckPacket(packet.packet_id, codes_left),)
        if isinstance(packet, mqtt5.PingReqPacket) and self.answers_pings:
            return (mqtt5.PingRespPacket(),)
        return ()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._meet, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        for guest in self.guests:
            guest.abort()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LIMIT_S)
        await self._server.wait_closed()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = Guest(reader, writer)
        self.guests.append(guest)
        task = asyncio.current_task()
        assert task
        self._tasks.append(task)
        await guest.listen(self)

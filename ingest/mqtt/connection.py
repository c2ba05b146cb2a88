"""One connection to the broker: bytes to packets, packets to bytes, nothing that outlives it."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, cast

import mqtt5

LARGEST_PACKET = 1 << 20
"""Bytes; a longer packet ends the connection. The broker's own limit is far below."""


class ConnectionFailed(Exception):  # noqa: N818 named after what the caller does: connect again
    """The connection can't be had or went away; the text says why."""


class MalformedPublish(NamedTuple):
    """A PUBLISH that the codec refuses: told apart so that it does not come for ever."""

    packet_id: int
    body: bytes


Incoming = mqtt5.PublishPacket | MalformedPublish
_MESSAGES = (mqtt5.PublishPacket, MalformedPublish)
_ANSWERS = mqtt5.ConnAckPacket | mqtt5.SubAckPacket | mqtt5.UnsubAckPacket


class Connection(asyncio.Protocol):
    """Speaks MQTT 5 on one transport.

    Messages go to `receive`, in order. Answers to CONNECT, SUBSCRIBE and UNSUBSCRIBE are awaited
    by `reply`. When the transport is gone, `lost` holds the reason.
    """

    def __init__(self, receive: Callable[[list[Incoming]], None]) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.heard = False
        self._receive = receive
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._reply: asyncio.Future[mqtt5.Packet] | None = None
        self._farewell = "the broker closed the connection"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Record why."""
        if not self.lost.done():
            self.lost.set_result(f"{type(exc).__name__}: {exc}" if exc else self._farewell)

    def data_received(self, data: bytes) -> None:
        """Take packets off the bytes and hand on the messages as one list."""
        self.heard = True
        buffer = self._rest + data if self._rest else data
        view = memoryview(buffer)
        offset = 0
        messages: list[Incoming] = []
        try:
            while offset < len(buffer):
                packet, length = _read(view[offset:])
                offset += length
                if isinstance(packet, _MESSAGES):
                    messages.append(packet)
                else:
                    self._control(packet)
        except IndexError:
            pass
        except ValueError as error:
            self.abort(f"a packet that is not MQTT 5: {error}")
        self._rest = bytes(view[offset:])
        if len(self._rest) > LARGEST_PACKET:
            self.abort(f"a packet above {LARGEST_PACKET} bytes")
        if messages:
            self._receive(messages)

    def write(self, data: bytes) -> None:
        """Write bytes of whole packets; nothing when the transport is gone."""
        if self._transport and not self.lost.done():
            self._transport.write(data)

    async def ask(self, request: bytes) -> mqtt5.Packet:
        """Write a request and return the packet that answers it; ConnectionFailed if none can."""
        self._reply = asyncio.get_running_loop().create_future()
        self.write(request)
        await asyncio.wait((self._reply, self.lost), return_when=asyncio.FIRST_COMPLETED)
        if not self._reply.done():
            raise ConnectionFailed(self.lost.result())
        return self._reply.result()

    def pause(self) -> None:
        """Stop reading, so that the broker waits in TCP; harmless when paused."""
        if self._transport and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again; harmless when reading."""
        if self._transport and not self._transport.is_closing():
            self._transport.resume_reading()

    def abort(self, why: str) -> None:
        """Drop the connection without a word; the broker keeps what is unacknowledged."""
        self._farewell = why
        if self._transport:
            self._transport.abort()

    async def close(self) -> None:
        """Say goodbye; the session stays at the broker."""
        self.write(mqtt5.DisconnectPacket().write())
        if self._transport:
            self._transport.close()
            await asyncio.wait((self.lost,), timeout=1)

    def _control(self, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.DisconnectPacket):
            self._farewell = f"the broker said {packet.reason_code.name} {packet.reason_str or ''}"
        elif isinstance(packet, _ANSWERS) and self._reply and not self._reply.done():
            self._reply.set_result(packet)


def _read(view: memoryview) -> tuple[mqtt5.Packet | MalformedPublish, int]:
    try:
        return mqtt5.read(view)
    except ValueError:
        salvaged = _salvage(view)
        if salvaged is None:
            raise
        return salvaged


def _salvage(view: memoryview) -> tuple[MalformedPublish, int] | None:
    """Return a whole PUBLISH that the codec refused, and its length; None for anything else.

    Its identifier stands behind the topic (MQTT 5, 3.3.2), whatever is wrong with the rest.
    """
    if view[0] >> 4 != 3:
        return None
    remaining, start = _variable_length(view)
    end = start + remaining
    topic_length = int.from_bytes(view[start : start + 2], "big")
    behind_topic = start + 2 + topic_length
    qos = view[0] >> 1 & 3
    if end > len(view) or behind_topic + 2 > end or qos > 1:
        return None
    packet_id = int.from_bytes(view[behind_topic : behind_topic + 2], "big") if qos else 0
    return MalformedPublish(packet_id, bytes(view[:end])), end


def _variable_length(view: memoryview) -> tuple[int, int]:
    value = 0
    for position in range(1, 5):
        value |= (view[position] & 0x7F) << 7 * (position - 1)
        if view[position] < 0x80:
            return value, position + 1
    raise ValueError("a length of more than four bytes")

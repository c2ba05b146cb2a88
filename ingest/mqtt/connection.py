"""One connection to the broker: bytes to packets, packets to bytes, nothing that outlives it."""

import asyncio
import struct
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import mqtt5

from ingest.mqtt.packets import LARGEST_PACKET, Incoming, MalformedPublish, NotMqtt, salvaged
from ingest.mqtt.publications import Publications

_ANSWERS = mqtt5.ConnAckPacket | mqtt5.SubAckPacket | mqtt5.UnsubAckPacket
_PUBACK = 0x4002_0000
"""Fixed header of a PUBACK for success, before the identifier: four bytes in all."""
_EXACTLY_ONCE = 0x04
"""Set in the first byte of a PUBLISH at QoS 2. We ask for QoS 1, but the session may be older."""
_PING = mqtt5.PingReqPacket().write()
_FAREWELL_SECONDS = 1.0

CLOSED_UNSAID = "the broker closed the connection"
"""How a connection ended that the broker closed without a DISCONNECT that says why."""

Answer = TypeVar("Answer", mqtt5.ConnAckPacket, mqtt5.SubAckPacket, mqtt5.UnsubAckPacket)


class ConnectionFailed(Exception):  # noqa: N818 named after what the caller does: connect again
    """The connection can't be had or went away; the text says why."""


class Connection(asyncio.Protocol):
    """Speaks MQTT 5 on one transport.

    Messages go to `receive`, in order. Answers to CONNECT, SUBSCRIBE and UNSUBSCRIBE are awaited
    by `ask`. What we publish goes through `publications`. When the transport is gone, `lost` holds
    the reason.
    """

    def __init__(self, receive: Callable[[list[Incoming]], None]) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.publications = Publications(self.write, self.lost)
        self._receive = receive
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._exactly_once: set[int] = set()
        self._reply: asyncio.Future[mqtt5.Packet] | None = None
        self._farewell = CLOSED_UNSAID
        self._heard = False
        self._paused = False
        self._clogged = False
        self._switches = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)
        if self._paused:
            self._read_or_not()

    def connection_lost(self, exc: Exception | None) -> None:
        """Record why."""
        if not self.lost.done():
            self.lost.set_result(f"{type(exc).__name__}: {exc}" if exc else self._farewell)

    def data_received(self, data: bytes) -> None:
        """Take packets off the bytes and hand on the messages as one list."""
        self._heard = True
        buffer = self._rest + data if self._rest else data
        messages: list[Incoming] = []
        offset = 0
        try:
            offset = self._take_packets(buffer, messages)
        except NotMqtt as error:
            self.abort(str(error))
        self._rest = buffer[offset:]
        if len(self._rest) > LARGEST_PACKET:
            self.abort(f"a packet above {LARGEST_PACKET} bytes")
        if messages:
            self._receive(messages)

    def pause_writing(self) -> None:
        """Read no more from a broker that does not read what we answer."""
        self._clogged = True
        self._read_or_not()

    def resume_writing(self) -> None:
        """Read again."""
        self._clogged = False
        self._read_or_not()

    def write(self, data: bytes) -> None:
        """Write bytes of whole packets; nothing when the transport is gone or going."""
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Acknowledge messages that came on this connection."""
        if self._exactly_once:
            twofold = self._exactly_once.intersection(packet_ids)
            self._exactly_once -= twofold
            self.write(b"".join(mqtt5.PubRecPacket(number).write() for number in twofold))
            packet_ids = [number for number in packet_ids if number not in twofold]
        words = [_PUBACK | number for number in packet_ids]
        self.write(struct.pack(f">{len(words)}I", *words))

    async def ask(self, request: bytes, kind: type[Answer], limit_s: float) -> Answer:
        """Write a request and return the packet that answers it; ConnectionFailed if none can.

        Time in which we do not read does not count towards the limit.
        """
        self._reply = asyncio.get_running_loop().create_future()
        self.write(request)
        while not self._reply.done():
            before = self._switches
            await asyncio.wait(
                (self._reply, self.lost), timeout=limit_s, return_when=asyncio.FIRST_COMPLETED
            )
            if self.lost.done() and not self._reply.done():
                raise ConnectionFailed(self.lost.result())
            if not self._reply.done() and self._is_reading() and self._switches == before:
                raise ConnectionFailed(f"no {kind.__name__} from the broker in {limit_s:g} s")
        answer = self._reply.result()
        if not isinstance(answer, kind):
            raise ConnectionFailed(f"{type(answer).__name__} where {kind.__name__} was expected")
        return answer

    def keep_alive(self, seconds: float) -> None:
        """From now on, ping twice in that time, and abort if nothing is heard for all of it.

        A connection that we do not read from is not silent: we would not hear it. Pings leave all
        the same, or the broker would take us for dead.
        """
        self._heard = True
        self._ping(seconds, silent=0)

    def pause(self) -> None:
        """Stop reading, so that the broker waits in TCP; harmless when paused."""
        self._paused = True
        self._read_or_not()

    def resume(self) -> None:
        """Read again; harmless when reading."""
        self._paused = False
        self._read_or_not()

    def abort(self, why: str) -> None:
        """Drop the connection without a word; the broker keeps what is unacknowledged."""
        self._farewell = why
        if self._transport:
            self._transport.abort()

    async def close(self) -> None:
        """Say goodbye, and listen to no more than the broker's; the session stays there.

        To close with unread bytes would reset the connection, and our last words could be lost.
        """
        if self._transport is None or self._transport.is_closing():
            return
        self._receive = _ignore
        self.write(mqtt5.DisconnectPacket().write())
        self.resume()
        await asyncio.wait((self.lost,), timeout=_FAREWELL_SECONDS)
        self.abort("closed")

    def _take_packets(self, buffer: bytes, messages: list[Incoming]) -> int:
        """Add the messages in the buffer to the list; return where the last whole packet ends."""
        read, publish = mqtt5.read, mqtt5.PublishPacket
        view = memoryview(buffer)
        offset, end = 0, len(buffer)
        packet: mqtt5.Packet | MalformedPublish
        try:
            while offset < end:
                try:
                    packet, length = read(view[offset:])
                except BaseException as refusal:  # noqa: BLE001 a panic is one; others are raised
                    packet, length = salvaged(view[offset:], refusal)
                if type(packet) is publish or isinstance(packet, MalformedPublish):
                    messages.append(packet)
                    if buffer[offset] & _EXACTLY_ONCE and packet.packet_id:
                        self._exactly_once.add(packet.packet_id)
                else:
                    self._control(packet)
                offset += length
        except IndexError:
            return offset  # the rest of this packet is still to come
        return offset

    def _control(self, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.DisconnectPacket):
            self.abort(f"the broker said {packet.reason_code.name}")
        elif isinstance(packet, mqtt5.PubAckPacket):
            self.publications.answered(packet)
        elif isinstance(packet, mqtt5.PubRelPacket):
            self.write(mqtt5.PubCompPacket(packet.packet_id).write())
        elif isinstance(packet, _ANSWERS) and self._reply and not self._reply.done():
            self._reply.set_result(packet)

    def _ping(self, seconds: float, silent: int) -> None:
        silent = 0 if self._heard else silent + 1
        if self.lost.done():
            return
        if silent == 2:
            self.abort(f"nothing heard from the broker in {seconds:g} s")
            return
        self._heard = not self._is_reading()
        self.write(_PING)
        asyncio.get_running_loop().call_later(seconds / 2, self._ping, seconds, silent)

    def _is_reading(self) -> bool:
        return not (self._paused or self._clogged)

    def _read_or_not(self) -> None:
        self._heard = True
        self._switches += 1
        if self._transport is None or self._transport.is_closing():
            return
        if self._is_reading():
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()


def _ignore(_: list[Incoming]) -> None:
    """Leave messages to the next connection: unacknowledged, they come again."""

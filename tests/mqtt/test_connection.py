"""Bytes to messages: in whatever pieces they come, and whatever is wrong with them."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.mqtt.connection import Connection, ConnectionFailed
from ingest.mqtt.packets import LARGEST_PACKET, Incoming, MalformedPublish, salvaged
from tests.mqtt.sessions import TOPIC, publish


class Wire(asyncio.Transport):
    """A transport without a network: keeps what is written, and whether it is read from."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.written = b""
        self.reading = True
        self._connection = connection
        self._closed = False
        connection.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closed:
            raise RuntimeError("uvloop refuses to write once closed")
        self.written += data

    def close(self) -> None:
        """Be closed by the loop, which tells the connection later."""
        self._closed = True

    def is_closing(self) -> bool:
        return self._closed

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def abort(self) -> None:
        if not self._closed:
            self._closed = True
            self._connection.connection_lost(None)


class Line:
    """A connection on a wire, and the messages that came."""

    def __init__(self) -> None:
        self.messages: list[Incoming] = []
        self.connection = Connection(self.messages.extend)
        self.wire = Wire(self.connection)

    def hear(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.connection.data_received(piece)

    @property
    def lost(self) -> str | None:
        return self.connection.lost.result() if self.connection.lost.done() else None

    def summary(self) -> list[tuple[str, bytes, int]]:
        return [
            (message.topic, message.payload, message.packet_id or 0) for message in self.messages
        ]


def _publish(body: bytes, first: int = 0x32) -> bytes:
    """Return a PUBLISH with this variable header and payload, shorter than 128 bytes."""
    return bytes([first, len(body)]) + body


def _with_topic(topic: bytes, rest: bytes = b"\0x", first: int = 0x32) -> bytes:
    packet_id = b"\0\x07" if first & 6 else b""
    return _publish(len(topic).to_bytes(2, "big") + topic + packet_id + rest, first)


_STREAM: list[mqtt5.Packet] = [
    publish(1, b'{"a":1}'),
    mqtt5.PingRespPacket(),
    publish(2, b"x" * 300),
    mqtt5.PubRelPacket(9),
    publish(0, b"", qos=mqtt5.QoS.AT_MOST_ONCE),
    publish(65_535, b"\xff" * 20_000, retain=True),
]
_BYTES = (
    b"".join(packet.write() for packet in _STREAM[:3])
    + _with_topic(b"")
    + b"".join(packet.write() for packet in _STREAM[3:])
)
_MESSAGES = [
    (TOPIC, b'{"a":1}', 1),
    (TOPIC, b"x" * 300, 2),
    ("", _with_topic(b""), 7),
    (TOPIC, b"", 0),
    (TOPIC, b"\xff" * 20_000, 65_535),
]


@given(st.lists(st.integers(0, len(_BYTES)), max_size=12).map(sorted))
def test_any_split_of_the_bytes_gives_the_same_messages(cuts: Sequence[int]) -> None:
    bounds = [0, *cuts, len(_BYTES)]
    pieces = [_BYTES[start:end] for start, end in pairwise(bounds)]

    async def summary() -> list[tuple[str, bytes, int]]:
        line = Line()
        line.hear(*pieces)
        assert line.lost is None
        return line.summary()

    assert asyncio.run(summary()) == _MESSAGES


async def test_a_cut_at_every_single_byte_gives_the_same_messages() -> None:
    head = b"".join(packet.write() for packet in _STREAM[:3]) + _with_topic(b"")
    for cut in range(len(head)):
        line = Line()
        line.hear(head[:cut], head[cut:])
        assert line.summary() == _MESSAGES[:3], cut
    line = Line()
    line.hear(*(bytes([byte]) for byte in head))
    assert line.summary() == _MESSAGES[:3]


_codec_panics = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""The codec prints the UnicodeDecodeError over which it panics."""

MALFORMED = {
    "a topic that is not UTF-8": _with_topic(b"\xff\xfe"),
    "a topic with half a surrogate pair": _with_topic(b"\xed\xa0\x80"),
    "no topic and no alias": _with_topic(b""),
    "an unknown property": _with_topic(b"a", b"\x02\x7f\x00x"),
    "a property twice": _with_topic(b"a", b"\x04\x01\x00\x01\x00x"),
    "properties longer than the packet": _with_topic(b"a", b"\x7f"),
    "a user property that is not UTF-8": _with_topic(b"a", b"\x07\x26\x00\x01\xff\x00\x01ax"),
    "QoS 2": _with_topic(b"", first=0x34),
}


@_codec_panics
@pytest.mark.parametrize("packet", MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_publish_is_told_apart_and_its_neighbours_are_kept(
    packet: bytes,
) -> None:
    line = Line()

    line.hear(publish(1).write() + packet + publish(2).write())

    assert line.lost is None
    before, between, after = line.messages
    assert between == MalformedPublish("", packet, 7)
    assert (before.packet_id, after.packet_id) == (1, 2)


async def test_a_malformed_publish_of_qos_0_has_nothing_to_acknowledge() -> None:
    line = Line()

    line.hear(_with_topic(b"", first=0x30))

    assert [message.packet_id for message in line.messages] == [0]


@pytest.mark.parametrize("packet", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_publish_is_waited_for_until_it_is_whole(packet: bytes) -> None:
    for cut in range(1, len(packet)):
        with pytest.raises(IndexError):
            salvaged(memoryview(packet)[:cut], ValueError("refused"))


HOPELESS = {
    "an unknown type": b"\x00\x00",
    "QoS 3": _with_topic(b"a", first=0x36),
    "a topic longer than the packet": _publish(b"\xff\xffabc"),
    "an empty publish": _publish(b""),
    "a length of five bytes": b"\x32\xff\xff\xff\xff\x01",
    "an unknown reason": b"\xe0\x01\xfe",
    "a reason that is not UTF-8": b"\xe0\x07\x8e\x05\x1f\x00\x02\xff\xfe",
}


@_codec_panics
@pytest.mark.parametrize("packet", HOPELESS.values(), ids=HOPELESS)
async def test_what_is_not_mqtt_ends_the_connection_after_the_messages_before_it(
    packet: bytes,
) -> None:
    line = Line()

    line.hear(publish(1).write() + packet)

    assert line.lost
    assert [message.packet_id for message in line.messages] == [1]


async def test_a_packet_without_end_ends_the_connection_within_its_bound() -> None:
    line = Line()
    endless = b"\x32\xff\xff\xff\x7f" + b"\0" * 65_536

    line.hear(endless)
    for _ in range(LARGEST_PACKET // 65_536):
        line.hear(b"\0" * 65_536)

    assert line.lost == f"a packet above {LARGEST_PACKET} bytes"
    assert not line.messages


async def test_a_broker_that_does_not_read_our_answers_is_not_read_until_it_does() -> None:
    line = Line()

    line.connection.pause_writing()
    line.connection.resume()
    assert not line.wire.reading

    line.connection.resume_writing()
    assert line.wire.reading


async def test_a_pause_from_before_the_transport_was_there_holds() -> None:
    connection = Connection(lambda _: None)
    connection.pause()

    assert not Wire(connection).reading


async def test_a_pause_outlives_a_broker_that_reads_again() -> None:
    line = Line()
    line.connection.pause()

    line.connection.pause_writing()
    line.connection.resume_writing()
    assert not line.wire.reading

    line.connection.resume()
    assert line.wire.reading


async def test_acknowledgements_are_the_packets_the_codec_would_write() -> None:
    line = Line()

    line.connection.acknowledge([1, 258, 65_535])

    expected = b"".join(mqtt5.PubAckPacket(number).write() for number in (1, 258, 65_535))
    assert line.wire.written == expected


async def test_nothing_is_written_to_a_connection_that_is_gone() -> None:
    line = Line()
    line.connection.abort("over")

    line.connection.acknowledge([1])
    await line.connection.close()

    assert line.wire.written == b""


async def test_nothing_is_written_to_a_connection_that_is_going() -> None:
    line = Line()
    line.wire.close()

    line.connection.acknowledge([1])
    await line.connection.close()

    assert line.wire.written == b""


async def test_an_answer_of_another_kind_is_a_failure() -> None:
    line = Line()
    asking = asyncio.create_task(line.connection.ask(b"", mqtt5.ConnAckPacket, 5))
    await asyncio.wait((asking,), timeout=0)

    line.hear(mqtt5.SubAckPacket(1, []).write())

    with pytest.raises(ConnectionFailed, match="SubAckPacket where ConnAckPacket was expected"):
        await asking


async def test_time_in_which_we_do_not_read_does_not_count_towards_the_wait_for_an_answer() -> None:
    line = Line()
    line.connection.pause()
    asking = asyncio.create_task(line.connection.ask(b"", mqtt5.ConnAckPacket, 0.05))
    done, _ = await asyncio.wait((asking,), timeout=0.3)
    assert not done

    line.connection.resume()

    with pytest.raises(ConnectionFailed, match="no ConnAckPacket"):
        await asking


async def test_a_silent_broker_is_given_up() -> None:
    line = Line()

    line.connection.keep_alive(0.1)
    await asyncio.wait((line.connection.lost,), timeout=5)

    assert line.lost == "nothing heard from the broker in 0.1 s"
    assert line.wire.written.startswith(mqtt5.PingReqPacket().write() * 2)


async def test_a_paused_connection_is_not_taken_for_dead_and_its_pings_leave() -> None:
    line = Line()
    line.connection.pause()

    line.connection.keep_alive(0.1)
    await asyncio.wait((line.connection.lost,), timeout=0.5)
    assert line.lost is None
    assert len(line.wire.written) >= 2 * len(mqtt5.PingReqPacket().write())

    line.connection.resume()
    await asyncio.wait((line.connection.lost,), timeout=5)
    assert line.lost

"""Packets off the wire, one at a time, and what is left of a PUBLISH that the codec refuses."""

from typing import NamedTuple, TypeAlias

import mqtt5

from ingest.panic import is_panic

LARGEST_PACKET = 1 << 20
"""Bytes; the broker is told, and drops a longer packet by itself (MQTT 5, 3.1.2.11.4)."""


class NotMqtt(Exception):  # noqa: N818 named after what the caller does: drop the connection
    """Bytes that are not MQTT 5, and it can't be told where the next packet begins."""


class MalformedPublish(NamedTuple):
    """A whole PUBLISH that the codec refuses: told apart so that it does not come for ever.

    `payload` holds the packet itself.
    """

    topic: str
    payload: bytes
    packet_id: int


Incoming: TypeAlias = mqtt5.PublishPacket | MalformedPublish


def salvaged(view: memoryview, refusal: BaseException) -> tuple[MalformedPublish, int]:
    """Return what is left of the packet that the codec answered with `refusal`, and its length.

    A PUBLISH holds its identifier behind the topic (MQTT 5, 3.3.2), whatever is wrong with the
    rest. Raises IndexError if it is not whole yet, NotMqtt for any other packet.
    """
    if not (isinstance(refusal, ValueError) or is_panic(refusal)):
        raise refusal
    qos = view[0] >> 1 & 3
    if view[0] >> 4 != 3 or qos > 2:
        raise NotMqtt(_told(refusal))
    remaining, start = _variable_length(view)
    end = start + remaining
    if end > len(view):
        raise IndexError
    behind_topic = start + 2 + int.from_bytes(view[start : start + 2], "big")
    if behind_topic + 2 > end:
        raise NotMqtt(_told(refusal))
    packet_id = int.from_bytes(view[behind_topic : behind_topic + 2], "big") if qos else 0
    return MalformedPublish("", bytes(view[:end]), packet_id), end


def _variable_length(view: memoryview) -> tuple[int, int]:
    """Return the length and where it ends; IndexError if more bytes have to come."""
    value = 0
    for position in range(1, 5):
        value |= (view[position] & 0x7F) << 7 * (position - 1)
        if view[position] < 0x80:
            return value, position + 1
    raise NotMqtt("a length of more than four bytes")


def _told(refusal: BaseException) -> str:
    return f"a packet that is not MQTT 5: {refusal}"

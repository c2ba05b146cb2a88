"""A message as it came off the wire, with what is needed to acknowledge it."""

from typing import NamedTuple

from devices.instant import Instant


class Message(NamedTuple):
    """A message received and not yet acknowledged.

    `packet_id` is 0 for QoS 0. It belongs to the connection `epoch`: a broker reuses identifiers
    after a reconnect, so an acknowledgement must never leave on another connection.
    `malformed` marks a packet that broke the protocol; its bytes are the payload.
    """

    topic: str
    payload: bytes
    received_at: Instant
    epoch: int
    packet_id: int
    malformed: bool = False

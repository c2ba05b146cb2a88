"""What we publish on one connection, each awaited until the broker has acknowledged it.

Decision: what a connection leaves unacknowledged fails and is published anew by whoever wanted it,
with its own expiry and order. Given up: sending it again from here after a reconnect (MQTT 5,
4.4); a receiver at QoS 1 keeps no identifiers, so the broker misses nothing by it.
"""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

import mqtt5

MOST_IN_FLIGHT = 100
"""Messages that may be unacknowledged at once, if the broker's Receive Maximum is not less."""
_FIRST_ID, _LAST_ID = 3, 65_535
"""1 and 2 are those of our UNSUBSCRIBE and SUBSCRIBE. The broker numbers its own messages apart."""
_REFUSED = 128
"""Reason codes from here on are failures (MQTT 5, 2.4)."""
_AT_LEAST_ONCE = mqtt5.QoS.AT_LEAST_ONCE


class NotPublished(Exception):  # noqa: N818 named after what the caller does: publish again
    """The broker did not say that it has the message; the text says why. It may have it."""


class Publication(NamedTuple):
    """A message to publish. The broker drops it when it could not be delivered in `expiry_s`."""

    topic: str
    payload: bytes
    retain: bool = False
    expiry_s: int | None = None


class Publications:
    """The messages in flight on one connection. None leaves before `begin`."""

    def __init__(self, write: Callable[[bytes], None], lost: asyncio.Future[str]) -> None:
        self._write = write
        self._lost = lost
        self._welcome = mqtt5.ConnAckPacket()
        self._numbers = count()
        self._answers: dict[int, asyncio.Future[str]] = {}
        self._room = asyncio.Semaphore(0)
        lost.add_done_callback(self._end)

    def begin(self, welcome: mqtt5.ConnAckPacket) -> None:
        """Let messages leave, as the broker's welcome allows."""
        self._welcome = welcome
        for _ in range(min(MOST_IN_FLIGHT, welcome.receive_max)):
            self._room.release()

    async def publish(self, publication: Publication, limit_s: float) -> None:
        """Publish and return when the broker has it; NotPublished if it does not say so in time."""
        self._check(publication)
        try:
            async with asyncio.timeout(limit_s):
                await self._room.acquire()
                refusal = await self._sent(publication)
        except TimeoutError:
            raise NotPublished(f"no PUBACK from the broker in {limit_s:g} s") from None
        if refusal:
            raise NotPublished(refusal)

    def answered(self, packet: mqtt5.PubAckPacket) -> None:
        """Take in an acknowledgement; one of nothing that is in flight is ignored."""
        answer = self._answers.pop(packet.packet_id, None)
        if answer is None:
            return
        self._room.release()
        if not answer.done():
            code = packet.reason_code
            refused = code.value >= _REFUSED
            answer.set_result(f"the broker refused it: {code.name}" if refused else "")

    def _sent(self, publication: Publication) -> asyncio.Future[str]:
        """Send a message; the future becomes "" or what went wrong.

        Until it is answered, its identifier and its place stay taken, whoever still waits for it.
        """
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        if self._lost.done():
            self._room.release()
            answer.set_result(self._lost.result())
            return answer
        number = self._free_number()
        self._answers[number] = answer
        self._write(_packet(publication, number))
        return answer

    def _free_number(self) -> int:
        numbers = (_FIRST_ID + each % (_LAST_ID - _FIRST_ID + 1) for each in self._numbers)
        return next(number for number in numbers if number not in self._answers)

    def _check(self, publication: Publication) -> None:
        """Refuse what would make the broker drop the connection, and all that comes on it."""
        welcome = self._welcome
        if self._lost.done():
            raise NotPublished(self._lost.result())
        if welcome.max_qos == mqtt5.QoS.AT_MOST_ONCE:
            raise NotPublished("the broker takes QoS 0 only")
        if publication.retain and not welcome.retain_available:
            raise NotPublished("the broker retains nothing")
        try:
            size = len(_packet(publication, _LAST_ID))
        except ValueError as error:
            raise NotPublished(f"no message that MQTT could carry: {error}") from None
        most = welcome.max_packet_size
        if most is not None and size > most:
            raise NotPublished(f"more than the {most} bytes that the broker takes")

    def _end(self, lost: asyncio.Future[str]) -> None:
        """Fail all that waits, for an acknowledgement or for room."""
        why = "cancelled" if lost.cancelled() else lost.result()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_result(why)
        self._answers.clear()
        self._room.release()


def _packet(publication: Publication, number: int) -> bytes:
    return mqtt5.PublishPacket(
        publication.topic,
        publication.payload,
        qos=_AT_LEAST_ONCE,
        retain=publication.retain,
        packet_id=number,
        message_expiry_interval=publication.expiry_s,
    ).write()

"""Sessions to test, and messages for them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import mqtt5

from ingest.clock import Clock, MachineClock
from ingest.demo.programs import LOOPBACK
from ingest.mqtt.message import Message
from ingest.mqtt.session import Session
from ingest.settings import MqttSettings

TOPIC = "gw/v1/water_meter/wm-1/up"
QUICK = timedelta(milliseconds=1)
AT_ONCE = timedelta()


class Topics:
    """A memory of topics."""

    def __init__(self, *topics: str) -> None:
        self.kept: Sequence[str] = topics

    def topics(self) -> Sequence[str]:
        return self.kept

    async def remember(self, topics: Sequence[str]) -> None:
        self.kept = tuple(topics)


def settings_for(port: int, **others: object) -> MqttSettings:
    """Return settings for a broker on loopback."""
    values = {"host": LOOPBACK, "port": port, "connect_timeout_s": 5.0, **others}
    return MqttSettings.model_validate(values)


@asynccontextmanager
async def running(
    settings: MqttSettings,
    memory: Topics | None = None,
    first_wait: timedelta = QUICK,
    clock: Clock | None = None,
) -> AsyncIterator[Session]:
    """A session that runs meanwhile."""
    session = Session(settings, clock or MachineClock(), memory or Topics(), first_wait)
    task = asyncio.create_task(session.run())
    try:
        yield session
    finally:
        task.cancel()
        await asyncio.wait((task,))
    if not task.cancelled():
        task.result()


async def received(session: Session, number: int) -> list[Message]:
    """Take so many messages, within a bound."""
    messages: list[Message] = []
    async with asyncio.timeout(20):
        while len(messages) < number:
            messages += await session.take(number - len(messages), AT_ONCE)
    return messages


def publish(
    number: int,
    payload: bytes = b"{}",
    *,
    topic: str = TOPIC,
    qos: mqtt5.QoS = mqtt5.QoS.AT_LEAST_ONCE,
    retain: bool = False,
) -> mqtt5.PublishPacket:
    """Return a message with this packet identifier."""
    packet_id = None if qos is mqtt5.QoS.AT_MOST_ONCE else number
    return mqtt5.PublishPacket(topic, payload, qos=qos, packet_id=packet_id, retain=retain)

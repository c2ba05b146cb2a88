"""How a connection begins: CONNECT, then the subscriptions we want and none that we do not."""

import logging
import ssl
from collections.abc import Sequence
from typing import Protocol

import mqtt5

from ingest.mqtt.connection import Connection, ConnectionFailed
from ingest.mqtt.packets import LARGEST_PACKET
from ingest.settings import MqttSettings
from ingest.tls import Identity, identify, trusting

_LOG = logging.getLogger(__name__)
_REFUSED = 128
"""Reason codes from here on are failures (MQTT 5, 2.4)."""


class TopicMemory(Protocol):
    """Remembers across restarts what the session at the broker is subscribed to."""

    def topics(self) -> Sequence[str]:
        """Return the topic filters last remembered."""

    async def remember(self, topics: Sequence[str]) -> None:
        """Remember these instead."""


async def introduce(
    connection: Connection, settings: MqttSettings, password: str | None
) -> mqtt5.ConnAckPacket:
    """Return the broker's welcome, and keep the connection alive from then on.

    Raises ConnectionFailed if the broker refuses us or does not answer in time.
    """
    packet = mqtt5.ConnectPacket(
        settings.client_id,
        username=settings.username,
        password=None if password is None else password.encode(),
        clean_start=False,
        keep_alive=settings.keep_alive_s,
        session_expiry_interval=settings.session_expiry_s,
        receive_max=settings.receive_maximum,
        max_packet_size=LARGEST_PACKET,
    )
    limit_s = settings.connect_timeout_s
    welcome = await connection.ask(packet.write(), mqtt5.ConnAckPacket, limit_s)
    if welcome.reason_code.value >= _REFUSED:
        raise ConnectionFailed(f"the broker refused us: {welcome.reason_code.name}")
    connection.keep_alive(_seconds_alive(welcome, settings))
    return welcome


async def subscribe(connection: Connection, settings: MqttSettings, memory: TopicMemory) -> None:
    """Subscribe to the topics of the settings, and unsubscribe what an earlier run left behind.

    What is to be left is remembered until the broker has confirmed it. Raises ConnectionFailed if
    the broker refuses a subscription or does not answer in time.
    """
    topics = settings.topics
    left = [topic for topic in memory.topics() if topic not in topics]
    await memory.remember((*left, *topics))
    limit_s = settings.connect_timeout_s
    if left:
        request = mqtt5.UnsubscribePacket(1, left).write()
        farewell = await connection.ask(request, mqtt5.UnsubAckPacket, limit_s)
        left = _refused(left, farewell.reason_codes)
    request = mqtt5.SubscribePacket(2, [_filter(topic) for topic in topics]).write()
    answer = await connection.ask(request, mqtt5.SubAckPacket, limit_s)
    if refused := _refused(topics, answer.reason_codes):
        raise ConnectionFailed(f"the broker refused our subscription to {', '.join(refused)}")
    if mqtt5.SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE in answer.reason_codes:
        _LOG.warning("the broker grants QoS 0 only: what it sends while we are away is lost")
    await memory.remember((*left, *topics))


def broker_trust(settings: MqttSettings) -> ssl.SSLContext:
    """Return how to check the broker's certificate and show ours.

    Raises SettingsError, which names the key, if a file can't be used.
    """
    context = trusting(settings.ca_file, "mqtt.ca_file")
    if settings.cert_file and settings.key_file:
        identity = Identity(settings.cert_file, settings.key_file)
        identify(context, identity, "mqtt.cert_file, mqtt.key_file")
    return context


def _seconds_alive(welcome: mqtt5.ConnAckPacket, settings: MqttSettings) -> int:
    """The broker's own keep-alive takes the place of ours (MQTT 5, 3.2.2.3.14) if it is shorter.

    A longer one, or 0 for none at all, is no reason to learn later that the broker is gone.
    """
    return min(settings.keep_alive_s, welcome.server_keep_alive or settings.keep_alive_s)


def _filter(topic: str) -> mqtt5.TopicFilter:
    return mqtt5.TopicFilter(
        topic,
        max_qos=mqtt5.QoS.AT_LEAST_ONCE,
        retain_handling=mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
    )


def _refused(
    topics: Sequence[str],
    codes: Sequence[mqtt5.SubAckReasonCode] | Sequence[mqtt5.UnsubAckReasonCode],
) -> list[str]:
    if len(codes) != len(topics):
        raise ConnectionFailed(f"{len(codes)} answers from the broker for {len(topics)} topics")
    return [topic for topic, code in zip(topics, codes, strict=True) if code.value >= _REFUSED]

"""What the session publishes: acknowledged by the broker, or not published."""

import asyncio
from collections.abc import Sequence

import mqtt5
import pytest

from ingest.demo.programs import Mosquitto
from ingest.mqtt.publications import MOST_IN_FLIGHT, NotPublished, Publication, Publications
from tests.mqtt.publishing import publish_lines
from tests.mqtt.relay import Relay
from tests.mqtt.scripted_broker import Guest, ScriptedBroker
from tests.mqtt.sessions import publish, received, running, settings_for
from tests.mqtt.waiting import until

_DOWN = "gw/v1/gas_monitor/gm-1/down"
_AT_LEAST_ONCE = mqtt5.QoS.AT_LEAST_ONCE
_REFUSED = mqtt5.PubAckReasonCode.QUOTA_EXCEEDED


@pytest.mark.servers
async def test_what_is_published_reaches_those_who_listen(mosquitto: Mosquitto) -> None:
    listener = settings_for(mosquitto.port, client_id="listener", topics=[_DOWN])
    async with (
        running(listener) as other,
        running(settings_for(mosquitto.port)) as session,
    ):
        await until(lambda: other.connected and session.connected)
        await publish_lines(mosquitto.port, ["one", "two", "three"])
        assert len(await received(session, 3)) == 3

        await asyncio.gather(*(session.publish(_DOWN, b"%d" % n) for n in range(500)))

        heard = [message.payload for message in await received(other, 500)]
        assert sorted(map(int, heard)) == list(range(500))


@pytest.mark.servers
async def test_a_retained_message_waits_for_whoever_comes(mosquitto: Mosquitto) -> None:
    topic = "gw/v1/alerts/500103/gas/gm-1"
    async with running(settings_for(mosquitto.port)) as session:
        await until(lambda: session.connected)
        await session.publish(topic, b"pending", retain=True)
        await session.publish(topic, b"firing", retain=True, expiry_s=600)
    listener = settings_for(mosquitto.port, client_id="late", topics=["gw/v1/alerts/#"])
    async with running(listener) as other:
        assert [message.payload for message in await received(other, 1)] == [b"firing"]


@pytest.mark.servers
async def test_a_message_is_published_again_after_a_lost_connection(mosquitto: Mosquitto) -> None:
    async with (
        Relay(mosquitto.port) as relay,
        running(settings_for(relay.port)) as session,
    ):
        await until(lambda: session.connected)
        relay.cut()
        await until(lambda: not session.connected or session.connects == 2)
        await until(lambda: session.connects == 2 and session.connected)
        await session.publish(_DOWN, b"again")


async def test_nothing_is_published_without_a_connection() -> None:
    async with ScriptedBroker() as broker:
        broker.welcome = None
        async with running(settings_for(broker.port)) as session:
            await broker.arrived(1)
            with pytest.raises(NotPublished, match="not connected"):
                await session.publish(_DOWN, b"x")


async def test_a_connection_that_is_lost_publishes_nothing_of_what_it_left_unanswered() -> None:
    async with ScriptedBroker() as broker, running(settings_for(broker.port)) as session:
        guest = await broker.guest()
        await until(lambda: session.connected)
        waiting = [asyncio.create_task(session.publish(_DOWN, b"x")) for _ in range(150)]
        await until(lambda: len(guest.sent(mqtt5.PublishPacket)) == MOST_IN_FLIGHT)

        guest.abort()

        await asyncio.wait(waiting)
        assert all(isinstance(task.exception(), NotPublished) for task in waiting)


async def test_no_more_is_in_flight_than_the_broker_takes_and_answers_come_in_any_order() -> None:
    async with ScriptedBroker() as broker:
        broker.welcome = mqtt5.ConnAckPacket(receive_max=2)
        async with running(settings_for(broker.port)) as session:
            guest = await broker.guest()
            await until(lambda: session.connected)
            tasks = [asyncio.create_task(session.publish(_DOWN, b"%d" % n)) for n in range(5)]
            await until(lambda: len(_published(guest)) == 2)
            guest.send(publish(_published(guest)[0], b"incoming, of the same number"))
            assert (await received(session, 1))[0].payload.startswith(b"incoming")
            assert len(_published(guest)) == 2
            assert not any(task.done() for task in tasks)

            for so_far in (2, 4, 5):
                await until(lambda: len(_published(guest)) == so_far)  # noqa: B023 awaited at once
                unanswered = _published(guest)[so_far - 2 + so_far % 2 :]
                guest.send(*(mqtt5.PubAckPacket(number) for number in reversed(unanswered)))
            await asyncio.gather(*tasks)


async def test_a_refused_message_is_not_published_and_one_without_a_listener_is() -> None:
    async with ScriptedBroker() as broker, running(settings_for(broker.port)) as session:
        guest = await broker.guest()
        await until(lambda: session.connected)
        refused = asyncio.create_task(session.publish(_DOWN, b"x"))
        await until(lambda: len(_published(guest)) == 1)
        guest.send(mqtt5.PubAckPacket(_published(guest)[0], reason_code=_REFUSED))
        with pytest.raises(NotPublished, match="QUOTA_EXCEEDED"):
            await refused

        unheard = asyncio.create_task(session.publish(_DOWN, b"y"))
        await until(lambda: len(_published(guest)) == 2)
        nobody = mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS
        guest.send(mqtt5.PubAckPacket(_published(guest)[1], reason_code=nobody))
        await unheard


@pytest.mark.parametrize(
    ("welcome", "publication", "why"),
    [
        ({"retain_available": False}, Publication(_DOWN, b"x", retain=True), "retains nothing"),
        ({"max_qos": mqtt5.QoS.AT_MOST_ONCE}, Publication(_DOWN, b"x"), "QoS 0"),
        ({"max_packet_size": 50}, Publication(_DOWN, b"x" * 50), "50 bytes"),
        ({}, Publication("gw/#", b"x"), "MQTT could carry"),
    ],
)
async def test_what_the_broker_would_drop_the_connection_for_is_never_sent(
    welcome: dict[str, object], publication: Publication, why: str
) -> None:
    sent, publications = _publications(**welcome)
    with pytest.raises(NotPublished, match=why):
        await publications.publish(publication, 1.0)
    assert sent == []


async def test_an_identifier_is_not_used_again_before_it_is_answered() -> None:
    sent, publications = _publications()
    with pytest.raises(NotPublished, match="no PUBACK"):
        await publications.publish(Publication(_DOWN, b"x", expiry_s=7), 0.01)
    with pytest.raises(NotPublished, match="no PUBACK"):
        await publications.publish(Publication(_DOWN, b"y"), 0.01)
    first, second = _packets(sent)
    assert first.packet_id != second.packet_id
    assert {first.packet_id, second.packet_id}.isdisjoint({1, 2})
    assert (first.qos, first.message_expiry_interval) == (_AT_LEAST_ONCE, 7)


def _publications(**welcome: object) -> tuple[list[bytes], Publications]:
    sent: list[bytes] = []
    publications = Publications(sent.append, asyncio.get_running_loop().create_future())
    publications.begin(mqtt5.ConnAckPacket(**welcome))  # type: ignore[arg-type]
    return sent, publications


def _packets(sent: Sequence[bytes]) -> list[mqtt5.PublishPacket]:
    packets = [mqtt5.read(memoryview(data))[0] for data in sent]
    return [packet for packet in packets if isinstance(packet, mqtt5.PublishPacket)]


def _published(guest: Guest) -> list[int]:
    return [packet.packet_id or 0 for packet in guest.sent(mqtt5.PublishPacket)]

"""Connecting, and connecting again: whatever the broker does, the session comes back."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

import mqtt5
import pytest

from ingest.mqtt.session import Session
from tests.mqtt.scripted_broker import GRANTED, ScriptedBroker
from tests.mqtt.sessions import TOPIC, Topics, publish, received, running, settings_for
from tests.mqtt.waiting import until

_SUBACK = mqtt5.SubAckReasonCode


async def test_the_session_connects_once_there_is_a_broker(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with ScriptedBroker() as broker:
        port = broker.port
    async with running(settings_for(port)) as session:
        await until(lambda: session.failures >= 3)
        assert not session.connected
        later = ScriptedBroker()
        later.port = port
        async with later:
            await until(lambda: session.connected)
    complaints = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(complaints) == 1
    assert f"127.0.0.1:{port}" in complaints[0].getMessage()


async def test_the_wait_grows_with_each_failure() -> None:
    async with ScriptedBroker() as broker:
        broker.welcome = mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.SERVER_BUSY)
        first = timedelta(milliseconds=40)
        async with running(settings_for(broker.port), first_wait=first) as session:
            await until(lambda: session.failures == 2)
            await asyncio.wait(
                (asyncio.create_task(until(lambda: session.failures > 5)),), timeout=1
            )
            assert session.failures <= 6  # 40, 80, 160, 320, 640 ms, each at least half of it


async def test_two_services_of_one_client_id_do_not_take_turns_at_full_speed() -> None:
    takeover = mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER
    async with ScriptedBroker() as broker:
        first = timedelta(milliseconds=100)
        async with running(settings_for(broker.port), first_wait=first) as session:
            for number in (1, 2, 3):
                guest = await broker.guest(number)
                await until(lambda: session.connects == len(broker.guests))
                guest.send(mqtt5.DisconnectPacket(reason_code=takeover))
            await until(lambda: session.failures == 3)
            await asyncio.wait((asyncio.create_task(broker.arrived(4)),), timeout=0.15)
            assert len(broker.guests) == 3


async def test_every_connect_subscribes_to_every_topic() -> None:
    async with ScriptedBroker() as broker, running(settings_for(broker.port)) as session:
        for number in (1, 2, 3):
            guest = await broker.guest(number)
            (subscribe,) = guest.sent(mqtt5.SubscribePacket)
            filters = [each.pattern for each in subscribe.topic_filters]
            assert filters == ["gw/v1/+/+/up", "gw/v1/+/+/reply", "gw/v1/+/+/status"]
            assert all(each.max_qos is mqtt5.QoS.AT_LEAST_ONCE for each in subscribe.topic_filters)
            await until(lambda: session.connects == len(broker.guests))
            guest.abort()


async def test_what_an_earlier_run_subscribed_to_is_unsubscribed_once() -> None:
    memory = Topics("gw/v1/+/+/up", "gw/old/#", "gw/older/+")
    async with ScriptedBroker() as broker:
        settings = settings_for(broker.port, topics=("gw/v1/+/+/up",))
        async with running(settings, memory) as session:
            guest = await broker.guest(1)
            await until(lambda: session.connected)
            (unsubscribe,) = guest.sent(mqtt5.UnsubscribePacket)
            assert unsubscribe.patterns == ["gw/old/#", "gw/older/+"]
            assert memory.kept == ("gw/v1/+/+/up",)
            guest.abort()
            again = await broker.guest(2)
            await until(lambda: session.connected)
            assert not again.sent(mqtt5.UnsubscribePacket)


async def test_what_could_not_be_unsubscribed_is_tried_at_the_next_connect() -> None:
    memory = Topics("gw/old/#")
    async with ScriptedBroker() as broker:
        broker.unsubscribed = mqtt5.UnsubAckReasonCode.NOT_AUTHORIZED
        async with running(settings_for(broker.port, topics=(TOPIC,)), memory) as session:
            await until(lambda: session.connected)

    assert memory.kept == ("gw/old/#", TOPIC)


def _refuse_connect(broker: ScriptedBroker) -> None:
    broker.welcome = mqtt5.ConnAckPacket(
        reason_code=mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD
    )


def _say_nothing(broker: ScriptedBroker) -> None:
    broker.welcome = None


def _refuse_one_topic(broker: ScriptedBroker) -> None:
    broker.subscribed = [GRANTED, _SUBACK.NOT_AUTHORIZED, GRANTED]


def _answer_for_one_topic(broker: ScriptedBroker) -> None:
    broker.subscribed = [GRANTED]


def _leave_subscriptions_unanswered(broker: ScriptedBroker) -> None:
    broker.answers_subscriptions = False


REFUSALS: dict[str, tuple[Callable[[ScriptedBroker], None], str]] = {
    "CONNECT": (_refuse_connect, "the broker refused us: BAD_USER_NAME_OR_PASSWORD"),
    "silence": (_say_nothing, "no ConnAckPacket from the broker in 0.2 s"),
    "a topic": (_refuse_one_topic, "the broker refused our subscription to gw/v1/+/+/reply"),
    "fewer topics": (_answer_for_one_topic, "1 answers from the broker for 3 topics"),
    "no SUBACK": (_leave_subscriptions_unanswered, "no SubAckPacket from the broker in 0.2 s"),
}


@pytest.mark.parametrize(("refuse", "complaint"), REFUSALS.values(), ids=REFUSALS)
async def test_a_refusal_is_said_once_and_tried_again_until_it_ends(
    refuse: Callable[[ScriptedBroker], None], complaint: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with ScriptedBroker() as broker:
        refuse(broker)
        settings = settings_for(broker.port, connect_timeout_s=0.2)
        async with running(settings) as session:
            await until(lambda: session.failures >= 2)
            assert not session.connected
            assert session.connects == 0

            broker.welcome = mqtt5.ConnAckPacket()
            broker.subscribed, broker.answers_subscriptions = None, True
            await until(lambda: session.connected)

    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == [f"broker 127.0.0.1:{broker.port}: {complaint}; trying again"]


async def test_a_subscription_granted_at_qos_0_only_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with ScriptedBroker() as broker:
        broker.subscribed = [GRANTED, GRANTED, _SUBACK.GRANTED_QOS_AT_MOST_ONCE]
        async with running(settings_for(broker.port)) as session:
            await until(lambda: session.connected)

    assert "QoS 0 only" in caplog.text


async def test_a_session_that_is_taken_away_without_a_word_asks_who_took_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with ScriptedBroker() as broker, running(settings_for(broker.port)) as session:
        guest = await broker.guest(1)
        await until(lambda: session.connected)
        guest.close()
        await broker.guest(2)

    assert "is there another client called gridwatch?" in caplog.text


async def test_a_disconnect_of_the_broker_is_heard_though_it_keeps_the_connection_open(
    caplog: pytest.LogCaptureFixture,
) -> None:
    goodbye = mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN)
    async with ScriptedBroker() as broker, running(settings_for(broker.port)) as session:
        guest = await broker.guest(1)
        await until(lambda: session.connected)
        guest.send(publish(1), goodbye)

        await broker.guest(2)

        assert len(await received(session, 1)) == 1
    assert "the broker said SERVER_SHUTTING_DOWN" in caplog.text


async def test_the_keep_alive_of_the_broker_is_used_and_a_dead_broker_noticed() -> None:
    async with ScriptedBroker() as broker:
        broker.welcome = mqtt5.ConnAckPacket(server_keep_alive=1)
        async with running(settings_for(broker.port)) as session:
            guest = await broker.guest(1)
            await until(lambda: len(guest.sent(mqtt5.PingReqPacket)) >= 4)
            assert session.connects == 1

            broker.answers_pings = False

            await broker.guest(2)
            assert guest.gone


async def test_a_paused_session_pings_and_is_not_mistaken_for_one_with_a_dead_broker() -> None:
    async with ScriptedBroker() as broker:
        broker.welcome = mqtt5.ConnAckPacket(server_keep_alive=1)
        async with running(settings_for(broker.port, receive_maximum=2)) as session:
            guest = await broker.guest(1)
            guest.send(publish(1), publish(2), publish(3))
            messages = await received(session, 3)
            pings = len(guest.sent(mqtt5.PingReqPacket))
            await until(lambda: len(guest.sent(mqtt5.PingReqPacket)) >= pings + 5)

            session.acknowledge(messages)

            await until(lambda: guest.acknowledged == [1, 2, 3])
            assert session.connects == 1
            assert session.failures == 0


async def test_a_burst_above_the_bound_before_the_suback_does_not_end_the_connection() -> None:
    async with ScriptedBroker() as broker:
        broker.before_suback = [publish(1 + number, b"x" * 10_000) for number in range(100)]
        settings = settings_for(broker.port, receive_maximum=10, connect_timeout_s=0.1)
        async with running(settings) as session:
            await until(lambda: session.held > 10)
            done, _ = await asyncio.wait((asyncio.create_task(broker.arrived(2)),), timeout=0.5)
            assert not done

            await _acknowledge(session, 100)

            await until(lambda: session.connected)
            assert session.failures == 0


async def test_no_new_connection_is_made_while_the_bound_is_reached() -> None:
    async with (
        ScriptedBroker() as broker,
        running(settings_for(broker.port, receive_maximum=2)) as session,
    ):
        guest = await broker.guest(1)
        guest.send(publish(1), publish(2), publish(3))
        messages = await received(session, 3)
        guest.abort()
        await asyncio.wait((asyncio.create_task(broker.arrived(2)),), timeout=0.3)
        assert len(broker.guests) == 1

        session.acknowledge(messages)

        await broker.arrived(2)


async def _acknowledge(session: Session, number: int) -> None:
    while number:
        messages = await received(session, 1)
        session.acknowledge(messages)
        number -= len(messages)

"""What a session does with messages, against a broker that keeps to a script."""

from contextlib import suppress

import mqtt5

from ingest.clock import stopwatch
from ingest.mqtt.session import MOST_HELD_BYTES, Session
from tests.mqtt.scripted_broker import ScriptedBroker
from tests.mqtt.sessions import AT_ONCE, publish, received, running, settings_for
from tests.mqtt.waiting import until

_ONE_READ = 256 * 1024
"""Bytes that one read of the event loop may bring."""
_TEN_KIB = b"x" * 10_240


async def test_a_message_is_acknowledged_when_told_and_not_before() -> None:
    async with ScriptedBroker() as broker, running(settings_for(broker.port)) as session:
        guest = await broker.guest()
        guest.send(*(publish(number) for number in (7, 8, 9)))
        messages = await received(session, 3)
        guest.send(publish(10))
        await received(session, 1)
        assert guest.acknowledged == []

        session.acknowledge(messages[:2])

        await until(lambda: guest.acknowledged == [7, 8])
        assert session.held == 2


async def test_an_acknowledgement_of_an_old_connection_is_never_sent_on_the_new_one() -> None:
    async with ScriptedBroker() as broker, running(settings_for(broker.port)) as session:
        first = await broker.guest(1)
        first.send(publish(1, b"old"), publish(2, b"old"))
        old = await received(session, 2)
        first.abort()
        second = await broker.guest(2)
        second.send(publish(2, b"new"))
        new = await received(session, 1)

        session.acknowledge(old)
        session.acknowledge(new)

        await until(lambda: second.acknowledged == [2])
        assert session.held == 0
        assert first.acknowledged == []


async def test_the_bound_holds_however_much_the_broker_sends() -> None:
    bound = 100 + _ONE_READ // len(_TEN_KIB)
    async with (
        ScriptedBroker() as broker,
        running(settings_for(broker.port, receive_maximum=100)) as session,
    ):
        guest = await broker.guest()
        guest.send(*(publish(1 + number, _TEN_KIB) for number in range(5_000)))
        await until(lambda: session.held > 100)
        assert not await _takes_more_than(session, bound)
        assert guest.acknowledged == []

        acknowledged = 0
        while acknowledged < 5_000:
            batch = await session.take(100, AT_ONCE)
            assert session.held <= bound
            session.acknowledge(batch)
            acknowledged += len(batch)

        await until(lambda: len(guest.acknowledged) == 5_000)


async def test_a_batch_is_bounded_by_its_bytes_as_well() -> None:
    async with ScriptedBroker() as broker, running(settings_for(broker.port)) as session:
        guest = await broker.guest()
        guest.send(*(publish(1 + number, _TEN_KIB) for number in range(100)))
        await until(lambda: session.held == 100)

        sizes = [len(await session.take(2_000, AT_ONCE)) for _ in range(4)]

        assert sizes == [26, 26, 26, 22]


async def test_large_messages_are_bounded_by_their_bytes() -> None:
    large = b"x" * 200_000
    most = MOST_HELD_BYTES // len(large) + 3
    async with ScriptedBroker() as broker, running(settings_for(broker.port)) as session:
        guest = await broker.guest()
        for number in range(most + 100):
            guest.send(publish(1 + number, large))
        await until(lambda: session.held >= most - 3)
        assert not await _takes_more_than(session, most)

        done = 0
        while done < most + 100:
            batch = await session.take(50, AT_ONCE)
            session.acknowledge(batch)
            done += len(batch)
        await until(lambda: len(guest.acknowledged) == most + 100)


async def test_messages_of_qos_0_are_taken_and_not_acknowledged() -> None:
    async with ScriptedBroker() as broker, running(settings_for(broker.port)) as session:
        guest = await broker.guest()
        guest.send(publish(0, qos=mqtt5.QoS.AT_MOST_ONCE), publish(5))

        session.acknowledge(await received(session, 2))

        await until(lambda: guest.acknowledged == [5])
        assert session.held == 0


async def test_a_message_of_qos_2_from_an_older_session_is_completed() -> None:
    async with ScriptedBroker() as broker, running(settings_for(broker.port)) as session:
        guest = await broker.guest()
        guest.send(publish(3, qos=mqtt5.QoS.EXACTLY_ONCE), publish(4))
        messages = await received(session, 2)
        assert not guest.sent(mqtt5.PubRecPacket)

        session.acknowledge(messages)
        await until(lambda: len(guest.sent(mqtt5.PubRecPacket)) == 1)
        guest.send(mqtt5.PubRelPacket(3))

        await until(lambda: len(guest.sent(mqtt5.PubCompPacket)) == 1)
        assert guest.sent(mqtt5.PubRecPacket)[0].packet_id == 3
        assert guest.sent(mqtt5.PubCompPacket)[0].packet_id == 3
        await until(lambda: guest.acknowledged == [4])


async def test_after_stop_receiving_nothing_new_is_taken_in_and_what_is_pending_ends() -> None:
    async with ScriptedBroker() as broker, running(settings_for(broker.port)) as session:
        guest = await broker.guest()
        guest.send(publish(1), publish(2))
        await until(lambda: session.held == 2)

        session.stop_receiving()
        guest.send(publish(3))

        batch = await session.take(10, AT_ONCE)
        session.acknowledge(batch)
        assert len(batch) == 2
        assert await session.take(10, AT_ONCE) == []
        await until(lambda: guest.acknowledged == [1, 2])


async def test_the_goodbye_comes_after_the_acknowledgements_though_more_is_unread() -> None:
    async with ScriptedBroker() as broker:
        async with running(settings_for(broker.port)) as session:
            guest = await broker.guest()
            guest.send(publish(1))
            messages = await received(session, 1)
            session.stop_receiving()
            guest.send(*(publish(2 + number, _TEN_KIB) for number in range(50)))
            session.acknowledge(messages)
            started = stopwatch()
        assert stopwatch() - started < 0.9
        await until(lambda: guest.gone)

    assert guest.acknowledged == [1]
    (goodbye,) = guest.sent(mqtt5.DisconnectPacket)
    assert goodbye.reason_code is mqtt5.DisconnectReasonCode.NORMAL_DISCONNECTION
    assert goodbye.session_expiry_interval is None


async def test_the_session_is_asked_for_as_the_settings_say() -> None:
    async with ScriptedBroker() as broker:
        settings = settings_for(
            broker.port, client_id="site-7", receive_maximum=321, session_expiry_s=600,
            keep_alive_s=17, username="gridwatch", password="swordfish",
        )  # fmt: skip
        async with running(settings):
            guest = await broker.guest()

    (connect,) = guest.sent(mqtt5.ConnectPacket)
    assert connect.client_id == "site-7"
    assert not connect.clean_start
    assert connect.receive_max == 321
    assert connect.session_expiry_interval == 600
    assert connect.keep_alive == 17
    assert (connect.username, connect.password) == ("gridwatch", b"swordfish")
    assert connect.max_packet_size
    assert connect.will is None


async def _takes_more_than(session: Session, bound: int) -> bool:
    """Return whether it goes on to take messages in: half a second is enough for all there are."""
    with suppress(AssertionError):
        await until(lambda: session.held > bound, limit_s=0.5)
    return session.held > bound

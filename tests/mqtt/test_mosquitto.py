"""The session against a real broker: what Mosquitto keeps and sends again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from devices.decoding import Decoder
from ingest.demo.programs import LOOPBACK, Mosquitto
from ingest.health import Health
from ingest.intake import Intake
from ingest.journal.batch import Batch, Committed
from ingest.journal.journal import Journal
from ingest.metrics import Metrics
from ingest.mqtt.session import Session
from ingest.pipeline import Pipeline
from ingest.settings import BatchSettings
from tests.mqtt.publishing import publish_lines, publish_retained, reading, run_tool
from tests.mqtt.relay import Relay
from tests.mqtt.sessions import TOPIC, Topics, received, running, settings_for
from tests.mqtt.waiting import until

pytestmark = pytest.mark.servers
_UP = ("gw/v1/+/+/up",)


class _Gate:
    """A journal behind a gate: a commit waits until it is open."""

    def __init__(self, path: Path) -> None:
        self.open = asyncio.Event()
        self.waiting = 0
        self.journal = Journal(path, 1 << 30)

    async def commit(self, batch: Batch) -> Committed:
        self.waiting += len(batch.readings)
        await self.open.wait()
        return await self.journal.commit(batch)


class _Stack:
    """Session, pipeline and journal, and what they have counted."""

    def __init__(self, session: Session, gate: _Gate) -> None:
        self.session = session
        self.gate = gate
        self.metrics = Metrics()
        intake = Intake(Decoder())
        self.pipeline = Pipeline(session, intake, gate, self.metrics, Health())

    def count(self, name: str) -> float:
        labels = {"kind": "water_meter"}
        return self.metrics.registry.get_sample_value(f"{name}_total", labels) or 0.0

    @property
    def stored(self) -> float:
        return self.count("gridwatch_readings_stored")

    @property
    def duplicates(self) -> float:
        return self.count("gridwatch_readings_duplicate")


@asynccontextmanager
async def _stack(port: int, folder: Path, **others: object) -> AsyncIterator[_Stack]:
    gate = _Gate(folder / "gridwatch.db")
    async with running(settings_for(port, **others)) as session:
        stack = _Stack(session, gate)
        batches = BatchSettings(messages=50)
        pipeline = asyncio.create_task(stack.pipeline.run(batches, lambda _: None))
        await until(lambda: session.connected)
        try:
            yield stack
        finally:
            pipeline.cancel()
            await asyncio.wait((pipeline,))
            await gate.journal.close()


async def test_what_was_unacknowledged_when_the_line_was_cut_comes_again_and_is_stored_once(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with Relay(mosquitto.port) as relay, _stack(relay.port, tmp_path) as stack:
        await publish_lines(mosquitto.port, map(reading, range(50)))
        await until(lambda: stack.session.held == 50)
        await until(lambda: stack.gate.waiting > 0)

        relay.cut()
        await until(lambda: stack.session.connects == 2)
        stack.gate.open.set()

        await until(lambda: stack.session.held == 0)
        await until(lambda: stack.stored + stack.duplicates == 100)
        assert stack.stored == 50
    async with running(settings_for(mosquitto.port)) as session:
        await publish_lines(mosquitto.port, ["the only one"])
        assert [message.payload for message in await received(session, 1)] == [b"the only one"]


async def test_messages_queued_while_away_arrive_in_order(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port)) as session:
        await until(lambda: session.connected)
    payloads = [str(number) for number in range(1_000)]
    await publish_lines(mosquitto.port, payloads)

    async with running(settings_for(mosquitto.port, receive_maximum=100)) as session:
        arrived: list[str] = []
        while len(arrived) < len(payloads):
            messages = await received(session, 1)
            arrived += [message.payload.decode() for message in messages]
            session.acknowledge(messages)

    assert arrived == payloads


async def test_a_retained_reading_is_stored_once_over_two_connections(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    await publish_retained(mosquitto.port, reading(1))
    async with Relay(mosquitto.port) as relay, _stack(relay.port, tmp_path) as stack:
        stack.gate.open.set()
        await until(lambda: stack.stored == 1)
        relay.cut()
        await until(lambda: stack.session.connects == 2)
        await publish_lines(mosquitto.port, [reading(2)])
        await until(lambda: stack.stored == 2)
        assert stack.duplicates == 0


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_a_reading_is_stored_whatever_qos_it_was_published_with(
    mosquitto: Mosquitto, tmp_path: Path, qos: int
) -> None:
    async with _stack(mosquitto.port, tmp_path) as stack:
        stack.gate.open.set()

        await publish_lines(mosquitto.port, map(reading, range(20)), qos=qos)

        await until(lambda: stack.stored == 20)
        assert stack.duplicates == 0
        await until(lambda: stack.session.held == 0)


async def test_what_an_older_session_is_owed_at_qos_2_is_taken_and_completed(
    mosquitto: Mosquitto,
) -> None:
    client = ("-h", LOOPBACK, "-p", str(mosquitto.port), "-i", "gridwatch", "-V", "5")
    await run_tool(
        "mosquitto_sub", *client, "-c", "-x", "600", "-q", "2", "-t", "gw/v1/+/+/up", "-E"
    )
    payloads = [str(number) for number in range(200)]
    await publish_lines(mosquitto.port, payloads, qos=2)

    async with running(settings_for(mosquitto.port, topics=_UP)) as session:
        messages = await received(session, 200)
        session.acknowledge(messages)
        await publish_lines(mosquitto.port, ["and one at QoS 1"])
        (last,) = await received(session, 1)
        session.acknowledge([last])
        assert session.failures == 0
    async with running(settings_for(mosquitto.port, topics=_UP)) as session:
        await publish_lines(mosquitto.port, ["the only one"])
        assert [message.payload for message in await received(session, 1)] == [b"the only one"]

    assert [message.payload.decode() for message in messages] == payloads


async def test_a_topic_that_is_no_longer_wanted_brings_what_was_queued_and_nothing_new(
    mosquitto: Mosquitto,
) -> None:
    memory = Topics()
    async with running(settings_for(mosquitto.port, topics=(TOPIC, "old/#")), memory) as session:
        await until(lambda: session.connected)
    await publish_lines(mosquitto.port, ["queued"])
    await publish_lines(mosquitto.port, ["queued too"], topic="old/c")

    async with running(settings_for(mosquitto.port, topics=("wanted",)), memory) as session:
        await until(lambda: session.connected)
        await publish_lines(mosquitto.port, ["not wanted"])
        await publish_lines(mosquitto.port, ["not wanted"], topic="old/c")
        await publish_lines(mosquitto.port, ["last"], topic="wanted")
        payloads = [message.payload for message in await received(session, 3)]

    assert payloads == [b"queued", b"queued too", b"last"]
    assert memory.kept == ("wanted",)


async def test_a_broker_that_was_away_has_kept_what_was_unacknowledged(
    mosquitto: Mosquitto,
) -> None:
    async with running(settings_for(mosquitto.port)) as session:
        await until(lambda: session.connected)
        await publish_lines(mosquitto.port, ["a", "b"])
        await received(session, 2)
        await asyncio.to_thread(mosquitto.stop)
        await until(lambda: not session.connected)
        await asyncio.to_thread(mosquitto.start)
        again = await received(session, 2)
        session.acknowledge(again)

    assert [message.payload for message in again] == [b"a", b"b"]

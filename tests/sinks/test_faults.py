"""Databases that are slow, wrong or gone, seen by both transports through a faulty proxy."""

import socket
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest

from devices.instant import datetime_of
from ingest.clock import MachineClock
from ingest.demo.programs import LOOPBACK, InfluxDB
from ingest.sink import SinkUnavailable
from ingest.sinks.influx import InfluxSink
from ingest.sinks.influx_v1 import Credentials, InfluxV1Transport
from ingest.sinks.influx_v2 import Bucket, InfluxV2Transport
from ingest.sinks.transport import Transport
from tests.sinks.deliveries import deliveries, delivery, held_by_influxdb
from tests.sinks.faults import FaultyProxy

SECRET = "correct-horse-battery"


def _v1(url: str) -> Transport:
    who = Credentials("writer", SECRET)
    return InfluxV1Transport(url, "gridwatch", timeout_s=0.5, credentials=who)


def _v2(url: str) -> Transport:
    return InfluxV2Transport(url, Bucket("-", "gridwatch", SECRET), timeout_s=0.5)


@pytest.fixture
def nowhere() -> Iterator[str]:
    """A port that is taken and refuses connections."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        yield f"http://{LOOPBACK}:{taken.getsockname()[1]}"


@pytest.fixture
async def proxy(nowhere: str) -> AsyncIterator[FaultyProxy]:
    async with FaultyProxy(nowhere) as proxy:
        yield proxy


@pytest.fixture(params=[_v1, _v2], ids=["v1", "v2"])
async def sink(request: pytest.FixtureRequest, proxy: FaultyProxy) -> AsyncIterator[InfluxSink]:
    sink = InfluxSink(request.param(proxy.url), 5_000, MachineClock())
    yield sink
    await sink.close()


FAULTS: dict[str, Callable[[FaultyProxy], None]] = {
    "500": lambda proxy: proxy.answer(500, body="out of order"),
    "bad gateway": lambda proxy: proxy.forward(),
    "hang": lambda proxy: proxy.hang(),
    "cut": lambda proxy: proxy.cut(),
    "a page": lambda proxy: proxy.answer(200, body="<html>Sign in</html>"),
    "elsewhere": lambda proxy: proxy.answer(308),
    "not authorised": lambda proxy: proxy.answer(401),
    "a huge page": lambda proxy: proxy.answer(503, body="x" * 4_000_000),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_no_fault_rejects_a_line_or_tells_the_secret(
    sink: InfluxSink, proxy: FaultyProxy, fault: Callable[[FaultyProxy], None]
) -> None:
    fault(proxy)

    with pytest.raises(SinkUnavailable) as refusal:
        await sink.write(deliveries(10))

    assert proxy.requests == 1
    assert refusal.value.retry_after is None
    assert SECRET not in repr(refusal.value)
    assert refusal.value.__cause__ is None


async def test_a_database_that_hangs_is_told_from_one_that_is_away(
    sink: InfluxSink, proxy: FaultyProxy
) -> None:
    proxy.hang()

    with pytest.raises(SinkUnavailable, match="no answer: not in time"):
        await sink.write(deliveries(1))


@pytest.mark.parametrize("status", [429, 503])
async def test_the_wait_that_the_database_asks_for_is_passed_on(
    sink: InfluxSink, proxy: FaultyProxy, status: int
) -> None:
    proxy.answer(status, retry_after="2")

    with pytest.raises(SinkUnavailable) as refusal:
        await sink.write([delivery(1)])

    assert refusal.value.retry_after == timedelta(seconds=2)


async def test_the_wait_may_be_a_date(sink: InfluxSink, proxy: FaultyProxy) -> None:
    at = datetime_of(MachineClock().now()) + timedelta(seconds=600)
    proxy.answer(429, retry_after=format_datetime(at, usegmt=True))

    with pytest.raises(SinkUnavailable) as refusal:
        await sink.write([delivery(1)])

    assert refusal.value.retry_after
    assert timedelta(seconds=590) < refusal.value.retry_after <= timedelta(seconds=600)


@pytest.mark.parametrize("transport", [_v1, _v2])
async def test_nobody_listening_means_again_later(
    nowhere: str, transport: Callable[[str], Transport]
) -> None:
    sink = InfluxSink(transport(nowhere), 5_000, MachineClock())

    with pytest.raises(SinkUnavailable):
        await sink.write([delivery(1)])

    await sink.close()


@pytest.mark.servers
async def test_a_batch_whose_answer_was_cut_off_is_held_once_after_the_next_try(
    influxdb: InfluxDB,
) -> None:
    batch = deliveries(3_000)
    async with FaultyProxy(influxdb.url) as proxy:
        sink = InfluxSink(_v1(proxy.url), 1_000, MachineClock())
        proxy.cut()
        with pytest.raises(SinkUnavailable):
            await sink.write(batch)
        proxy.forward()
        assert not await sink.write(batch)
        await sink.close()

    assert len(held_by_influxdb(influxdb, "water_meter")) == 3_000

"""What is written is read back from real databases, bad lines are found by them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from random import Random

import pytest

from devices.reading import Value
from ingest.clock import MachineClock
from ingest.demo.programs import InfluxDB, VictoriaMetrics
from ingest.sink import Rejected, SinkUnavailable
from ingest.sinks.influx import InfluxSink
from ingest.sinks.influx_v1 import Credentials, InfluxV1Transport
from ingest.sinks.influx_v2 import Bucket, InfluxV2Transport
from tests.sinks.deliveries import (
    AREA,
    START,
    deliveries,
    delivery,
    held_by_influxdb,
    held_by_victoria_metrics,
    post_query,
)

pytestmark = pytest.mark.servers

VALUES: dict[str, Value] = {
    "cumulative_m3": 3.0,
    "flow_m3h": 0.1,
    "reverse_m3": 1e-07,
    "rsrp_dbm": -97,
    "transmissions": 2**53,
    "door_open": True,
    "mains_power": False,
    "valve": "open",
    "flags": "",
    "serial": '"quoted" \\ and, spaced =',
}


@asynccontextmanager
async def closing(sink: InfluxSink) -> AsyncIterator[InfluxSink]:
    try:
        yield sink
    finally:
        await sink.close()


@asynccontextmanager
async def v1_sink(
    url: str, database: str = "gridwatch", who: Credentials | None = None
) -> AsyncIterator[InfluxSink]:
    transport = InfluxV1Transport(url, database, credentials=who)
    async with closing(InfluxSink(transport, 5_000, MachineClock())) as sink:
        yield sink


@asynccontextmanager
async def v2_sink(url: str) -> AsyncIterator[InfluxSink]:
    transport = InfluxV2Transport(url, Bucket("-", "gridwatch", "token"))
    async with closing(InfluxSink(transport, 5_000, MachineClock())) as sink:
        yield sink


async def test_influxdb_holds_the_exact_values_once_however_often_they_are_written(
    influxdb: InfluxDB,
) -> None:
    batch = [delivery(1, VALUES), *(delivery(number) for number in range(2, 12_000))]

    async with v1_sink(influxdb.url) as sink:
        for _ in range(2):
            assert not await sink.write(batch)

    held = held_by_influxdb(influxdb, "water_meter")
    tags = {
        "device": "wm-1",
        "district": AREA[:6],
        "street": AREA[:9],
        "community": AREA[:12],
        "grid": AREA,
    }
    assert held[0] == {"time": START + 60_000, **tags, **VALUES}
    assert [(each["time"], each["cumulative_m3"]) for each in held[1:]] == [
        (START + number * 60_000, number / 8) for number in range(2, 12_000)
    ]


async def test_a_later_value_of_the_same_reading_replaces_the_earlier(influxdb: InfluxDB) -> None:
    async with v1_sink(influxdb.url) as sink:
        await sink.write([delivery(1, {"cumulative_m3": 1.0})])
        await sink.write([delivery(1, {"cumulative_m3": 2.0})])

    assert [each["cumulative_m3"] for each in held_by_influxdb(influxdb, "water_meter")] == [2.0]


async def test_points_are_counted_whatever_fields_they_have(influxdb: InfluxDB) -> None:
    assert influxdb.counts("gridwatch") == {}
    values: list[dict[str, Value]] = [{"x": 1.0}, {"y": "a\nb"}, {"x": 2.0, "y": ""}]
    async with v1_sink(influxdb.url) as sink:
        await sink.write([delivery(number, each) for number, each in enumerate(values)])
        await sink.write([delivery(number, kind="door") for number in range(12_000)])

    assert influxdb.counts("gridwatch") == {"water_meter": 3, "door": 12_000}


@pytest.mark.parametrize("bad", [{0}, {4_999}, {7, 2_500, 2_501}, set(range(40, 60))], ids=len)
async def test_influxdb_is_left_with_every_line_but_those_whose_type_conflicts(
    influxdb: InfluxDB, bad: set[int]
) -> None:
    batch = [
        delivery(number, {"cumulative_m3": 1}) if number in bad else delivery(number)
        for number in range(5_000)
    ]

    async with v1_sink(influxdb.url) as sink:
        await sink.write([delivery(-1)])
        rejected = await sink.write(batch)

    assert [each.delivery.seq for each in rejected] == sorted(bad)
    assert all("field type conflict" in each.why for each in rejected)
    held = {each["time"] for each in held_by_influxdb(influxdb, "water_meter")}
    assert held == {START + number * 60_000 for number in range(-1, 5_000) if number not in bad}


async def test_a_batch_of_bad_lines_alone_is_rejected_whole(influxdb: InfluxDB) -> None:
    batch = [delivery(number, {"cumulative_m3": 1}) for number in range(20)]

    async with v1_sink(influxdb.url) as sink:
        await sink.write([delivery(-1)])
        rejected = await sink.write(batch)

    assert [each.delivery for each in rejected] == batch
    assert held_by_influxdb(influxdb, "gridwatch_probe")


async def test_requests_above_the_size_limit_of_the_database_are_halved(tmp_path: Path) -> None:
    incompressible = Random(1).randbytes(50_000).hex()
    huge = delivery(1_500, {"serial": incompressible})
    batch = [*deliveries(1_500), huge, *(delivery(number) for number in range(1_501, 3_000))]

    with InfluxDB(tmp_path, largest_body=40_000) as database:
        database.create_database("gridwatch")
        async with v1_sink(database.url) as sink:
            rejected = await sink.write(batch)
        held = held_by_influxdb(database, "water_meter")

    assert [each.delivery for each in rejected] == [huge]
    assert rejected[0].why.startswith("status 413")
    assert len(held) == 2_999


async def test_a_missing_database_means_again_later(influxdb: InfluxDB) -> None:
    async with v1_sink(influxdb.url, "nowhere") as sink:
        with pytest.raises(SinkUnavailable, match="404"):
            await sink.write([delivery(1)])


class GuardedInfluxDB(InfluxDB):
    """It knows nobody until `create_user` was called, then nobody else."""

    def configuration(self) -> str:
        return f"{super().configuration()}auth-enabled = true\n"

    def create_user(self, who: Credentials) -> None:
        order = f"CREATE USER {who.username} WITH PASSWORD '{who.password}' WITH ALL PRIVILEGES"
        post_query(self, order)
        post_query(self, "CREATE DATABASE gridwatch", who)


@pytest.mark.parametrize(("password", "is_let_in"), [("päss:word", True), ("other", False)])
async def test_only_the_right_password_lets_lines_in(
    tmp_path: Path, password: str, *, is_let_in: bool
) -> None:
    with GuardedInfluxDB(tmp_path) as database:
        database.create_user(Credentials("writer", "päss:word"))
        async with v1_sink(database.url, who=Credentials("writer", password)) as sink:
            with nullcontext() if is_let_in else pytest.raises(SinkUnavailable, match="401"):
                assert not await sink.write([delivery(1)])


async def test_an_api_that_the_database_does_not_have_means_again_later(
    influxdb: InfluxDB,
) -> None:
    async with v2_sink(influxdb.url) as sink:
        with pytest.raises(SinkUnavailable, match="404"):
            await sink.write([delivery(1)])


async def test_a_database_that_was_down_takes_the_same_batch_afterwards(
    influxdb: InfluxDB,
) -> None:
    async with v1_sink(influxdb.url) as sink:
        await sink.write([delivery(1)])
        influxdb.kill()
        with pytest.raises(SinkUnavailable):
            await sink.write([delivery(1), delivery(2)])
        influxdb.start()
        assert not await sink.write([delivery(1), delivery(2)])

    assert len(held_by_influxdb(influxdb, "water_meter")) == 2


async def test_victoria_metrics_holds_every_value_as_a_number(
    victoria_metrics: VictoriaMetrics,
) -> None:
    texts = {"valve": "open", "flags": "", "opened_by": "a\ndoor,device=x y=1"}
    async with v2_sink(victoria_metrics.url) as sink:
        for _ in range(2):
            assert not await sink.write([delivery(1, {**VALUES, **texts, "serial": "0012"})])

    held = held_by_victoria_metrics(victoria_metrics)
    expected = {
        "cumulative_m3": 3.0,
        "flow_m3h": 0.1,
        "reverse_m3": 1e-07,
        "rsrp_dbm": -97,
        "transmissions": 2**53,
        "door_open": 1,
        "mains_power": 0,
        "valve": 0,
        "flags": 0,
        "opened_by": 0,
        "serial": 12,
    }
    assert held == {
        (f"water_meter_{name}", "wm-1"): [(START + 60_000, value)]
        for name, value in expected.items()
    }


async def test_victoria_metrics_answers_as_if_it_had_taken_a_line_that_it_drops(
    victoria_metrics: VictoriaMetrics,
) -> None:
    rejected: list[Rejected] = []
    async with v2_sink(victoria_metrics.url) as sink:
        rejected += await sink.write([delivery(1, {"x": float("nan")}), delivery(2, {"y": 1.0})])

    assert not rejected
    assert list(held_by_victoria_metrics(victoria_metrics)) == [("water_meter_y", "wm-2")]

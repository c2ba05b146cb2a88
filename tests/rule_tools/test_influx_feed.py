"""What a real InfluxDB holds is read back page by page, each reading once, and judged."""

import asyncio
import json
import socket
from collections.abc import Iterable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from devices.instant import iso_of
from devices.reading import Reading, Value
from ingest.cli import app
from ingest.clock import MachineClock
from ingest.demo.programs import LOOPBACK, InfluxDB
from ingest.rule_tools.influx_feed import InfluxFeed
from ingest.rule_tools.span import ALWAYS, Span
from ingest.sink import Delivery
from ingest.sinks.influx import InfluxSink
from ingest.sinks.influx_query import InfluxDatabase, NoAnswer
from ingest.sinks.influx_v1 import Credentials, InfluxV1Transport
from rules.register import TableRegister
from tests.sinks.test_real_databases import GuardedInfluxDB

pytestmark = pytest.mark.servers

START = 1_760_000_000_000
HOUR = 3_600_000
WHO = Credentials("reader", "päss:word")


def meter(hour: int, device: str = "wm-1") -> Reading:
    values: dict[str, Value] = {"cumulative_m3": float(hour), "rsrp_dbm": -97, "valve": "open"}
    return Reading(device, "water_meter", START + hour * HOUR, START + hour * HOUR, values)


def gas(hour: int) -> Reading:
    values: dict[str, Value] = {"ch4_lel_pct": 3.0, "fan_running": False}
    return Reading("gm-1", "gas_monitor", START + hour * HOUR, START + hour * HOUR, values)


async def write(url: str, readings: Iterable[Reading], who: Credentials | None = None) -> None:
    transport = InfluxV1Transport(url, "gridwatch", credentials=who)
    sink = InfluxSink(transport, 5_000, MachineClock())
    areas = (None, "500103")
    deliveries = [Delivery(number, each, areas[number % 2]) for number, each in enumerate(readings)]
    assert not await sink.write(deliveries)
    await sink.close()


def feed_of(url: str, span: Span = ALWAYS, *, page: int = 5_000) -> InfluxFeed:
    database = InfluxDatabase(url, "gridwatch", {}, 10.0)
    return InfluxFeed(database, TableRegister(), span, page=page)


@pytest.mark.parametrize("page", [1, 2, 5, 7, 5_000])
async def test_each_reading_is_read_once_in_order_whatever_shares_its_instant(
    influxdb: InfluxDB, page: int
) -> None:
    meters = [meter(hour, f"wm-{number}") for hour in range(4) for number in range(5)]
    await write(influxdb.url, [*meters, *map(gas, range(6))])

    feed = feed_of(influxdb.url, page=page)
    found = list(feed)

    assert feed.total == 26
    assert [each.measured_at for each in found] == sorted(each.measured_at for each in found)
    assert sorted(found, key=str) == sorted([*meters, *map(gas, range(6))], key=str)


async def test_only_what_was_measured_in_the_span_is_read(influxdb: InfluxDB) -> None:
    await write(influxdb.url, map(meter, range(10)))

    feed = feed_of(influxdb.url, Span(START + 2 * HOUR, START + 5 * HOUR))

    assert (feed.total, list(feed)) == (3, [meter(2), meter(3), meter(4)])


@pytest.mark.parametrize(
    ("password", "code", "expected"),
    [("päss:word", 0, ""), ("other", 1, "answers 401 Unauthorized")],
    ids=["right", "wrong"],
)
def test_a_backtest_reads_the_database_of_the_settings_with_its_password(
    tmp_path: Path, password: str, code: int, expected: str
) -> None:
    secret, settings = tmp_path / "secret", tmp_path / "gridwatch.toml"
    secret.write_text(password, encoding="utf-8")
    with GuardedInfluxDB(tmp_path / "influxdb") as database:
        database.create_user(WHO)
        asyncio.run(write(database.url, map(meter, (0, 1, 80, 81)), WHO))
        settings.write_text(
            f'[journal]\npath = "{tmp_path}/none.db"\n[sink.influx]\napi = "v1"\n'
            f'url = "{database.url}"\nusername = "{WHO.username}"\npassword_file = "{secret}"\n',
            encoding="utf-8",
        )
        arguments = ["rules", "backtest", "--influx", "--settings", str(settings)]
        whole = CliRunner().invoke(app, [*arguments, "--rule", "meter_silent"])
        part = CliRunner().invoke(app, [*arguments, "--until", iso_of(START + 2 * HOUR)])

    assert (whole.exit_code, part.exit_code) == (code, code)
    assert expected in whole.stderr
    if not code:
        summary = json.loads(whole.stdout.splitlines()[-1])
        assert (summary["readings"], summary["alerts"]) == (4, 1)
        assert json.loads(part.stdout.splitlines()[-1])["readings"] == 2


def test_a_database_that_does_not_answer_in_time_is_told_and_nobody_waits_for_it() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        database = InfluxDatabase(f"http://{LOOPBACK}:{server.getsockname()[1]}", "x", {}, 0.05)
        with pytest.raises(NoAnswer, match="no answer: not in time"):
            InfluxFeed(database, TableRegister(), ALWAYS)


def test_a_database_that_is_missing_is_told(influxdb: InfluxDB) -> None:
    with pytest.raises(NoAnswer, match="refuses: database not found: other"):
        InfluxFeed(InfluxDatabase(influxdb.url, "other", {}, 5.0), TableRegister(), ALWAYS)

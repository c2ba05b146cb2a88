"""A district as the dashboards look at it: lived through, with what must be seen still going on."""

import asyncio
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from devices.instant import Instant, iso_of, milliseconds_of
from ingest.clock import MachineClock
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.pace import TOGETHER_MS, Pace
from ingest.demo.plays import community
from ingest.demo.programs import LOOPBACK, InfluxDB, Mosquitto, free_port
from ingest.demo.stage import Play
from ingest.journal.database import open_writer
from ingest.registry.content import Content
from ingest.registry.importing import import_content
from ingest.registry.tables import DEVICES, Device
from ingest.simulate.broker import Broker
from ingest.simulate.publisher import Publisher
from ingest.sinks.influx_query import InfluxDatabase
from tests.deploy.prometheus import Prometheus
from tests.journal.test_service import until

DATABASE = "gridwatch"
_SILENT_FOR = timedelta(hours=60)
_COMMUNITY = "500106003001"
_SILENT = "wm-900001"
_LAST = ("meter_silent", "gas_level_ch4", "door_forced")
_GAS = {"ch4_lel_pct": 60.0, "sensor_status": "ok", "fan": {"running": True, "current_a": 1.8}}
_COUNTER = {"cumulative_m3": 1.0}
_MALFORMED = 40
"""More than the 30 in 15 minutes of which Prometheus tells."""


class District(NamedTuple):
    """The servers that are asked."""

    influxdb: InfluxDB
    prometheus: Prometheus


@contextmanager
def lived_through(folder: Path) -> Iterator[District]:
    """Give the databases after the story of the demonstration and what follows it.

    A meter has been silent for 60 h, by a service of its own whose clock goes so far; gas is at
    level 2; a door is forced; messages are refused, more than a few, which Prometheus tells.
    """
    with ExitStack() as stack:
        influxdb = stack.enter_context(InfluxDB(folder / "influxdb"))
        influxdb.create_database(DATABASE)
        broker = stack.enter_context(Mosquitto(folder / "mosquitto"))
        play = community(folder)
        tables = _tables(broker, influxdb)
        service = stack.enter_context(_service(folder / "main", tables, play.registry, play.pace))
        prometheus = Prometheus(folder / "prometheus", service.port, free_port())
        stack.enter_context(prometheus)
        with _silent_meter(folder / "silent", influxdb):
            _refuse(broker)
            asyncio.run(_live(play, broker, service))
            _follow(broker, prometheus)
            database = InfluxDatabase(influxdb.url, DATABASE, {}, timeout_s=10)
            until(lambda: all(_tells_of(database, rule) for rule in _LAST))
        yield District(influxdb, prometheus)


def _tables(broker: Mosquitto, influxdb: InfluxDB) -> Tables:
    sink = {"api": "v1", "url": influxdb.url, "bucket": DATABASE}
    return {"mqtt": mqtt_table(broker.port), "sink.influx": sink}


def _service(folder: Path, tables: Tables, registry: Content, pace: Pace | None) -> Gridwatch:
    service = Gridwatch(folder, tables, pace)
    folder.mkdir(parents=True)
    database = open_writer(service.journal)
    import_content(database, registry, MachineClock().now())
    database.close()
    return service


@contextmanager
def _silent_meter(folder: Path, influxdb: InfluxDB) -> Iterator[None]:
    """Let a meter of the community speak once, and 60 h pass by the clock of its own service."""
    at = MachineClock().now() - milliseconds_of(_SILENT_FOR) - TOGETHER_MS
    registry = Content()
    registry.put(
        DEVICES, Device("water_meter", _SILENT, _COMMUNITY, None, "DN15", None, None, None, None)
    )
    with Mosquitto(folder / "mosquitto") as broker:
        pace = Pace(at, folder / "cue")
        tables = _tables(broker, influxdb)
        with _service(folder / "gridwatch", tables, registry, pace) as service:
            _publish(broker, f"water_meter/{_SILENT}", [_telemetry(_SILENT, at, _COUNTER)])
            until(lambda: service.metrics()["gridwatch_readings_stored_total"] == 1)
            pace.go_on()
            yield


async def _live(play: Play, broker: Mosquitto, service: Gridwatch) -> None:
    """Let the devices live through their days, then on into the present."""
    clock = play.clock()
    publisher = Publisher(play.source, clock, Broker(port=broker.port), play.layout)
    stop = asyncio.Event()
    running = asyncio.create_task(publisher.run(stop))
    pace = play.pace
    assert pace

    async def come(to: Instant) -> None:
        await asyncio.to_thread(until, lambda: clock.now() >= to and not publisher.behind_s)
        await asyncio.to_thread(until, lambda: _has_all(service, publisher))

    await come(pace.held_at)
    pace.go_on()
    await come(pace.held_at + TOGETHER_MS)
    stop.set()
    await running


def _has_all(service: Gridwatch, publisher: Publisher) -> bool:
    metrics = service.metrics()
    names = ("readings_stored", "readings_duplicate", "dead_letters")
    dealt_with = sum(metrics.get(f"gridwatch_{name}_total", 0) for name in names)
    published = publisher.tally.readings + publisher.tally.repeated
    return dealt_with >= published and metrics["gridwatch_sink_backlog_readings"] == 0


def _refuse(broker: Mosquitto) -> None:
    _publish(broker, "door/door-00001", ["{"] * _MALFORMED)


def _follow(broker: Mosquitto, prometheus: Prometheus) -> None:
    """Let gas reach level 2, a door be forced and messages be refused, and both servers know it."""
    _refuse(broker)
    now = MachineClock().now()
    at = [now - seconds * 1_000 for seconds in (60, 30, 0)]
    _publish(broker, "gas_monitor/gm-0001", [_telemetry("gm-0001", each, _GAS) for each in at])
    _publish(broker, "door/door-00002", [_said("event", "door-00002", now, {"event": "forced"})])
    until(lambda: prometheus.firing() == ["GridwatchDeadLettersRising"])
    query = 'count(gridwatch_alerts{rule=~"gas_level_ch4|door_forced"}) == 2'
    until(lambda: bool(prometheus.ask("query", query=query)["result"]))


def _telemetry(device: str, at: Instant, values: Mapping[str, object]) -> str:
    return _said("telemetry", device, at, values)


def _said(type_: str, device: str, at: Instant, values: Mapping[str, object]) -> str:
    head = {"v": 1, "type": type_, "device": device, "measured_at": iso_of(at)}
    return json.dumps({**head, **values})


def _publish(broker: Mosquitto, device: str, payloads: Iterable[str]) -> None:
    """Return when the broker has them."""
    command = ["mosquitto_pub", "-h", LOOPBACK, "-p", str(broker.port), "-q", "1", "-l"]
    lines = "".join(f"{payload}\n" for payload in payloads)
    topic = f"gw/v1/{device}/up"
    subprocess.run([*command, "-t", topic], input=lines, text=True, check=True, timeout=30)


def _tells_of(database: InfluxDatabase, rule: str) -> bool:
    return bool(database.series(f"SELECT * FROM alert WHERE rule = '{rule}'"))  # noqa: S608 ours

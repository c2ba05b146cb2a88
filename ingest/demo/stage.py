"""The stage of a demonstration: real servers, a source of devices, and an account at the end."""

import asyncio
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ingest.clock import Clock, pause, stopwatch
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import InfluxDB, Mosquitto
from ingest.demo.view import Scene, View
from ingest.journal.database import open_writer
from ingest.registry import import_registry, read_registry
from ingest.simulate.broker import Broker
from ingest.simulate.layout import Layout
from ingest.simulate.publisher import Publisher
from ingest.simulate.source import Source
from ingest.simulate.tally import Tally

_DATABASE = "gridwatch"
_SETTLE_SECONDS = 30.0
_REFRESH = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class Play:
    """What is shown: devices, the clock they live by, where they stand, what the service needs.

    `expected` tells from the tally how many readings the service has to account for.
    """

    source: Source
    clock: Callable[[], Clock]
    registry: Iterable[str]
    tables: Tables
    expected: Callable[[Tally], int]


@dataclass(frozen=True, slots=True)
class _Servers:
    broker: Mosquitto
    service: Gridwatch


def perform(play: Play, seconds: float | None, *, influx: bool) -> dict[str, float]:
    """Run to the end of the source, for so many seconds or until interrupted; return the account.

    Raises MissingProgram or StartError of `ingest.demo.programs`.
    """
    with (
        tempfile.TemporaryDirectory(prefix="gridwatch-") as folder,
        _servers(Path(folder), play, influx=influx) as servers,
    ):
        return asyncio.run(_perform(play, servers, seconds, influx=influx))


@contextmanager
def _servers(folder: Path, play: Play, *, influx: bool) -> Iterator[_Servers]:
    with ExitStack() as stack:
        broker = stack.enter_context(Mosquitto(folder / "mosquitto"))
        tables = {**play.tables, "mqtt": mqtt_table(broker.port)}
        if influx:
            influxdb = stack.enter_context(InfluxDB(folder / "influxdb"))
            influxdb.create_database(_DATABASE)
            tables["sink.influx"] = {"api": "v1", "url": influxdb.url, "bucket": _DATABASE}
        service = Gridwatch(folder / "gridwatch", tables)
        _place_devices(service, play.registry)
        stack.enter_context(service)
        yield _Servers(broker, service)


def _place_devices(service: Gridwatch, registry: Iterable[str]) -> None:
    service.folder.mkdir(parents=True)
    database = open_writer(service.journal)
    import_registry(database, read_registry(registry))
    database.close()


async def _perform(
    play: Play, servers: _Servers, seconds: float | None, *, influx: bool
) -> dict[str, float]:
    broker = Broker(port=servers.broker.port)
    publisher = Publisher(play.source, play.clock(), broker, Layout())
    scene = Scene(servers.service, publisher, play.expected, started=stopwatch())
    with View(scene) as view:
        showing = asyncio.create_task(_show(view))
        await publisher.run(_stop_after(seconds))
        await _settle(scene)
        showing.cancel()
        await view.refresh()
    return _account(scene, influx=influx)


def _stop_after(seconds: float | None) -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    return stop


async def _show(view: View) -> None:
    while True:
        await view.refresh()
        await pause(_REFRESH)


async def _settle(scene: Scene) -> None:
    """Wait, within a bound, until the service has dealt with all that was published."""
    limit = stopwatch() + _SETTLE_SECONDS
    while stopwatch() < limit:
        figures = await scene.figures()
        if figures.missing <= 0 and figures.backlog == 0:
            return
        await pause(timedelta(milliseconds=100))


def _account(scene: Scene, *, influx: bool) -> dict[str, float]:
    figures, tally = scene.last, scene.publisher.tally
    account: dict[str, float] = {
        "published": scene.expected(tally),
        "messages": tally.messages,
        "stored": figures.stored,
        "duplicates": figures.duplicates,
        "late": figures.late,
        "dead_letters": figures.dead_letters,
        "lost": max(0, figures.missing),
    }
    if influx:
        account["influxdb"] = figures.written
    return account

"""The stage of a demonstration: real servers, a source of devices, and an account at the end."""

import asyncio
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from devices.catalogue import catalogue
from devices.models.truth import TruthRecord
from ingest.clock import Clock, MachineClock, pause, stopwatch
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.pace import Pace
from ingest.demo.programs import InfluxDB, Mosquitto, Server, StartError
from ingest.demo.scene import Scene
from ingest.demo.view import View
from ingest.journal.database import open_reader, open_writer
from ingest.printable import printable
from ingest.registry.content import Content
from ingest.registry.importing import import_content
from ingest.simulate.broker import Broker
from ingest.simulate.layout import Layout
from ingest.simulate.publisher import Publisher
from ingest.simulate.source import Source
from ingest.simulate.tally import Tally

S = TypeVar("S", bound=Server)
_DATABASE = "gridwatch"
_SETTLE_SECONDS = 30.0
_REFRESH = timedelta(milliseconds=500)
_POLL = timedelta(milliseconds=100)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LAST_LINES = 10
_EACH_ITS_OWN = Layout()


@dataclass(frozen=True, slots=True)
class Play:
    """What is shown: devices, the clock they live by, where they stand, what the service needs.

    `title` says it in a few words. `expected` tells from the tally how many readings the service
    has to account for, `truth` what goes wrong at the devices.
    """

    title: str
    source: Source
    clock: Callable[[], Clock]
    registry: Content
    tables: Tables
    expected: Callable[[Tally], int]
    pace: Pace | None = None
    truth: Callable[[], Sequence[TruthRecord]] = tuple
    layout: Layout = _EACH_ITS_OWN


@dataclass(frozen=True, slots=True)
class _Servers:
    broker: Mosquitto
    service: Gridwatch
    influxdb: InfluxDB | None


def perform(
    plays: Callable[[Path], Play], seconds: float | None, *, influx: bool
) -> dict[str, int]:
    """Run to the end of the source, for so many seconds or until interrupted; return the account.

    `plays` makes the play for a folder that goes with it. Raises MissingProgram or StartError of
    `ingest.demo.programs`, the latter with the end of the log and also if the service ends before
    its time; BrokerUnreachable of `ingest.simulate.broker`.
    """
    with (
        tempfile.TemporaryDirectory(prefix="gridwatch-") as name,
        _servers(Path(name), play := plays(Path(name)), influx=influx) as servers,
    ):
        scene = asyncio.run(_perform(play, servers, seconds))
        if servers.service.pid is None:
            raise _with_log(f"the service ended by {servers.service.exit_code}", servers.service)
        return _account(scene, servers)


@contextmanager
def _servers(folder: Path, play: Play, *, influx: bool) -> Iterator[_Servers]:
    with ExitStack() as stack:
        broker = _started(stack, Mosquitto(folder / "mosquitto"))
        tables = {**play.tables, "mqtt": mqtt_table(broker.port)}
        influxdb = None
        if influx:
            influxdb = _started(stack, InfluxDB(folder / "influxdb"))
            influxdb.create_database(_DATABASE)
            tables["sink.influx"] = {"api": "v1", "url": influxdb.url, "bucket": _DATABASE}
        service = Gridwatch(folder / "gridwatch", tables, play.pace)
        _fill_registry(service, play.registry)
        _started(stack, service)
        yield _Servers(broker, service, influxdb)


def _started(stack: ExitStack, server: S) -> S:
    try:
        stack.enter_context(server)
    except StartError as error:
        raise _with_log(str(error), server) from None
    return server


def _with_log(why: str, server: Server) -> StartError:
    """Return the error with the end of the server's log, whose folder is about to go."""
    text = server.log.read_text(encoding="utf-8", errors="backslashreplace")
    lines = [printable(line) for line in text.splitlines()[-_LAST_LINES:]]
    return StartError("\n".join((why, *lines)))


def _fill_registry(service: Gridwatch, registry: Content) -> None:
    service.folder.mkdir(parents=True)
    database = open_writer(service.journal)
    import_content(database, registry, MachineClock().now())
    database.close()


async def _perform(play: Play, servers: _Servers, seconds: float | None) -> Scene:
    broker = Broker(port=servers.broker.port)
    clock = play.clock()
    publisher = Publisher(play.source, clock, broker, play.layout)
    influx = servers.influxdb is not None
    scene = Scene(play.title, servers.service, publisher, clock, play.expected, influx, play.truth)
    stop = _stop_after(seconds)
    with View(scene) as view:
        showing = asyncio.create_task(_show(view, servers.service, stop))
        cueing = asyncio.create_task(_give_cue(scene, play.pace))
        try:
            await publisher.run(stop)
            await _settle(scene)
        finally:
            showing.cancel()
            cueing.cancel()
        await view.refresh(last=True)
        scene.summary = view.summarize()
    return scene


def _stop_after(seconds: float | None) -> asyncio.Event:
    """Return what is set after so many seconds or by the first signal; a second one ends hard."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told() -> None:
        stop.set()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    for number in _SIGNALS:
        loop.add_signal_handler(number, told)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    return stop


async def _show(view: View, service: Gridwatch, stop: asyncio.Event) -> None:
    while service.pid is not None:
        await view.refresh()
        await pause(_REFRESH)
    stop.set()


async def _give_cue(scene: Scene, pace: Pace | None) -> None:
    """Let the clocks go on once the days have gone by and the service has dealt with them."""
    if pace is None:
        return
    while scene.clock.now() < pace.held_at or scene.publisher.behind_s > 0:
        await pause(_POLL)
    await _settle(scene)
    pace.go_on()


async def _settle(scene: Scene) -> None:
    """Wait, within a bound, until the service has dealt with all that was published."""
    limit = stopwatch() + _SETTLE_SECONDS
    while stopwatch() < limit and scene.service.pid is not None:
        figures = await scene.look()
        if figures.missing <= 0 and figures.backlog == 0 and figures.unacknowledged == 0:
            return
        await pause(_POLL)


def _account(scene: Scene, servers: _Servers) -> dict[str, int]:
    """Return the account; what is stored is counted in the databases themselves."""
    figures, tally = scene.last, scene.publisher.tally
    stored = _stored(servers.service.journal)
    published = scene.expected(tally)
    lost = max(0, published - stored - figures.duplicates - figures.dead_letters)
    account = {
        "published": published,
        "messages": tally.messages,
        "stored": stored,
        "duplicates": figures.duplicates,
        "late": figures.late,
        "dead_letters": figures.dead_letters,
    }
    if scene.summary and scene.summary.fates:
        account["injected"] = len(scene.summary.fates)
        account["told"] = sum(bool(fate.alerts) for fate in scene.summary.fates)
    if servers.influxdb:
        points = servers.influxdb.counts(_DATABASE)
        account["influxdb"] = sum(points.get(kind, 0) for kind in catalogue())
        lost += max(0, stored - account["influxdb"])
    return {**account, "lost": lost}


def _stored(journal: Path) -> int:
    reader = open_reader(journal)
    (number,) = reader.execute("SELECT count(*) FROM reading").fetchone()
    reader.close()
    return int(number)

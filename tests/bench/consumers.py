"""The consumers that are compared: each is brought a load, and measured."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ingest.clock import MachineClock, block
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import LOOPBACK, Mosquitto
from tests.bench.site import Site

_CLOCK = MachineClock()
_LIMIT_S = 120
_POLL = timedelta(milliseconds=100)
"""So seldom that what is asked of the service, its metrics, is no part of what it costs."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is published: how many messages of what form; `rate` a second, 0 for full speed."""

    messages: int
    form: str = "telemetry"
    rate: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """What a consumer did with a load."""

    items_per_s: float
    cpu_us_per_item: float
    rss_mb: float


class LoadProcess:
    """The load generator, ready to begin at a word."""

    def __init__(self, broker: Mosquitto, load: Load) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "tests.bench.load",
                str(broker.port), str(load.messages), load.form, str(load.rate),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self._line()

    def begin(self) -> None:
        """Let it publish."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def began_at(self) -> int:
        """Wait for its end and return when it began."""
        began = int(self._line().split()[0])
        self._process.wait(_LIMIT_S)
        return began

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


def null_consumer(site: Site, load: Load) -> float:
    """Return the messages a second that `mosquitto_sub` takes: the broker is the limit."""
    process = LoadProcess(site.broker, load)
    consumer = subprocess.Popen(
        [
            "mosquitto_sub", "-h", LOOPBACK, "-p", str(site.broker.port), "-V", "5", "-q", "1",
            "-t", "gw/v1/+/+/up", "-C", str(load.messages), "-F", "%t",
        ],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    block(timedelta(milliseconds=500))
    process.begin()
    consumer.wait(_LIMIT_S)
    ended = _CLOCK.now()
    return load.messages / (ended - process.began_at()) * 1000


def gridwatch_consumer(site: Site, load: Load, sink: Tables, readings: int) -> Figures:
    """Return what `gridwatch run` does with the load, journal committed and cursor drained."""
    with running_service(site, sink) as service:
        process = LoadProcess(site.broker, load)
        before = cpu_seconds(service.pid)
        process.begin()
        wait_for(lambda: _done(service, readings))
        ended = _CLOCK.now()
        cpu = cpu_seconds(service.pid) - before
        rss = peak_rss_mb(service.pid)
        rate = readings / (ended - process.began_at()) * 1000
    return Figures(rate, cpu / readings * 1e6, rss)


@contextmanager
def running_service(site: Site, sink: Tables) -> Iterator[Gridwatch]:
    """Run a service with a journal and a session of its own; both are gone afterwards."""
    folder = site.next_folder()
    client_id = f"bench-{folder.name}"
    try:
        with Gridwatch(
            folder, {"mqtt": mqtt_table(site.broker.port, client_id), **sink}
        ) as service:
            yield service
    finally:
        _forget_session(site.broker, client_id)


def _forget_session(broker: Mosquitto, client_id: str) -> None:
    subprocess.run(
        [
            "mosquitto_sub", "-h", LOOPBACK, "-p", str(broker.port), "-i", client_id,
            "-t", "nothing", "-E",
        ],
        check=True,
        timeout=10,
    )  # fmt: skip


def _done(service: Gridwatch, readings: int) -> bool:
    metrics = service.metrics()
    return (
        metrics.get("gridwatch_readings_stored_total", 0) >= readings
        and metrics["gridwatch_sink_backlog_readings"] == 0
        and metrics["gridwatch_mqtt_unacknowledged"] == 0
    )


def wait_for(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; TimeoutError after two minutes."""
    deadline = _CLOCK.now() + _LIMIT_S * 1000
    while not condition():
        if _CLOCK.now() > deadline:
            raise TimeoutError(f"not within {_LIMIT_S} s")
        block(_POLL)


def cpu_seconds(pid: int | None) -> float:
    """Return the user and system time a process has used."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(stat[11]) + int(stat[12])) / 100


def peak_rss_mb(pid: int | None) -> float:
    """Return the highest resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024

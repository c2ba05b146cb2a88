"""`gridwatch run` as a process: it ends in order, in time, whatever state the world is in."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.clock import block, stopwatch
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import LOOPBACK, Mosquitto
from tests.mqtt.publishing import reading

pytestmark = pytest.mark.servers
_LIMIT_S = 30.0
_STOP_LIMIT_S = 10.0
_POLL = timedelta(milliseconds=20)


@pytest.fixture
def service(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Gridwatch]:
    with _service(tmp_path, mosquitto) as running:
        yield running


@contextmanager
def _service(folder: Path, broker: Mosquitto, tables: Tables | None = None) -> Iterator[Gridwatch]:
    mqtt = {**mqtt_table(broker.port), "longest_backoff_s": 0.2}
    with Gridwatch(folder / "gridwatch", {"mqtt": mqtt, **(tables or {})}) as running:
        yield running


def _until(condition: Callable[[], bool]) -> None:
    started = stopwatch()
    while not condition():
        assert stopwatch() - started < _LIMIT_S
        block(_POLL)


def _publish(broker: Mosquitto, *numbers: int) -> None:
    topic = "gw/v1/water_meter/wm-1/up"
    subprocess.run(
        ["mosquitto_pub", "-h", LOOPBACK, "-p", str(broker.port), "-q", "1", "-t", topic, "-l"],
        input="\n".join(map(reading, numbers)) + "\n", text=True, check=True, timeout=_LIMIT_S,
    )  # fmt: skip


def _end(service: Gridwatch, *signals: int) -> float:
    """Send the signals, wait for a clean end and return how many seconds it took."""
    assert service.pid
    started = stopwatch()
    for number in signals or (signal.SIGTERM,):
        os.kill(service.pid, number)
    _until(lambda: service.exit_code is not None)
    log = service.log.read_text(encoding="utf-8")
    assert service.exit_code == 0, log
    assert "Traceback" not in log
    assert log.rstrip().endswith("stopped")
    return stopwatch() - started


def _stored(service: Gridwatch) -> int:
    with closing(sqlite3.connect(service.journal)) as database:
        (count,) = database.execute("SELECT count(*) FROM reading").fetchone()
    return int(count)


@pytest.mark.parametrize(
    "signals", [(signal.SIGTERM,), (signal.SIGINT,), (signal.SIGTERM, signal.SIGTERM)]
)
def test_a_signal_ends_an_idle_service_at_once(
    service: Gridwatch, signals: tuple[int, ...]
) -> None:
    assert _end(service, *signals) < 3


def test_what_is_pending_at_the_end_is_stored_and_what_is_not_comes_again(
    service: Gridwatch, mosquitto: Mosquitto
) -> None:
    load = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.load", str(mosquitto.port), "40000", "telemetry", "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with load:
        assert load.stdout
        assert load.stdout.readline() == "ready\n"
        assert load.stdin
        load.stdin.write("\n")
        load.stdin.flush()
        _until(lambda: service.metrics().get("gridwatch_readings_stored_total", 0) > 5_000)
        assert _end(service) < _STOP_LIMIT_S
        load.communicate(timeout=_LIMIT_S)
    assert _stored(service) > 5_000

    service.start()

    _until(lambda: _stored(service) == 40_000)
    assert "gridwatch_dead_letters_total" not in service.metrics()


def test_a_broker_that_is_away_does_not_hold_up_the_end(
    service: Gridwatch, mosquitto: Mosquitto
) -> None:
    mosquitto.kill()
    _until(lambda: service.metrics()["gridwatch_mqtt_connect_failures_total"] > 2)

    assert _end(service) < 3
    assert not service.journal.with_name(f"{service.journal.name}-wal").exists()


def test_a_broker_that_hangs_does_not_hold_up_the_end(
    service: Gridwatch, mosquitto: Mosquitto
) -> None:
    assert mosquitto.pid
    os.kill(mosquitto.pid, signal.SIGSTOP)
    try:
        assert _end(service) < 4
    finally:
        os.kill(mosquitto.pid, signal.SIGCONT)


def test_a_journal_that_takes_nothing_does_not_hold_up_the_end_and_costs_nothing(
    service: Gridwatch, mosquitto: Mosquitto
) -> None:
    with closing(sqlite3.connect(service.journal, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        _publish(mosquitto, 1, 2, 3)
        _until(lambda: service.metrics()["gridwatch_mqtt_unacknowledged"] == 3)
        assert _end(service) < _STOP_LIMIT_S
        other.execute("ROLLBACK")
    assert _stored(service) == 0

    service.start()

    _until(lambda: _stored(service) == 3)


def test_a_journal_that_takes_nothing_for_a_while_makes_the_service_unhealthy_and_then_not(
    service: Gridwatch, mosquitto: Mosquitto
) -> None:
    with closing(sqlite3.connect(service.journal, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        _publish(mosquitto, *range(1, 40))
        _until(lambda: service.metrics()["gridwatch_journal_unavailable"] == 1)
        other.execute("ROLLBACK")

    _until(lambda: _stored(service) == 39)
    _until(lambda: service.metrics()["gridwatch_mqtt_unacknowledged"] == 0)
    assert service.metrics()["gridwatch_journal_unavailable"] == 0
    log = service.log.read_text(encoding="utf-8")
    assert log.count("nothing is acknowledged until it works") == 1
    assert "journal: works again" in log


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_sink_that_hangs_does_not_hold_up_the_end_and_its_readings_stay(
    tmp_path: Path, mosquitto: Mosquitto, api: str
) -> None:
    with socket.create_server((LOOPBACK, 0)) as mute:
        influx = {"api": api, "url": f"http://{LOOPBACK}:{mute.getsockname()[1]}"}
        with _service(tmp_path, mosquitto, {"sink.influx": influx}) as service:
            _publish(mosquitto, 1, 2, 3)
            _until(lambda: _stored(service) == 3)
            assert _end(service) < _STOP_LIMIT_S

    assert "3 readings stay for the next start" in service.log.read_text(encoding="utf-8")


def test_a_client_that_never_ends_its_request_does_not_hold_up_the_end(
    service: Gridwatch,
) -> None:
    with (
        socket.create_connection((LOOPBACK, service.port)) as slow,
        socket.create_connection((LOOPBACK, service.port)),
    ):
        slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
        service.metrics()

        assert _end(service) < 4

"""The service itself, with a real broker, when the journal can't take what comes."""

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from resource import RLIMIT_FSIZE, prlimit
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from devices.instant import iso_of
from ingest.clock import MachineClock, block, stopwatch
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import LOOPBACK, Mosquitto
from tests.journal.database import RecordingDatabase
from tests.journal.readings import numbers_in, rows_of

TOPIC = "gw/v1/water_meter/wm-1/up"
SECOND = 1_000
SLOTS = 96
UPLOADS = 700
READINGS = UPLOADS * SLOTS
HALF_A_MB = 500_000
_POLL = timedelta(milliseconds=50)
_LIMIT_S = 60.0
_NOW = MachineClock().now()

pytestmark = pytest.mark.servers


@pytest.fixture
def gridwatch(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Gridwatch]:
    tables = {"mqtt": mqtt_table(mosquitto.port)}
    with Gridwatch(tmp_path / "gridwatch", tables) as service:
        yield service


def test_a_full_disk_stops_acknowledgements_loses_nothing_and_is_got_over(
    gridwatch: Gridwatch, mosquitto: Mosquitto
) -> None:
    publish(mosquitto, [telemetry(0)])
    until(lambda: stored(gridwatch) == 1)
    limit_before = _limit_files(gridwatch, HALF_A_MB)
    publish(mosquitto, map(telemetry, range(1, 9_000)))
    until(lambda: health(gridwatch)[0] == 503)
    until(lambda: unacknowledged(gridwatch) + stored(gridwatch) == 9_000)
    status, troubles = health(gridwatch)
    held_at_first, stored_at_first = unacknowledged(gridwatch), stored(gridwatch)
    publish(mosquitto, [telemetry(9_000)])
    until(lambda: unacknowledged(gridwatch) == held_at_first + 1)

    assert status == 503
    assert "the disk" in troubles["journal"]
    assert "nothing is acknowledged" in troubles["journal"]
    assert 0 < stored_at_first < 9_000
    assert stored(gridwatch) == stored_at_first == len(numbers_in(gridwatch.journal))
    assert metric(gridwatch, "gridwatch_journal_unavailable") == 1

    _limit_files(gridwatch, limit_before)
    until(lambda: unacknowledged(gridwatch) == 0)

    assert (health(gridwatch)[0], stored(gridwatch)) == (200, 9_001)
    assert metric(gridwatch, "gridwatch_readings_duplicate_total") == 0
    assert numbers_in(gridwatch.journal) == list(range(1, 9_002))
    trouble, recovery = said(gridwatch, "journal: ")
    assert trouble.count("journal: ") == 1
    assert "the disk" in trouble
    assert "works again" in recovery


def test_at_its_size_limit_it_stops_until_what_the_sink_has_can_leave(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    database = RecordingDatabase()
    tables: Tables = {
        "mqtt": mqtt_table(mosquitto.port),
        "journal": {"max_mb": 4},
        "batch": {"messages": 20},
        "sink.influx": {"api": "v1", "url": database.url, "longest_backoff_s": 0.5},
    }
    with Gridwatch(tmp_path / "gridwatch", tables) as gridwatch:
        publish(mosquitto, map(day, range(UPLOADS)))
        until(lambda: health(gridwatch)[0] == 503)
        until(lambda: unacknowledged(gridwatch) * SLOTS + stored(gridwatch) == READINGS)
        troubles = health(gridwatch)[1]
        stored_at_first = len(numbers_in(gridwatch.journal))
        pruned_at_first = metric(gridwatch, "gridwatch_readings_pruned_total")
        with database:
            until(lambda: unacknowledged(gridwatch) == 0)
            until(lambda: metric(gridwatch, "gridwatch_sink_backlog_readings") == 0)
        status = health(gridwatch)[0]
        pruned = metric(gridwatch, "gridwatch_readings_pruned_total")
        duplicates = metric(gridwatch, "gridwatch_readings_duplicate_total")
        stored_at_last = stored(gridwatch)

    assert "its limit of 4 MB is reached" in troubles["journal"]
    assert troubles["sink:influx"].endswith("readings wait in the journal")
    assert (pruned_at_first, status) == (0, 200)
    assert 0 < stored_at_first < READINGS
    assert (stored_at_last, duplicates) == (READINGS, 0)
    assert pruned > 0
    assert len({line.rsplit(" ", 1)[1] for line in database.lines}) == READINGS
    assert rows_of(gridwatch.journal, "SELECT seq FROM cursor") == [(READINGS,)]


def telemetry(number: int) -> str:
    """Return the reading with this number, each a second older."""
    return _payload("telemetry", measured_at=iso_of(_NOW - number * SECOND))


def day(number: int) -> str:
    """Return an upload of 96 increments, none of an instant that another upload tells of."""
    frozen_at = iso_of(_NOW - number * SECOND)
    return _payload("daily", frozen_at=frozen_at, slot_minutes=15, increments_m3=[0.001] * SLOTS)


def _payload(type_: str, **fields: object) -> str:
    return json.dumps({"v": 1, "type": type_, "device": "wm-1", "cumulative_m3": 1, **fields})


def publish(broker: Mosquitto, payloads: Iterable[str]) -> None:
    """Return when the broker has them."""
    command = ["mosquitto_pub", "-h", LOOPBACK, "-p", str(broker.port), "-q", "1", "-l"]
    lines = "".join(f"{payload}\n" for payload in payloads)
    subprocess.run([*command, "-t", TOPIC], input=lines, text=True, check=True, timeout=_LIMIT_S)


def until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; TimeoutError after a minute."""
    deadline = stopwatch() + _LIMIT_S
    while not condition():
        if stopwatch() > deadline:
            raise TimeoutError
        block(_POLL)


def metric(service: Gridwatch, name: str) -> int:
    return int(service.metrics().get(name, 0))


def stored(service: Gridwatch) -> int:
    return metric(service, "gridwatch_readings_stored_total")


def unacknowledged(service: Gridwatch) -> int:
    return metric(service, "gridwatch_mqtt_unacknowledged")


def health(service: Gridwatch) -> tuple[int, dict[str, str]]:
    """Return the status of `/healthz`, and the troubles by part."""
    try:
        with urlopen(f"{service.url}/healthz", timeout=10) as answer:  # noqa: S310 ours
            return answer.status, json.load(answer)["troubles"]
    except HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)["troubles"]


def said(service: Gridwatch, words: str) -> list[str]:
    """Return the lines of the log that hold the words."""
    return [line for line in service.log.read_text().splitlines() if words in line]


def _limit_files(service: Gridwatch, soft: int) -> int:
    """Let no file of the service grow beyond, and return the limit that was."""
    assert service.pid
    before, hard = prlimit(service.pid, RLIMIT_FSIZE)
    prlimit(service.pid, RLIMIT_FSIZE, (soft, hard))
    return before

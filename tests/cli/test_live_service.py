"""The commands beside a real service, each in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from devices.instant import iso_of
from ingest.clock import MachineClock, block, stopwatch
from ingest.demo.gridwatch import Gridwatch, mqtt_table
from ingest.demo.programs import Mosquitto, free_port
from ingest.metrics_table import all_metrics

SECRET = "sesame-4711"
MESSAGES = 1_000
DEVICE = "wm-1"
TABLES = {
    "mqtt": {"username": "u", "password": SECRET},
    "sink.influx": {"url": f"http://127.0.0.1:{free_port()}", "token": SECRET},
    "log": {"level": "debug", "format": "json"},
}

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gridwatch]:
    """A service that has stored 1,000 readings and refused one message; its database is away."""
    folder = tmp_path_factory.mktemp("live")
    with Mosquitto(folder / "mosquitto") as broker:
        mqtt = {**mqtt_table(broker.port), **TABLES["mqtt"]}
        with Gridwatch(folder / "gridwatch", {**TABLES, "mqtt": mqtt}) as running:
            _publish(broker.port)
            _wait_until_stored(running)
            yield running


def test_the_log_tells_only_changes_of_state(service: Gridwatch) -> None:
    """New journal, endpoint, connected, database away; the event loop's choice at debug level."""
    entries = [json.loads(line) for line in service.log.read_text().splitlines()]

    assert len(entries) <= 6
    assert {"at", "level", "logger", "message"} <= set(entries[0])
    assert sum("sink:influx" in entry["message"] for entry in entries) == 1


def test_a_secret_is_not_in_the_log(service: Gridwatch) -> None:
    assert SECRET in service.settings.read_text()
    assert SECRET not in service.log.read_text()


def test_a_secret_is_not_on_the_endpoint(service: Gridwatch) -> None:
    assert SECRET not in "".join(_page(service, path) for path in ("metrics", "healthz", "readyz"))


def test_a_reading_can_be_queried_while_the_service_writes(service: Gridwatch) -> None:
    latest = json.loads(_gridwatch(service, "query", "latest", DEVICE, "-f", "json"))
    history = _gridwatch(service, "query", "history", DEVICE, "-f", "csv").splitlines()

    assert latest["cumulative_m3"] == MESSAGES
    assert len(history) == 1 + MESSAGES


def test_a_dead_letter_can_be_dropped_while_the_service_writes(service: Gridwatch) -> None:
    (letter,) = _gridwatch(service, "deadletter", "list", "-f", "json").splitlines()

    assert json.loads(letter)["reason"] == "not_json"
    assert _gridwatch(service, "deadletter", "drop", "--all") == "1 dropped\n"
    assert _gridwatch(service, "deadletter", "list", "-f", "json") == ""


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_who_stops_reading_gets_no_traceback(service: Gridwatch, form: str) -> None:
    arguments = ("query", "history", DEVICE, "--format", form, "--journal", str(service.journal))
    with subprocess.Popen(
        [sys.executable, "-m", "ingest", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(1)
        process.stdout.close()
        errors = process.stderr.read()

    assert errors == b""


def test_every_metric_of_a_real_service_is_documented(service: Gridwatch) -> None:
    documented = {metric.name.removesuffix("_total"): metric for metric in all_metrics()}

    families = [
        family
        for family in text_string_to_metric_families(_page(service, "metrics"))
        if family.name.startswith("gridwatch_")
    ]

    assert {family.name for family in families} == set(documented)
    for family in families:
        assert family.type == documented[family.name].type
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert labels <= set(documented[family.name].labels)


def _publish(port: int) -> None:
    now = MachineClock().now()
    lines = [
        json.dumps(
            {
                "v": 1,
                "type": "telemetry",
                "device": DEVICE,
                "measured_at": iso_of(now - (MESSAGES - number) * 1000),
                "cumulative_m3": number,
            }
        )
        for number in range(1, MESSAGES + 1)
    ]
    subprocess.run(
        f"mosquitto_pub -p {port} -V 5 -q 1 -t gw/v1/water_meter/{DEVICE}/up -l".split(),
        input="\n".join([*lines, "not JSON"]).encode(),
        check=True,
        timeout=60,
    )


def _wait_until_stored(service: Gridwatch) -> None:
    limit_s = stopwatch() + 30
    while stopwatch() < limit_s:
        metrics = service.metrics()
        if (
            metrics.get("gridwatch_readings_stored_total") == MESSAGES
            and metrics.get("gridwatch_dead_letters_total")
            and metrics.get("gridwatch_sink_errors_total")
        ):
            return
        block(timedelta(milliseconds=50))
    raise AssertionError(service.log.read_text())


def _page(service: Gridwatch, path: str) -> str:
    with urlopen(f"{service.url}/{path}", timeout=5) as answer:  # noqa: S310 our own address
        return str(answer.read().decode())


def _gridwatch(service: Gridwatch, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "ingest", *arguments, "--journal", str(service.journal)],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    ).stdout

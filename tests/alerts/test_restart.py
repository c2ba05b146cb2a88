"""The service itself and a real broker: a kill in the middle of a hold, a reset by a person."""

import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from devices.instant import Instant, iso_of
from ingest.cli import app
from ingest.clock import MachineClock, block, stopwatch
from ingest.demo.gridwatch import Gridwatch, mqtt_table
from ingest.demo.programs import LOOPBACK, Mosquitto
from tests.alerts.gas import CRITICAL, GOOD, MONITOR, RULE, SECOND, WARNING
from tests.journal.readings import rows_of

pytestmark = pytest.mark.servers

_POLL = timedelta(milliseconds=50)
_LIMIT_S = 60.0
_TRANSITIONS = "SELECT transition, at, severity FROM alert_change ORDER BY seq"


@pytest.fixture
def service(tmp_path: Path, mosquitto: Mosquitto) -> Gridwatch:
    return Gridwatch(
        tmp_path / "gridwatch", {"mqtt": mqtt_table(mosquitto.port), "rules": {"judge": True}}
    )


def test_a_kill_in_the_middle_of_a_hold_loses_no_alert_and_tells_none_twice(
    service: Gridwatch, mosquitto: Mosquitto
) -> None:
    found_at = MachineClock().now() - 22 * SECOND
    with service:
        publish(mosquitto, found_at, WARNING)
        until(lambda: stored(service) == 1)
        service.kill()
        assert transitions(service) == []
        service.start()
        until(lambda: transitions(service) != [])
        service.kill()
        service.start()
        publish(mosquitto, found_at, WARNING)
        until(lambda: service.metrics().get("gridwatch_readings_duplicate_total") == 1)
        live = service.metrics()["gridwatch_alerts"]

    assert transitions(service) == [("raised", found_at + 30 * SECOND, 2)]
    assert live == 1


def test_a_person_resets_a_latch_while_the_service_runs(
    service: Gridwatch, mosquitto: Mosquitto
) -> None:
    now = MachineClock().now()
    with service:
        for number, level in enumerate((CRITICAL, CRITICAL, GOOD)):
            publish(mosquitto, now + (number - 3) * SECOND, level)
        until(lambda: stored(service) == 3)
        ((alert,),) = rows_of(service.journal, "SELECT id FROM alert")
        started = stopwatch()
        outcome = CliRunner().invoke(
            app, ["alerts", "reset", alert, "--journal", str(service.journal)]
        )
        took = stopwatch() - started

    assert (outcome.exit_code, outcome.stdout) == (0, "reset\n")
    assert took < 2.5
    assert [name for name, *_ in transitions(service)] == ["raised", "reset"]
    assert alert.startswith(f"{RULE.name}/device/gas_monitor/{MONITOR}/")


def publish(broker: Mosquitto, at: Instant, ch4: float, *, fan: bool = True) -> None:
    """Return when the broker has it. A fan that runs by itself is not ordered."""
    payload = {
        "v": 1, "type": "telemetry", "device": MONITOR, "measured_at": iso_of(at),
        "ch4_lel_pct": ch4, "sensor_status": "ok", "fan": {"running": fan},
    }  # fmt: skip
    command = ["mosquitto_pub", "-h", LOOPBACK, "-p", str(broker.port), "-q", "1"]
    topic = f"gw/v1/gas_monitor/{MONITOR}/up"
    subprocess.run([*command, "-t", topic, "-m", json.dumps(payload)], check=True, timeout=_LIMIT_S)


def transitions(service: Gridwatch) -> list[tuple[str, Instant, int]]:
    return rows_of(service.journal, _TRANSITIONS)


def stored(service: Gridwatch) -> float:
    return service.metrics().get("gridwatch_readings_stored_total", 0)


def until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; TimeoutError after a minute."""
    deadline = stopwatch() + _LIMIT_S
    while not condition():
        if stopwatch() > deadline:
            raise TimeoutError
        block(_POLL)

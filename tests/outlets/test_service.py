"""The service with every outlet, one of which hangs: nothing else waits for it."""

import json
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest

from ingest.clock import MachineClock, block, stopwatch
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import LOOPBACK, Alertmanager, InfluxDB, Mosquitto
from tests.alerts.gas import MONITOR, RULE, SECOND, WARNING
from tests.alerts.test_restart import publish, stored
from tests.outlets.hook import held
from tests.outlets.test_mqtt import subscribed

pytestmark = pytest.mark.servers
SUBJECT = f"gas_monitor/{MONITOR}"
TOPIC = f"gw/v1/alerts/unknown/{RULE.name}/gas_monitor.{MONITOR}"


def test_an_alert_reaches_every_outlet_though_one_of_them_hangs(
    tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB, alertmanager: Alertmanager
) -> None:
    with socket.create_server((LOOPBACK, 0)) as mute:
        hanging = f"http://{LOOPBACK}:{mute.getsockname()[1]}"
        tables: Tables = {
            "mqtt": mqtt_table(mosquitto.port),
            "rules": {"judge": True},
            "sink.influx": {"api": "v1", "url": influxdb.url},
            "outlet.alertmanager": {"urls": [hanging, alertmanager.url], "timeout_s": 0.5},
        }
        with Gridwatch(tmp_path / "gridwatch", tables) as service:
            now = MachineClock().now()
            for number in (2, 1):
                publish(mosquitto, now - number * SECOND, WARNING)
            until(lambda: stored(service) == 2)
            until(lambda: held(alertmanager) == [(SUBJECT, "warning")])
            until(lambda: subscribed(mosquitto) == [(TOPIC, "firing")])
            until(lambda: influxdb.counts("gridwatch").get("alert") == 1)
            name = f"alertmanager:{hanging.removeprefix('http://')}"
            until(lambda: f"outlet:{name}" in troubles(service))
            working = {"mqtt", "influx", f"alertmanager:{LOOPBACK}:{alertmanager.port}"}
            until(
                lambda: (
                    samples(service, "gridwatch_outlet_backlog")
                    == {name: 1.0, **dict.fromkeys(working, 0.0)}
                )
            )
            sent = samples(service, "gridwatch_outlet_sent_total")
            errors = samples(service, "gridwatch_outlet_errors_total")
            publish(mosquitto, now, WARNING)
            until(lambda: stored(service) == 3)

    assert {outlet for outlet, number in sent.items() if number} == working
    assert {outlet for outlet, number in errors.items() if number} == {name}
    assert service.exit_code == 0


def troubles(service: Gridwatch) -> dict[str, str]:
    with urlopen(f"{service.url}/healthz", timeout=5) as answer:  # noqa: S310 ours
        found: dict[str, str] = json.loads(answer.read())["troubles"]
    return found


def samples(service: Gridwatch, name: str) -> dict[str, float]:
    """Return a metric by outlet."""
    return {
        sample.labels["outlet"]: sample.value for sample in service.samples() if sample.name == name
    }


def until(condition: Callable[[], bool]) -> None:
    started = stopwatch()
    while not condition():
        assert stopwatch() - started < 30
        block(timedelta(milliseconds=50))

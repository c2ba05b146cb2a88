"""From a monitor's message to those who are to go there, through the shipped configuration."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from devices.instant import Instant
from ingest.cli import app
from ingest.clock import MachineClock, stopwatch
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import Mosquitto
from ingest.journal.database import open_writer
from ingest.registry.files import read_folder
from ingest.registry.importing import import_content
from tests.alerts.gas import CRITICAL, GOOD, MONITOR, RULE, SECOND
from tests.alerts.test_restart import publish, stored
from tests.deploy.alertmanager import Deployed
from tests.deploy.listener import Heard, Listener
from tests.deploy.prometheus import Prometheus
from tests.journal.readings import rows_of
from tests.outlets.hook import until

pytestmark = pytest.mark.servers
RUNBOOKS = "https://gridwatch.example"
REGISTRY = {
    "areas": "code,name,level,parent\n500000,,,\n500103,,,\n500103003,,,\n",
    "devices": f"kind,device,area\ngas_monitor,{MONITOR},500103003\n",
}
EVERYONE = {"city", "district/500103", "street/500103003"}


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def alertmanager(tmp_path: Path, listener: Listener) -> Deployed:
    return Deployed(tmp_path / "alertmanager", listener.hooks, listener.mail_port)


def service(folder: Path, mosquitto: Mosquitto, alertmanager: Deployed) -> Gridwatch:
    """Return a service that knows where the monitor stands."""
    tables: Tables = {
        "mqtt": mqtt_table(mosquitto.port),
        "outlet.alertmanager": {
            "urls": [alertmanager.url],
            "runbooks": RUNBOOKS,
            "longest_backoff_s": 1.0,
        },
    }
    made = Gridwatch(folder / "gridwatch", tables)
    made.folder.mkdir()
    for name, text in REGISTRY.items():
        (made.folder / f"{name}.csv").write_text(text, encoding="utf-8")
    database = open_writer(made.journal)
    import_content(database, read_folder(made.folder), MachineClock().now())
    database.close()
    return made


def begins(mosquitto: Mosquitto, at: Instant) -> None:
    """Let gas reach level 2, which stays until a person resets it."""
    for second in (0, 10):
        publish(mosquitto, at + second * SECOND, CRITICAL)


async def ends(gridwatch: Gridwatch, mosquitto: Mosquitto, found_at: Instant) -> None:
    """Let the gas be gone for more than five minutes, and a person reset the alert."""
    for second in range(20, 400, 60):
        publish(mosquitto, found_at + second * SECOND, GOOD)
    await until(lambda: stored(gridwatch) == 9)
    ((alert,),) = rows_of(gridwatch.journal, "SELECT id FROM alert")
    reset = ["alerts", "reset", alert, "--journal", str(gridwatch.journal)]
    assert CliRunner().invoke(app, reset).stdout == "reset\n"


async def test_gas_is_told_to_street_district_and_city_within_seconds_and_so_is_its_end(
    tmp_path: Path, mosquitto: Mosquitto, listener: Listener, alertmanager: Deployed
) -> None:
    found_at = MachineClock().now() - 400 * SECOND
    async with listener.listening():
        with alertmanager, service(tmp_path, mosquitto, alertmanager) as gridwatch:
            begins(mosquitto, found_at)
            started = stopwatch()
            await until(lambda: listener.by("firing", RULE.name) == EVERYONE)
            took_s = stopwatch() - started
            await ends(gridwatch, mosquitto, found_at)
            await until(lambda: listener.by("resolved", RULE.name) == EVERYONE)
            await until(lambda: len(listener.mail) == 2)

    page = f"{RUNBOOKS}/rules/library/{RULE.name}/README.md#at-three-in-the-morning"
    assert {each[1:] for each in listener.heard} == {
        (status, RULE.name, "critical", page) for status in ("firing", "resolved")
    }
    assert took_s < 10
    fired, resolved = listener.mail
    assert RULE.title in fired.subject
    assert "严重 critical" in fired.subject
    assert "已解除 resolved" in resolved.subject
    assert "GB/T 50493-2019" in fired.text
    assert RULE.title_zh in fired.text
    assert page in fired.text


async def test_an_alertmanager_that_was_down_as_gas_came_and_as_it_went_tells_of_both(
    tmp_path: Path, mosquitto: Mosquitto, listener: Listener, alertmanager: Deployed
) -> None:
    found_at = MachineClock().now() - 400 * SECOND
    async with listener.listening():
        with alertmanager, service(tmp_path, mosquitto, alertmanager) as gridwatch:
            alertmanager.stop()
            begins(mosquitto, found_at)
            await until(lambda: gridwatch.metrics().get("gridwatch_outlet_errors_total", 0) > 0)
            alertmanager.start()
            await until(lambda: listener.by("firing", RULE.name) == EVERYONE)
            alertmanager.stop()
            await ends(gridwatch, mosquitto, found_at)
            alertmanager.start()
            await until(lambda: listener.by("resolved", RULE.name) == EVERYONE)

    assert {each.severity for each in listener.heard} == {"critical"}


async def test_a_service_that_is_gone_is_told_to_operations_and_so_is_its_return(
    tmp_path: Path, mosquitto: Mosquitto, listener: Listener, alertmanager: Deployed
) -> None:
    folder = tmp_path / "prometheus"
    async with listener.listening():
        with (
            alertmanager,
            service(tmp_path, mosquitto, alertmanager) as gridwatch,
            Prometheus(folder, gridwatch.port, alertmanager.port) as prometheus,
        ):
            await until(lambda: prometheus.value_of("gridwatch:journal:used_ratio") is not None)
            well = prometheus.firing()
            gridwatch.kill()
            await until(lambda: listener.by("firing", "GridwatchDown") == {"operations"})
            gridwatch.start()
            await until(lambda: listener.by("resolved", "GridwatchDown") == {"operations"})
            errors = prometheus.rule_errors()

    page = f"{RUNBOOKS}/docs/runbooks/GridwatchDown.md"
    assert well == []
    assert errors == []
    assert listener.heard[0] == Heard("operations", "firing", "GridwatchDown", "critical", page)

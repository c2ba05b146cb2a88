"""The service itself and a real broker: a trial by the commands, and an import that it hears of."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ingest.cli import app
from ingest.clock import MachineClock, stopwatch
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import Mosquitto
from tests.alerts.gas import MONITOR, RULE, SECOND
from tests.alerts.test_restart import publish, stored, transitions, until
from tests.rule_tools import own

pytestmark = pytest.mark.servers

HEAD = "place,rule,parameter,value,strictest\n"
BETWEEN = 15.0
"""Gas in %LEL that only the tried limit tells of."""
COUNTED = {
    "rule": RULE.name, "live": 0, "shadow": 1, "both": 0, "only_live": 0, "only_shadow": 1,
}  # fmt: skip


def test_a_trial_runs_in_the_service_and_an_import_is_in_force_within_5_s(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    tables: Tables = {"mqtt": mqtt_table(mosquitto.port), "rules": {"judge": True}}
    limits = tmp_path / "stricter.csv"
    limits.write_text(f"{HEAD}500103,{RULE.name},level_1,12,\n", encoding="utf-8")
    with Gridwatch(tmp_path / "gridwatch", tables) as service:
        _import(service, tmp_path, devices=f"kind,device,area\ngas_monitor,{MONITOR},500103\n")
        took = _until_in_force(service, 1)
        started = _shadow(service, "start", str(limits), "--for", "1h")
        now = MachineClock().now()
        for before in (700, 690):
            publish(mosquitto, now - before * SECOND, BETWEEN)
        until(lambda: stored(service) == 2)
        counted = json.loads(_shadow(service, "status", "--json").stdout)
        listed = list(csv.DictReader(io.StringIO(_shadow(service, "status", "--list").stdout)))
        stopped = _shadow(service, "stop")
        told = transitions(service)
        publish(mosquitto, now - 300 * SECOND, BETWEEN)
        until(lambda: stored(service) == 3)
        after = json.loads(_shadow(service, "status", "--json").stdout)

    assert took < 7.0  # it looks every 5 s
    assert started.stdout.startswith("running until ")
    assert (counted["state"], counted["readings"], counted["rules"]) == ("running", 2, [COUNTED])
    assert [(row["side"], row["rule"], row["severity"]) for row in listed] == [
        ("shadow", RULE.name, "warning")
    ]
    assert stopped.stdout == "ended\n"
    assert told == []
    assert (after["state"], after["readings"]) == ("ended: stopped", 2)


def test_a_killed_service_comes_back_though_its_file_of_limits_was_mistyped_meanwhile(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    limits = tmp_path / "own.csv"
    limits.write_text(f"{HEAD}500103,{RULE.name},level_1,12,\n", encoding="utf-8")
    tables: Tables = {"mqtt": mqtt_table(mosquitto.port), "rules": {"limits": str(limits)}}
    with Gridwatch(tmp_path / "gridwatch", tables) as service:
        _import(service, tmp_path, devices=f"kind,device,area\ngas_monitor,{MONITOR},500103\n")
        _until_in_force(service, 1)
        limits.write_text(f"{HEAD}500103,{RULE.name},level_1,5,\n", encoding="utf-8")
        until(lambda: service.metrics()["gridwatch_registry_refused"] == 1)
        service.kill()
        service.start()
        refused = service.metrics()["gridwatch_registry_refused"]
        now = MachineClock().now()
        for before in (40, 30):
            publish(mosquitto, now - before * SECOND, BETWEEN)
        until(lambda: transitions(service) != [])

    assert refused == 1
    log = service.log.read_text(encoding="utf-8")
    assert log.count("own.csv: line 2: value: 500103: gas_level_ch4.level_1: ") == 2
    assert transitions(service)[0][0] == "raised"


def test_rules_of_ones_own_are_tried_in_the_service(tmp_path: Path, mosquitto: Mosquitto) -> None:
    mine = own.write(tmp_path / "mine", "gas_from_12", own.STRICTER.format(name="gas_from_12"))
    orders = own.write(tmp_path / "orders", "ventilation", own.SEQUENCE)
    with Gridwatch(tmp_path / "gridwatch", {"mqtt": mqtt_table(mosquitto.port)}) as service:
        refused = _shadow(service, "start", "--rules", str(orders))
        started = _shadow(service, "start", "--rules", str(mine))
        now = MachineClock().now()
        for before in (700, 690):
            publish(mosquitto, now - before * SECOND, BETWEEN)
        until(lambda: stored(service) == 2)
        status = json.loads(_shadow(service, "status", "--json").stdout)
        told = transitions(service)

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"{orders}/ventilation: a sequence, and what sequences order")
    assert started.stdout.startswith("running until ")
    assert status["rules tried"] == str(mine)
    assert status["rules"] == [{**COUNTED, "rule": "gas_from_12"}]
    assert told == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("500103,gas_level_ch4,level_1,99,", "line 2: value: 500103: gas_level_ch4.level_1: "),
        ("", "expected at least one limit"),
        ("500103,lease_ending,notice,30,", "line 2: rule: lease_ending is told by a sequence, and"),
    ],
    ids=["out of bounds", "empty", "of a sequence"],
)
def test_limits_that_can_not_be_tried_are_refused_with_their_place(
    tmp_path: Path, mosquitto: Mosquitto, row: str, expected: str
) -> None:
    limits = tmp_path / "wrong.csv"
    limits.write_text(f"{HEAD}{row}\n", encoding="utf-8")
    with Gridwatch(tmp_path / "gridwatch", {"mqtt": mqtt_table(mosquitto.port)}) as service:
        refused = _shadow(service, "start", str(limits))

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"{limits}: {expected}")


def _shadow(service: Gridwatch, *arguments: str) -> Result:
    return _gridwatch(service, "rules", "shadow", *arguments)


def _gridwatch(service: Gridwatch, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--journal", str(service.journal)])


def _import(service: Gridwatch, folder: Path, **tables: str) -> None:
    registry = folder / "registry"
    registry.mkdir()
    for name, text in tables.items():
        (registry / f"{name}.csv").write_text(text, encoding="utf-8")
    assert _gridwatch(service, "registry", "import", str(registry)).exit_code == 0


def _until_in_force(service: Gridwatch, revision: int) -> float:
    """Return after how many seconds the service has said so."""
    started = stopwatch()
    until(lambda: f"registry {revision} " in service.log.read_text(encoding="utf-8"))
    return stopwatch() - started

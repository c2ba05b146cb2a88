"""`gridwatch commands`: what was told, what was answered, and a device taken over by hand."""

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest
from typer.testing import Result

from ingest.clock import MachineClock
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import Mosquitto
from tests.alerts.test_restart import publish, until
from tests.cli.conftest import Command
from tests.commands.outbox import post, row
from tests.journal.readings import rows_of

_BY = "c-0123456789abcdef"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal in which gm-1 was told to start and answered, and gm-2 has still to be told."""
    path = tmp_path / "gridwatch.db"
    asyncio.run(_fill(path))
    return path


async def _fill(path: Path) -> None:
    async with post(path) as here:
        await here.order(row("a"))
        await here.outbox.send()
        await here.answer("a", "done")
        await here.order(row("b", device="gm-2"))


def rows(outcome: Result) -> list[dict[str, object]]:
    """Return the lines of JSON that a command printed."""
    return [json.loads(line) for line in outcome.stdout.splitlines()]


def test_commands_are_listed_the_latest_first(gridwatch: Command, path: Path) -> None:
    outcome = gridwatch("commands", "list", "--journal", path, "--format", "json")
    assert [(each["id"], each["state"], each["attempts"]) for each in rows(outcome)] == [
        ("b", "queued", 0),
        ("a", "done", 1),
    ]
    assert "gas_monitor/gm-2" in gridwatch("commands", "list", "--journal", path).stdout


@pytest.mark.parametrize(
    ("device", "expected"),
    [("gm-1", ["a"]), ("gas_monitor/gm-2", ["b"]), ("door/gm-1", []), ("gm", [])],
)
def test_commands_are_listed_by_device(
    gridwatch: Command, path: Path, device: str, expected: list[str]
) -> None:
    outcome = gridwatch("commands", "list", device, "--journal", path, "--format", "json")
    assert [json.loads(line)["id"] for line in outcome.stdout.splitlines()] == expected
    assert expected or outcome.stderr == f"no commands to {device}\n"


def test_a_command_is_shown_with_what_became_of_it(gridwatch: Command, path: Path) -> None:
    shown = gridwatch("commands", "show", "a", "--journal", path).stdout
    assert "fan_start" in shown
    assert "answered_at" in shown
    missing = gridwatch("commands", "show", "z", "--journal", path)
    assert (missing.exit_code, missing.stderr) == (1, "no command z\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("gm-9", "run", "--for", "2h"), 1, "no device gm-9"),
        (("door/gm-1", "run", "--for", "2h"), 1, "no device door/gm-1"),
        (("gm-1", "fast", "--for", "2h"), 2, "MODE: expected one of off, run, not fast"),
        (("gm-1", "run", "--for", "25h"), 2, "at most 24h"),
        (("gm-1", "run", "--for", "1h", "--by", "c-1"), 2, "16 hexadecimal digits: a pseudonym"),
        (("gm-1", "run", "--for", "soon"), 2, "expected such as 90s"),
    ],
)
def test_what_cannot_be_taken_over_is_said(
    gridwatch: Command, path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    outcome = gridwatch("commands", "override", *arguments, "--journal", path)
    assert outcome.exit_code == code
    assert said in outcome.stderr


@pytest.mark.servers
def test_a_fan_that_a_person_keeps_off_gets_no_order_that_had_not_left(
    gridwatch: Command, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    tables: Tables = {"mqtt": mqtt_table(mosquitto.port), "rules": {"judge": True}}
    with Gridwatch(tmp_path / "gridwatch", tables) as service:
        take_over = partial(gridwatch, "commands", "override", "gm-1", "--journal", service.journal)
        publish(mosquitto, MachineClock().now(), 2.0, fan=False)
        until(lambda: rows_of(service.journal, "SELECT 1 FROM reading") != [])
        mosquitto.kill()
        take_over("run", "--for", "5m")
        told = take_over("off", "--for", "5m")
        mosquitto.start()
        until(lambda: service.metrics().get("gridwatch_mqtt_connected") == 1)
        publish(mosquitto, MachineClock().now(), 2.0, fan=False)
        until(lambda: len(rows_of(service.journal, "SELECT 1 FROM reading")) > 1)
        states = rows_of(service.journal, "SELECT state FROM command")

    assert "fan_start may be on its way: the device obeys it until 20" in told.stderr
    assert states == [("withdrawn",)]


@pytest.mark.servers
def test_a_device_that_a_person_has_taken_over_is_listed_counted_and_said_until_it_is_given_back(
    gridwatch: Command, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    tables: Tables = {"mqtt": mqtt_table(mosquitto.port), "rules": {"judge": True}}
    with Gridwatch(tmp_path / "gridwatch", tables) as service:
        commands = partial(gridwatch, "commands")
        here = ("--journal", service.journal)
        publish(mosquitto, MachineClock().now(), 2.0, fan=False)
        until(lambda: rows_of(service.journal, "SELECT 1 FROM reading") != [])
        early = commands("release", "gm-1", *here)
        commands("override", "gm-1", "off", "--for", "30m", "--by", _BY, *here)
        (listed,) = rows(commands("overrides", "--format", "json", *here))
        counted = service.metrics()["gridwatch_overrides"]
        given_back = commands("release", "gm-1", *here)
        left = commands("overrides", "--format", "json", *here)
        counted_after = service.metrics().get("gridwatch_overrides", 0)
        log = service.log.read_text(encoding="utf-8")

    assert (early.exit_code, early.stderr) == (1, "gas_monitor/gm-1: nobody has taken it over\n")
    named = {"device": "gas_monitor/gm-1", "mode": "off", "asked_by": _BY, "state": "in force"}
    assert named.items() <= listed.items()
    assert listed["until"] is not None
    assert given_back.stdout == "gas_monitor/gm-1: released\n"
    assert (left.stdout, left.stderr) == ("", "no device is taken over\n")
    assert (counted, counted_after) == (1, 0)
    assert f"gas_monitor/gm-1: override off until {listed['until']}, asked for by {_BY}" in log
    assert "gas_monitor/gm-1: override off is over, asked for by nobody who is named" in log


@pytest.mark.servers
def test_a_fan_that_a_person_kept_off_is_started_again_by_gas_once_it_is_released(
    gridwatch: Command, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    tables: Tables = {"mqtt": mqtt_table(mosquitto.port), "rules": {"judge": True}}
    with Gridwatch(tmp_path / "gridwatch", tables) as service:
        here = ("--journal", service.journal)
        publish(mosquitto, MachineClock().now(), 2.0, fan=False)
        until(lambda: rows_of(service.journal, "SELECT 1 FROM reading") != [])
        told = gridwatch("commands", "override", "gm-1", "off", "--for", "30m", *here)
        publish(mosquitto, MachineClock().now(), 30.0, fan=False)
        until(lambda: len(rows_of(service.journal, "SELECT 1 FROM reading")) > 1)
        kept_off = rows_of(service.journal, "SELECT 1 FROM command") == []
        given_back = gridwatch("commands", "release", "gm-1", *here)
        publish(mosquitto, MachineClock().now(), 30.0, fan=False)
        query = "SELECT command, state FROM command"
        until(lambda: rows_of(service.journal, query) == [("fan_start", "sent")])

    assert told.stdout.startswith("gas_monitor/gm-1: taken over, off until 20")
    assert kept_off
    assert given_back.stdout == "gas_monitor/gm-1: released\n"


@pytest.mark.servers
def test_a_person_takes_a_fan_over_and_gives_it_back(
    gridwatch: Command, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    tables: Tables = {"mqtt": mqtt_table(mosquitto.port), "rules": {"judge": True}}
    with Gridwatch(tmp_path / "gridwatch", tables) as service:
        publish(mosquitto, MachineClock().now(), 2.0, fan=False)
        until(lambda: rows_of(service.journal, "SELECT 1 FROM reading") != [])
        told = gridwatch(
            "commands", "override", "gm-1", "run", "--for", "30m", "--journal", service.journal
        )
        query = "SELECT command, state FROM command"
        until(lambda: rows_of(service.journal, query) == [("fan_start", "sent")])
        given_back = gridwatch("commands", "release", "gm-1", "--journal", service.journal)

    assert told.stdout.startswith("gas_monitor/gm-1: taken over, run until 20")
    assert given_back.stdout == "gas_monitor/gm-1: released\n"

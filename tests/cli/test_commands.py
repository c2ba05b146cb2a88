"""`gridwatch commands`: what was told, what was answered, and a device taken over by hand."""

import asyncio
import json
from pathlib import Path

import pytest

from ingest.clock import MachineClock
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import Mosquitto
from tests.alerts.test_restart import publish, until
from tests.cli.conftest import Command
from tests.commands.outbox import post, row
from tests.journal.readings import rows_of


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


def test_commands_are_listed_the_latest_first(gridwatch: Command, path: Path) -> None:
    outcome = gridwatch("commands", "list", "--journal", path, "--format", "json")
    rows = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert [(each["id"], each["state"], each["attempts"]) for each in rows] == [
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

"""`gridwatch alerts`: what is wrong, why, and a reset that waits for the service."""

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from devices.instant import iso_of, milliseconds_of
from devices.reading import Reading
from rules.library.ventilation.rule import RULE as VENTILATION
from tests.alerts.gas import ALERT, CRITICAL, GOOD, RULE, WARNING, batch, gas, room
from tests.cli.conftest import Command
from tests.journal.readings import START, rows_of

RESOLVED = ALERT.replace("gm-1", "gm-3")


@pytest.fixture
def alerts(tmp_path: Path) -> Path:
    """A journal in which gm-1 warns, gm-2 is latched, gm-3 is over."""
    path = tmp_path / "gridwatch.db"
    asyncio.run(_fill(path))
    return path


async def _fill(path: Path) -> None:
    over = [gas(second, GOOD, "gm-3") for second in range(20, 400, 60)]
    series = (
        *(gas(second, WARNING, device) for device in ("gm-1", "gm-3") for second in (0, 10)),
        *(gas(second, CRITICAL, "gm-2") for second in (0, 10)),
        *over,
    )
    async with room(path) as here:
        await here.judging.commit(batch(*series))


def test_the_gravest_stand_first_and_resolved_ones_last_where_wanted(
    gridwatch: Command, alerts: Path
) -> None:
    def listed(*options: str) -> list[tuple[str, str, str]]:
        outcome = gridwatch("alerts", "list", "--journal", alerts, "--format", "json", *options)
        rows = map(json.loads, outcome.stdout.splitlines())
        return [(row["subject"], row["severity"], row["state"]) for row in rows]

    live = [
        ("gas_monitor/gm-2", "critical", "firing"),
        ("gas_monitor/gm-1", "warning", "firing"),
    ]
    assert listed() == live
    assert listed("--all") == [*live, ("gas_monitor/gm-3", "warning", "resolved")]
    assert listed("--all", "--most", "1") == live[:1]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--rule", RULE.name), ["gm-2", "gm-1"]),
        (("--rule", "burst"), []),
        (("--subject", "gm-1"), ["gm-1"]),
        (("--subject", "gas_monitor/gm-2"), ["gm-2"]),
        (("--subject", "gm"), []),
        (("--severity", "critical"), ["gm-2"]),
        (("--severity", "warning", "--all"), ["gm-2", "gm-1", "gm-3"]),
        (("--severity", "critical", "--subject", "gm-1"), []),
    ],
)
def test_alerts_are_listed_by_rule_subject_and_severity(
    gridwatch: Command, alerts: Path, options: tuple[str, ...], expected: list[str]
) -> None:
    outcome = gridwatch("alerts", "list", "--journal", alerts, "--format", "json", *options)

    rows = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert [row["subject"].partition("/")[2] for row in rows] == expected


def test_people_read_the_times_of_the_explanation_and_programs_utc(
    gridwatch: Command, alerts: Path
) -> None:
    shown = gridwatch("alerts", "show", ALERT, "--journal", alerts).stdout
    as_json = gridwatch("alerts", "show", ALERT, "--journal", alerts, "--format", "json").stdout

    (began,) = re.findall(r"自 (\S+ \S+) 起", shown)
    (start_at,) = re.findall(r"^start_at +(\S+ \S+)$", shown, re.MULTILINE)
    assert start_at.startswith(began)
    assert start_at.endswith("+08:00")
    assert iso_of(START) not in shown
    assert json.loads(as_json)["start_at"] == iso_of(START)


def test_an_alert_is_shown_with_its_explanation_and_all_that_happened(
    gridwatch: Command, alerts: Path
) -> None:
    shown = gridwatch("alerts", "show", RESOLVED, "--journal", alerts)
    as_json = gridwatch("alerts", "show", RESOLVED, "--journal", alerts, "--format", "json")

    assert "甲烷浓度告知时为 26 %LEL" in shown.stdout
    assert "GB/T 50493-2019" in shown.stdout
    assert "raised" in shown.stdout
    assert re.findall(r"^worst +(\S+)$", shown.stdout, re.MULTILINE) == ["warning", "26.0"]
    assert "甲烷浓度告知时为 26 %LEL" in as_json.stdout
    content = json.loads(as_json.stdout)
    assert content["rule"] == RULE.name
    assert content["evidence"]["value"] == WARNING
    assert [each["transition"] for each in content["transitions"]] == ["raised", "resolved"]


async def _ventilate(path: Path) -> None:
    """Of gm-1 gas rises twice, of gm-2 once meanwhile; of no fan anything is heard."""
    rising = [gas(0, GOOD), gas(0, GOOD, "gm-2"), gas(100, WARNING), gas(105, WARNING)]
    readings = [*rising, gas(130, WARNING, "gm-2"), gas(140, GOOD), gas(445, GOOD), gas(900, 30.0)]
    async with room(path, sequences=(VENTILATION,)) as here:
        for second in range(901):
            await here.at(second)
            due = [each for each in readings if each.received_at == here.clock.instant]
            if due:
                await here.judging.commit(batch(*due))


def test_what_was_ordered_while_it_lasted_is_shown_with_what_became_of_it(
    gridwatch: Command, tmp_path: Path
) -> None:
    path = tmp_path / "gridwatch.db"
    asyncio.run(_ventilate(path))
    rows = rows_of(path, "SELECT rule, id FROM alert WHERE subject = 'gas_monitor/gm-1'")

    def ordered(rule: str) -> list[tuple[object, ...]]:
        shown = gridwatch("alerts", "show", dict(rows)[rule], "--journal", path, "-f", "json")
        commands = json.loads(shown.stdout)["commands"]
        return [(each["device"], each["command"], each["issued_at"]) for each in commands]

    orders = [
        ("gas_monitor/gm-1", "fan_start", iso_of(START + second * 1_000))
        for second in (100, 111, 900)
    ]
    assert ordered(RULE.name) == orders[:2]
    assert ordered("fan_failed") == orders, "it waits for a person"
    table = gridwatch("alerts", "show", dict(rows)[RULE.name], "--journal", path).stdout
    assert table.count("fan_start") == 2


def test_what_is_pending_is_shown_until_it_is_told_at_the_instant_that_was_said(
    gridwatch: Command, tmp_path: Path
) -> None:
    path = tmp_path / "gridwatch.db"

    async def pass_time(second: int, *readings: Reading) -> None:
        async with room(path) as here:
            await here.judging.commit(batch(*readings))
            await here.at(second)

    def pending() -> list[dict[str, str]]:
        outcome = gridwatch("alerts", "pending", "--journal", path, "--format", "json")
        return [json.loads(line) for line in outcome.stdout.splitlines()]

    ahead = gas(0, WARNING, "gm-2")
    ahead = ahead._replace(measured_at=ahead.measured_at + 60_000)
    asyncio.run(pass_time(0, gas(0, WARNING), ahead, gas(0, GOOD, "gm-3")))
    first, second = pending()
    assert [(each["rule"], each["severity"]) for each in (first, second)] == [
        (RULE.name, "warning")
    ] * 2
    assert (first["subject"], second["subject"]) == ("gas_monitor/gm-1", "gas_monitor/gm-2")
    assert first["start_at"] == iso_of(START)
    assert second["start_at"] == iso_of(START + 60_000)
    fires_at = iso_of(START + milliseconds_of(RULE.hold))
    assert first["fires_at"] == second["fires_at"] == fires_at
    assert "26 %LEL" in first["text_en"]

    hold_s = RULE.hold // timedelta(seconds=1)
    asyncio.run(pass_time(hold_s - 1))
    assert len(pending()) == 2
    assert rows_of(path, "SELECT count(*) FROM alert") == [(0,)]
    asyncio.run(pass_time(hold_s))
    assert pending() == []
    assert rows_of(path, "SELECT told_at FROM alert") == [(START + milliseconds_of(RULE.hold),)] * 2


def test_where_nothing_is_pending_it_says_so(gridwatch: Command, alerts: Path) -> None:
    outcome = gridwatch("alerts", "pending", "--journal", alerts)

    assert (outcome.exit_code, outcome.stderr) == (0, "nothing is pending\n")


def test_without_alerts_it_says_so(gridwatch: Command, journal: Path) -> None:
    outcome = gridwatch("alerts", "list", "--journal", journal)

    assert (outcome.exit_code, outcome.stderr) == (0, "no alerts\n")


def test_an_area_without_alerts_is_named_as_it_was_asked_for(
    gridwatch: Command, journal: Path
) -> None:
    outcome = gridwatch("alerts", "list", "--journal", journal, "--area", "5001\x1b")

    assert outcome.stderr == "no alerts in areas whose code begins with 5001\\x1b\n"


@pytest.mark.parametrize("command", ["show", "reset"])
def test_an_alert_that_never_was_is_refused(gridwatch: Command, alerts: Path, command: str) -> None:
    outcome = gridwatch("alerts", command, "no\x1bsuch", "--journal", alerts)

    assert outcome.exit_code == 1
    assert outcome.stderr == "no alert no\\x1bsuch\n"


def test_a_resolved_alert_has_no_latch(gridwatch: Command, alerts: Path) -> None:
    outcome = gridwatch("alerts", "reset", RESOLVED, "--journal", alerts)

    assert (outcome.exit_code, outcome.stderr) == (1, "resolved already\n")


def test_without_a_service_a_reset_is_kept_for_it(gridwatch: Command, alerts: Path) -> None:
    latched = ALERT.replace("gm-1", "gm-2")

    outcome = gridwatch("alerts", "reset", latched, "--journal", alerts)

    assert outcome.exit_code == 0
    assert outcome.stdout.startswith("asked for")
    query = "SELECT alert, answer FROM alert_reset"
    assert rows_of(alerts, query) == [(latched, None)]

"""What `gridwatch rules` prints."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from ingest.simulate.recording import HEADER
from rules.catalogue import alert_rules, catalogue
from tests.cli.conftest import Command
from tests.rule_tools import own, recorded

FAILING = """
[[case]]
name = "cold \\u001b[31m"
every = "1h"
water_temperature_c = "8 2"
expect = ["2h firing"]
"""
FAILED = """\
water_frost.toml: 0 passed, 1 failed
  cold \\x1b[31m
    expected  2h firing
    seen      1h firing warning
    expected '2h firing', found '1h firing warning'; all of it: ['1h firing warning']
{"rules": 1, "cases": 1, "failed": 1}
"""


def test_list_names_every_rule(gridwatch: Command) -> None:
    outcome = gridwatch("rules", "list", "--format", "json")

    rows = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert [row["rule"] for row in rows] == list(alert_rules())
    assert {
        "rule": "oxygen",
        "judges": catalogue()["oxygen"].title,
        "subject": "device",
        "severities": "warning, critical",
    } in rows


def test_list_speaks_chinese(gridwatch: Command) -> None:
    assert "氧气浓度" in gridwatch("rules", "list", "--language", "zh").stdout


def test_show_gives_limits_with_their_bounds_and_source_and_the_page(gridwatch: Command) -> None:
    lines = [
        " ".join(line.split()) for line in gridwatch("rules", "show", "oxygen").stdout.split("\n")
    ]

    limit = lines.index("limit low")
    assert lines[limit + 1 : limit + 7] == [
        "default 19.5",
        "from 19.5",
        "to 20.5",
        "unit %vol",
        "stricter higher",
        "source GBZ/T 205, GB 30871",
    ]
    assert {"told after 30 s", "latches from critical", "## At three in the morning"} <= {*lines}


@pytest.mark.parametrize(
    ("name", "alert"), [("ventilation", "fan_failed"), ("lease", "lease_ended")]
)
def test_show_knows_what_test_knows_sequences_as_well(
    gridwatch: Command, name: str, alert: str
) -> None:
    outcome = gridwatch("rules", "show", name)

    assert outcome.exit_code == 0
    assert re.search(rf"^tells of .*\b{alert} \(", outcome.stdout, re.MULTILINE)
    assert "## At three in the morning" in outcome.stdout


def test_minutes_of_data_show_no_rate(gridwatch: Command, tmp_path: Path) -> None:
    file = tmp_path / "readings.csv"
    lines = [f"home-1;01/03/2016 08:0{minute}:00;{1000 + minute};1" for minute in range(3)]
    file.write_text("\n".join((HEADER, *lines, "")), encoding="utf-8")

    outcome = gridwatch("rules", "backtest", file, "--rule", "meter_silent")

    _, row, last = outcome.stdout.splitlines()
    assert row.split() == ["meter_silent", "0", "-", "-", "0", "0"]
    assert json.loads(last)["alerts_per_device_month"] is None


def test_test_runs_the_cases_of_the_rules_named(gridwatch: Command) -> None:
    outcome = gridwatch("rules", "test", "water_frost", "oxygen")

    *rules, last = outcome.stdout.splitlines()
    assert [line.partition(":")[0] for line in rules] == ["water_frost", "oxygen"]
    assert outcome.exit_code == 0
    assert json.loads(last)["rules"] == 2
    assert json.loads(last)["failed"] == 0
    assert outcome.stderr == ""


def test_test_tells_what_a_failed_case_expected_and_what_was_seen(
    gridwatch: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("water_frost.toml").write_text(FAILING, encoding="utf-8")

    outcome = gridwatch("rules", "test", "./water_frost.toml")

    assert (outcome.exit_code, outcome.stdout) == (1, FAILED)


def test_backtest_counts_alerts_and_lists_episodes(gridwatch: Command, tmp_path: Path) -> None:
    episodes = tmp_path / "episodes.csv"
    file = recorded.write(tmp_path)
    arguments = ("--rule", "meter_silent", "--rule", "oxygen", "--csv", episodes, "-l", "zh")

    outcome = gridwatch("rules", "backtest", file, *arguments)

    header, row, _, idle, last = outcome.stdout.splitlines()
    assert header.split() == [
        "rule",
        "alerts",
        "per",
        "device-month",
        "of",
        "these",
        "warnings",
        "episodes",
        "open",
    ]
    assert row.split() == ["meter_silent", "1", "4.969", "0.000", "1", "0"]
    assert idle == "nothing to judge for 1 rules: oxygen"
    summary = json.loads(last)
    assert (summary["readings"], summary["left_out"], summary["devices"]) == (7, 1, 2)
    assert (summary["alerts"], summary["episodes"], summary["failures"]) == (1, 1, 0)
    assert summary["readings_per_s"] > 0
    (listed,) = csv.DictReader(io.StringIO(episodes.read_text(encoding="utf-8")))
    assert (listed["rule"], listed["severity"]) == ("meter_silent", "notice")
    assert "未收到数据" in listed["explanation"]


def test_backtest_compares_with_other_limits(gridwatch: Command, tmp_path: Path) -> None:
    file = recorded.write(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "limits.csv").write_text(
        "place,rule,parameter,value\n500103,meter_silent,note_h,30\n", encoding="utf-8"
    )
    arguments = ("backtest", file, "--rule", "meter_silent", "--against", other)
    alone = (*arguments[:-1], other / "limits.csv")

    elsewhere = gridwatch("rules", *arguments)
    inside = gridwatch("rules", *alone, "--area", "500103003")

    assert elsewhere.stdout.splitlines()[-2].split() == ["meter_silent", "1", "1", "0", "0"]
    assert inside.stdout.splitlines()[-2].split() == ["meter_silent", "1", "2", "0", "1"]
    summary = json.loads(inside.stdout.splitlines()[-1])
    assert (summary["alerts"], summary["only_here"], summary["only_there"]) == (1, 0, 1)


def test_backtest_compares_with_rules_of_ones_own(gridwatch: Command, tmp_path: Path) -> None:
    file = recorded.write(tmp_path)
    mine = own.write(tmp_path / "mine", "meter_silent", own.LATER.format(name="meter_silent"))
    own.write(mine, "quiet_meter", own.BESIDE, words=own.WORDS)
    names = ("--rule", "meter_silent", "--rule", "quiet_meter")

    outcome = gridwatch("rules", "backtest", file, "--against-rules", mine, *names)
    alone = gridwatch("rules", "backtest", file, "--rules", mine, *names)

    *_, heading, silent, quiet, last = outcome.stdout.splitlines()
    assert " ".join(heading.split()).startswith("rule by these by the others only by these")
    assert (silent.split(), quiet.split()) == (
        ["meter_silent", "1", "0", "1", "0"],
        ["quiet_meter", "0", "1", "0", "1"],
    )
    assert json.loads(last)["alerts"] == 1
    assert [line.split()[:2] for line in alone.stdout.splitlines()[1:3]] == [
        ["meter_silent", "0"],
        ["quiet_meter", "1"],
    ]


def test_test_runs_the_cases_of_rules_of_ones_own(gridwatch: Command, tmp_path: Path) -> None:
    text = own.LATER.format(name="meter_silent")
    mine = own.write(tmp_path, "meter_silent", text, cases=own.CASES)

    outcome = gridwatch("rules", "test", "--rules", mine)

    assert outcome.stdout.splitlines()[0] == "meter_silent: 1 passed, 0 failed"
    assert outcome.exit_code == 0


@pytest.mark.parametrize(
    ("option", "row", "complaint"),
    [
        ("--limits", "500000,meter_silent,note_h,200", "500000: meter_silent.note_h: expected 8 "),
        ("--against", "500000,meter_silent,no_h,20", "500000: meter_silent.no_h: expected one of"),
        ("--limits", "500000,meter_silent,note_h,soon", "limits.csv: line 2: value: expected"),
        ("--limits", None, "expected at least one of"),
        ("--area", None, "--area: expected"),
    ],
)
def test_limits_that_cannot_be_used_are_refused(
    gridwatch: Command, tmp_path: Path, option: str, row: str | None, complaint: str
) -> None:
    file = recorded.write(tmp_path)
    folder = tmp_path / "limits"
    folder.mkdir()
    if row:
        (folder / "limits.csv").write_text(f"place,rule,parameter,value\n{row}\n", encoding="utf-8")

    outcome = gridwatch("rules", "backtest", file, option, folder)

    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert complaint in outcome.stderr


def test_backtest_takes_the_journal_as_well(gridwatch: Command, journal: Path) -> None:
    outcome = gridwatch("rules", "backtest", "--journal", journal)

    assert outcome.exit_code == 0
    assert json.loads(outcome.stdout.splitlines()[-1])["readings"] == 4


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("show", "no_such_rule"), 2, "no_such_rule: expected one of "),
        (("test", "no_such_rule"), 2, "no_such_rule: expected one of "),
        (("test", "./missing.toml"), 2, "missing.toml: can't read: No such file or directory"),
        (("backtest",), 2, "FILE, --journal, --influx: expected one of them"),
        (("backtest", "a.csv", "--journal", "b.db"), 2, "FILE, --journal, --influx: expected one"),
        (("backtest", "--influx"), 2, "--influx: expected settings with [sink.influx] and api = "),
        (("backtest", "a.csv", "--from", "1d", "--until", "2d"), 2, "--until: expected later than"),
        (("backtest", "missing.csv"), 2, "missing.csv: can't read: No such file or directory"),
        (("backtest", "a.csv", "--rule", "no_such_rule"), 2, "no_such_rule: expected one of"),
        (("backtest", "--journal", "missing.db"), 1, "missing.db: no journal here"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    gridwatch: Command, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    outcome = gridwatch("rules", *arguments)

    assert (outcome.exit_code, outcome.stdout) == (code, "")
    assert complaint in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1


def test_a_journal_that_is_given_as_a_file_of_meters_is_told_apart(
    gridwatch: Command, journal: Path
) -> None:
    outcome = gridwatch("rules", "backtest", journal)

    assert outcome.exit_code == 2
    assert f"this is a journal: give it as --journal {journal}" in outcome.stderr

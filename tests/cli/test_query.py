"""What `gridwatch query` prints."""

import csv
import io
import json
from pathlib import Path

import pytest

from devices.catalogue import catalogue
from ingest.clock import MachineClock
from tests.cli.conftest import Command
from tests.cli.contents import READINGS

LATEST = """\
device         wm-1
kind           water_meter
measured_at    2026-02-28T21:00:00Z
received_at    2026-02-28T21:00:01Z
cumulative_m3  101.75
flags          leak,reverse
rsrp_dbm       -101
"""
HISTORY_WIDE = """\
device  kind  measured_at           received_at           door_open  uptime_s
shared  door  2026-03-01T00:00:00Z  2026-03-01T00:00:00Z  false            60
"""
HISTORY_NARROW = """\
device         wm-1
kind           water_meter
measured_at    2026-02-28T20:00:00Z
received_at    2026-02-28T20:00:01Z
cumulative_m3  101.5
battery_v      3.6
valve          open

device         wm-1
kind           water_meter
measured_at    2026-02-28T21:00:00Z
received_at    2026-02-28T21:00:01Z
cumulative_m3  101.75
flags          leak,reverse
rsrp_dbm       -101
"""
SINCE = ("--since", "2026-02-28T00:00:00Z")


def test_latest_is_the_reading_measured_last(gridwatch: Command, journal: Path) -> None:
    outcome = gridwatch("query", "latest", "wm-1", "--journal", journal)

    assert (outcome.exit_code, outcome.output) == (0, LATEST)


def test_history_is_a_table_where_it_fits(gridwatch: Command, journal: Path) -> None:
    outcome = gridwatch(
        "query", "history", "shared", "--kind", "door", *SINCE, "--journal", journal
    )

    assert [line.rstrip() for line in outcome.output.splitlines()] == HISTORY_WIDE.splitlines()


def test_history_is_one_block_a_reading_where_a_table_would_not_fit(
    gridwatch: Command, journal: Path
) -> None:
    outcome = gridwatch("query", "history", "wm-1", *SINCE, "--journal", journal)

    assert outcome.output == HISTORY_NARROW


def test_csv_has_the_same_columns_whatever_it_holds(gridwatch: Command, journal: Path) -> None:
    outcome = gridwatch("query", "history", "wm-1", *SINCE, "-f", "csv", "--journal", journal)
    rows = list(csv.DictReader(io.StringIO(outcome.stdout)))

    fields = [field.name for field in catalogue()["water_meter"].fields]
    assert list(rows[0]) == ["device", "kind", "measured_at", "received_at", *fields]
    assert "\r" not in outcome.stdout
    assert [(row["cumulative_m3"], row["valve"], row["flags"]) for row in rows] == [
        ("101.5", "open", ""),
        ("101.75", "", "leak,reverse"),
    ]
    assert rows[0]["received_at"] == "2026-02-28T20:00:01.250Z"


def test_json_is_one_reading_a_line(gridwatch: Command, journal: Path) -> None:
    outcome = gridwatch("query", "history", "wm-1", *SINCE, "-f", "json", "--journal", journal)

    assert [json.loads(line) for line in outcome.stdout.splitlines()] == [
        {
            "device": "wm-1",
            "kind": "water_meter",
            "measured_at": "2026-02-28T20:00:00.000Z",
            "received_at": "2026-02-28T20:00:01.250Z",
            "cumulative_m3": 101.5,
            "battery_v": 3.6,
            "valve": "open",
        },
        {
            "device": "wm-1",
            "kind": "water_meter",
            "measured_at": "2026-02-28T21:00:00.000Z",
            "received_at": "2026-02-28T21:00:01.000Z",
            "cumulative_m3": 101.75,
            "flags": "leak,reverse",
            "rsrp_dbm": -101,
        },
    ]


def test_a_truth_value_is_written_as_in_json(gridwatch: Command, journal: Path) -> None:
    arguments = ("query", "latest", "shared", "--kind", "door", "--journal", journal)

    assert "door_open    false\n" in gridwatch(*arguments).output
    (row,) = csv.DictReader(io.StringIO(gridwatch(*arguments, "-f", "csv").output))
    assert row["door_open"] == "false"
    assert json.loads(gridwatch(*arguments, "-f", "json").output)["door_open"] is False


@pytest.mark.parametrize(
    ("stretch", "measured"),
    [
        (("--since", "2026-03-01T05:00:00+08:00"), ["21"]),
        (("--since", "2026-02-28T20:00:00.001Z"), ["21"]),
        ((*SINCE, "--until", "2026-02-28T21:00:00Z"), ["20"]),
        ((*SINCE, "--until", "0s"), ["20", "21"]),
        ((*SINCE, "--most", "1"), ["21"]),
        (("--since", "20260228T200000Z"), ["20", "21"]),
    ],
)
def test_a_stretch_begins_with_its_start_and_leaves_out_its_end(
    gridwatch: Command, journal: Path, stretch: tuple[str, ...], measured: list[str]
) -> None:
    outcome = gridwatch("query", "history", "wm-1", *stretch, "-f", "csv", "--journal", journal)

    rows = csv.DictReader(io.StringIO(outcome.stdout))
    assert [row["measured_at"][11:13] for row in rows] == measured


@pytest.mark.parametrize(("unit", "length_ms"), [("s", 1_000), ("m", 60_000), ("h", 3_600_000)])
def test_an_age_counts_back_from_now(
    gridwatch: Command, journal: Path, unit: str, length_ms: int
) -> None:
    age = (MachineClock().now() - READINGS[2].measured_at) // length_ms
    query = ("query", "history", "shared", "--kind", "door", "-f", "json", "--journal", journal)

    assert not gridwatch(*query, "--since", f"{age - 3_600_000 // length_ms}{unit}").stdout
    assert gridwatch(*query, "--since", f"{age + 3_600_000 // length_ms}{unit}").stdout


def test_an_empty_stretch_is_no_failure(gridwatch: Command, journal: Path) -> None:
    outcome = gridwatch("query", "history", "wm-1", "--since", "1s", "--journal", journal)

    assert (outcome.exit_code, outcome.stdout) == (0, "")
    assert outcome.stderr == "wm-1: no reading was measured in that time\n"


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("latest", "nobody"), 1, "nobody: no message of a device of this name was ever stored"),
        (("latest", "silent"), 1, "silent: no reading is stored"),
        (("latest", "shared"), 2, "shared: expected --kind to be one of door, gas_monitor"),
        (("latest", "wm-1", "--kind", "door"), 2, "expected --kind to be one of water_meter"),
        (("history", "wm-1", "--since", "soon"), 2, "expected an age such as 90s, 15m, 12h or 7d"),
        (("history", "wm-1", "--since", "7"), 2, "expected an age such as"),
        (("history", "wm-1", "--since", "2026-03-01T04:00:00"), 2, "expected an age such as"),
        (("history", "wm-1", "--since", "2026-13-01T04:00:00Z"), 2, "expected an age such as"),
        (
            ("history", "wm-1", "--since", "1d", "--until", "2d"),
            2,
            "expected --since to lie before",
        ),
        (("history", "wm-1", "--format", "xml"), 2, "xml"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    gridwatch: Command, journal: Path, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    outcome = gridwatch("query", *arguments, "--journal", journal)

    assert (outcome.exit_code, outcome.stdout) == (code, "")
    assert complaint in " ".join(outcome.stderr.replace("│", " ").split())


@pytest.mark.parametrize("content", [None, b"", b"no database\n" * 200])
def test_a_journal_that_cannot_be_used_is_one_line(
    gridwatch: Command, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "other.db"
    if content is not None:
        path.write_bytes(content)

    outcome = gridwatch("query", "latest", "wm-1", "--journal", path)

    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert len(outcome.stderr.splitlines()) == 1

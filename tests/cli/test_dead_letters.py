"""What `gridwatch deadletter` prints and does."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.conftest import Command
from tests.cli.contents import DEAD_LETTERS


def test_the_list_begins_with_the_newest(gridwatch: Command, journal: Path) -> None:
    outcome = _list(gridwatch, journal, "json")

    assert json.loads(outcome.stdout.splitlines()[0]) == {
        "id": 3,
        "last_at": "2026-03-01T00:00:02.000Z",
        "times": 1,
        "stage": "decode",
        "reason": "wrong_version",
        "topic": "gw/v1/gas_monitor/gm-1/up",
        "detail": "v: expected 1",
        "bytes": len(DEAD_LETTERS[2].payload),
        "first_at": "2026-03-01T00:00:02.000Z",
    }
    assert [json.loads(line)["id"] for line in outcome.stdout.splitlines()] == [3, 2, 1]


def test_the_list_as_csv_parses_back(gridwatch: Command, journal: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(_list(gridwatch, journal, "csv").stdout)))

    assert [row["id"] for row in rows] == ["3", "2", "1"]
    assert rows[0]["detail"] == "v: expected 1"


def test_a_narrow_terminal_gets_one_block_a_letter(gridwatch: Command, journal: Path) -> None:
    outcome = _list(gridwatch, journal, "table")

    assert outcome.stdout.split("\n\n")[0] == (
        "id       3\n"
        "last_at  2026-03-01T00:00:02.000Z\n"
        "times    1\n"
        "stage    decode\n"
        "reason   wrong_version\n"
        "topic    gw/v1/gas_monitor/gm-1/up\n"
        "detail   v: expected 1\n"
        f"bytes    {len(DEAD_LETTERS[2].payload)}"
    )


def test_a_list_of_nothing_is_no_failure(gridwatch: Command, journal: Path) -> None:
    gridwatch("deadletter", "drop", "--all", "--journal", journal)

    outcome = _list(gridwatch, journal, "json")

    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, "", "no dead letters\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("list", "-f", "csv"),
        ("list", "-f", "json"),
        ("show", "1", "--payload"),
        ("show", "2"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("columns", ["80", "300"])
def test_a_payload_cannot_attack_the_terminal(
    gridwatch: Command, journal: Path, arguments: tuple[str, ...], columns: str
) -> None:
    outcome = gridwatch("deadletter", *arguments, "--journal", journal, env={"COLUMNS": columns})

    assert outcome.exit_code == 0
    assert all(line.isprintable() for line in outcome.output.splitlines())
    assert "]0;owned" in outcome.output


def test_a_payload_is_shown_as_text_line_by_line(gridwatch: Command, journal: Path) -> None:
    outcome = gridwatch("deadletter", "show", 1, "--payload", "--journal", journal)

    assert outcome.output.endswith(
        '\n\n{"v":1,\n"text":"\\x1b]0;owned\\x07\\x1b[31m\\u202e\\x9b2J"\\xff\n'
    )


@pytest.mark.parametrize("number", [1, 3])
def test_a_payload_is_shown_only_on_request(gridwatch: Command, journal: Path, number: int) -> None:
    plain = gridwatch("deadletter", "show", number, "--journal", journal)
    asked = gridwatch("deadletter", "show", number, "--payload", "--journal", journal)

    assert asked.output.removeprefix(plain.output).startswith('\n{"v":1,')
    assert '"v"' not in plain.output


def test_words_in_brackets_are_no_markup(gridwatch: Command, journal: Path) -> None:
    outcome = gridwatch("deadletter", "show", 2, "--journal", journal)

    assert "field [bold]face[/]" in outcome.output


def test_a_raw_payload_is_its_bytes(gridwatch: Command, journal: Path) -> None:
    outcome = gridwatch("deadletter", "show", 1, "--raw", "--journal", journal)

    assert outcome.stdout_bytes == DEAD_LETTERS[0].payload


def test_a_payload_that_may_hold_personal_data_was_not_kept(
    gridwatch: Command, journal: Path
) -> None:
    shown = gridwatch("deadletter", "show", 2, "--journal", journal)
    raw = gridwatch("deadletter", "show", 2, "--raw", "--journal", journal)

    assert shown.output.endswith(
        "\npayload withheld: it may hold personal data, is too large to tell, or stands for many\n"
    )
    assert (raw.exit_code, raw.stdout) == (1, "")


def test_what_is_taken_at_a_retry_leaves_the_dead_letters(
    gridwatch: Command, journal: Path, tmp_path: Path
) -> None:
    outcome = gridwatch("deadletter", "retry", 3, "--journal", journal)
    latest = gridwatch("query", "latest", "gm-1", "-f", "json", "--journal", journal)

    assert (outcome.exit_code, outcome.output) == (0, "3: taken: 1 of 1 readings new\n")
    assert json.loads(latest.output)["sensor_status"] == "ok"
    assert _ids(gridwatch, journal) == [2, 1]


def test_what_is_refused_again_stays_and_says_why(gridwatch: Command, journal: Path) -> None:
    outcome = gridwatch("deadletter", "retry", "--all", "--journal", journal)

    assert outcome.exit_code == 1
    lines = outcome.output.splitlines()
    assert lines[0] == "3: taken: 1 of 1 readings new"
    assert lines[1] == "2: withheld: there is no payload to try"
    assert lines[2].startswith("1: refused again: not_json: ")
    assert _ids(gridwatch, journal) == [2, 1]


def test_what_is_dropped_is_gone(gridwatch: Command, journal: Path) -> None:
    outcome = gridwatch("deadletter", "drop", 1, 3, 3, "--journal", journal)

    assert (outcome.exit_code, outcome.output) == (0, "2 dropped\n")
    assert _ids(gridwatch, journal) == [2]


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("show", "99"), 1, "no dead letter of the number 99"),
        (("drop",), 2, "expected numbers, or --all"),
        (("drop", "1", "--all"), 2, "expected numbers, or --all"),
        (("retry", "1", "98", "99"), 1, "no dead letter of the number 98, 99"),
        (("show", "first"), 2, "Error"),
    ],
)
def test_a_wrong_number_changes_nothing(
    gridwatch: Command, journal: Path, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    outcome = gridwatch("deadletter", *arguments, "--journal", journal)

    assert outcome.exit_code == code
    assert complaint in outcome.stderr
    assert _ids(gridwatch, journal) == [3, 2, 1]


def _list(gridwatch: Command, journal: Path, form: str) -> Result:
    return gridwatch("deadletter", "list", "--format", form, "--journal", journal)


def _ids(gridwatch: Command, journal: Path) -> list[int]:
    lines = _list(gridwatch, journal, "json").stdout.splitlines()
    return [json.loads(line)["id"] for line in lines]

"""`gridwatch registry import`."""

import sqlite3
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.conftest import Command

GOOD = "kind,device,area\nwater_meter,wm-1,310104\ndoor,new,310104008001\n"


def test_devices_are_placed_seen_or_not(gridwatch: Command, journal: Path, tmp_path: Path) -> None:
    outcome = _import(gridwatch, journal, tmp_path, GOOD)

    assert (outcome.exit_code, outcome.output) == (0, "2 devices placed\n")
    assert _areas(journal) == {"wm-1": "310104", "new": "310104008001"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "line 1: expected the columns kind,device,area"),
        ("kind,device\n", "line 1: expected the columns kind,device,area"),
        (f"{GOOD}door,d-2,31\n", "line 4: area: expected a code of 6, 9, 12, 14 or 15 digits"),
        (f"{GOOD}boat,b-1,310104\n", "line 4: kind: expected one of "),
        (f"{GOOD}door,d-2\n", "line 4: expected 3 columns, found 2"),
    ],
)
def test_a_file_with_one_wrong_line_changes_nothing(
    gridwatch: Command, journal: Path, tmp_path: Path, text: str, line: str
) -> None:
    outcome = _import(gridwatch, journal, tmp_path, text)

    assert outcome.exit_code == 2
    assert outcome.stderr.startswith(f"{tmp_path / 'registry.csv'}: {line}")
    assert _areas(journal) == {}


def test_a_file_that_is_not_text_is_refused(
    gridwatch: Command, journal: Path, tmp_path: Path
) -> None:
    file = tmp_path / "registry.csv"
    file.write_bytes(b"\xff\xfe\x00")

    outcome = gridwatch("registry", "import", file, "--journal", journal)

    assert (outcome.exit_code, outcome.stderr) == (
        2,
        f"{file}: can't read: expected text in UTF-8\n",
    )


def test_a_missing_file_is_named(gridwatch: Command, journal: Path, tmp_path: Path) -> None:
    outcome = gridwatch("registry", "import", tmp_path / "missing", "--journal", journal)

    assert (outcome.exit_code, outcome.stderr) == (
        2,
        f"{tmp_path / 'missing'}: can't read: No such file or directory\n",
    )


def _import(gridwatch: Command, journal: Path, tmp_path: Path, text: str) -> Result:
    file = tmp_path / "registry.csv"
    file.write_text(text, encoding="utf-8")
    return gridwatch("registry", "import", file, "--journal", journal)


def _areas(journal: Path) -> dict[str, str]:
    database = sqlite3.connect(journal)
    try:
        return dict(database.execute("SELECT name, area FROM device WHERE area IS NOT NULL"))
    finally:
        database.close()

"""`gridwatch registry`."""

import re
import sqlite3
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.conftest import Command
from tests.registry.sample import HOME, SAMPLE, read_sample, write_sample

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


def test_a_folder_is_imported_exported_and_shown(
    gridwatch: Command, journal: Path, tmp_path: Path
) -> None:
    folder, exported = write_sample(tmp_path / "registry"), tmp_path / "exported"

    imported = gridwatch("registry", "import", folder, "--journal", journal)
    export = gridwatch("registry", "export", exported, "--journal", journal)
    again = gridwatch("registry", "import", exported, "--journal", journal)

    assert "devices: 5 rows, 5 added, 0 changed, 0 removed\n" in imported.output
    assert (export.exit_code, again.exit_code) == (0, 0)
    assert " 0 added, 0 changed, 0 removed" in again.output
    assert oct(exported.stat().st_mode)[-3:] == "700"
    assert {oct(file.stat().st_mode)[-3:] for file in exported.iterdir()} == {"600"}


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ((), "devices_unregistered"),
        (("wm-1",), "LXS-15E"),
        (("water_meter/wm-2",), "2025-11-06"),
        (("500112",), "successors  500199"),
        (("500112",), "taken_over_by  500199"),
        ((HOME,), "elderly_alone"),
    ],
)
def test_what_is_known_of_one_thing_is_shown(
    gridwatch: Command, journal: Path, tmp_path: Path, what: tuple[str, ...], told: str
) -> None:
    folder = write_sample(tmp_path / "registry")
    gridwatch("registry", "import", folder, "--journal", journal)

    outcome = gridwatch("registry", "show", *what, "--journal", journal)

    assert outcome.exit_code == 0
    assert told in re.sub(" {3,}", "  ", outcome.output)


def test_a_device_that_nobody_registered_is_shown_as_such(
    gridwatch: Command, journal: Path
) -> None:
    outcome = gridwatch("registry", "show", "wm-1", "--journal", journal)

    assert "registered  false" in outcome.output
    missing = gridwatch("registry", "show", "no-such", "--journal", journal)
    assert (missing.exit_code, missing.output) == (
        1,
        "neither an area nor a dwelling nor a device of the registry\n",
    )


def test_a_folder_with_a_fault_changes_nothing_and_names_it(
    gridwatch: Command, journal: Path, tmp_path: Path
) -> None:
    folder = write_sample(tmp_path / "registry", care="premises,person,care\nd-1,p-1,ill\n")

    outcome = gridwatch("registry", "import", folder, "--journal", journal)

    assert outcome.exit_code == 2
    assert outcome.stderr.startswith(f"{folder / 'care.csv'}: line 2: premises: expected d- and")
    assert _areas(journal) == {}


def test_the_demonstration_can_be_imported(
    gridwatch: Command, journal: Path, tmp_path: Path
) -> None:
    made = gridwatch("registry", "demo", tmp_path / "demo")
    imported = gridwatch("registry", "import", tmp_path / "demo", "--journal", journal)

    assert "devices.csv: 236 rows\n" in made.output
    assert "devices: 236 rows, 236 added" in imported.output


@pytest.mark.parametrize("command", ["export", "demo"])
def test_no_folder_that_holds_something_is_written_over(
    gridwatch: Command, journal: Path, tmp_path: Path, command: str
) -> None:
    folder = write_sample(tmp_path / "registry")
    extra = ("--journal", journal) if command == "export" else ()

    outcome = gridwatch("registry", command, folder, *extra)

    assert (outcome.exit_code, outcome.stderr) == (
        2,
        f"{folder}: can't write: Directory not empty\n",
    )
    assert read_sample(folder) == SAMPLE


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

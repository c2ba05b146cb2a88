"""A journal of the first released schema under this release."""

import logging
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import Mosquitto
from ingest.journal.alerts import alerts
from ingest.journal.database import VERSION, JournalError, open_reader, open_writer, version_of
from ingest.journal.upgrade import things, upgrade, wanted_things
from tests.journal.readings import rows_of
from tests.journal.version_1 import make_version_1, upgrade_killed_at

FORGOTTEN = {"subject_state"}
RENAMED = {"ill_h": "seriously_ill_h", "child_h": "child_in_difficulty_h"}
"""Limits that are called otherwise than in version 1."""
KILLS = 5


@pytest.fixture
def old(path: Path) -> Path:
    return make_version_1(path)


def rows_by_column(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table and view, by name."""
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        names = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        return {
            name: [dict(row) for row in database.execute(f"SELECT * FROM {name}")]  # noqa: S608
            for (name,) in database.execute(names).fetchall()
        }


def test_an_upgraded_journal_has_the_schema_of_a_new_one(old: Path, tmp_path: Path) -> None:
    upgrade(old)
    open_writer(tmp_path / "new.db").close()

    with closing(open_reader(old)) as upgraded, closing(open_reader(tmp_path / "new.db")) as new:
        assert sorted(things(upgraded)) == sorted(things(new)) == sorted(wanted_things())
        assert version_of(upgraded) == VERSION
        assert upgraded.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert upgraded.execute("PRAGMA foreign_key_check").fetchall() == []


def test_an_upgrade_keeps_every_row_but_the_states_of_rules(old: Path) -> None:
    before = rows_by_column(old)
    upgrade(old)
    after = rows_by_column(old)

    assert all(before.values())
    for name, rows in before.items():
        kept = [] if name in FORGOTTEN else rows
        for row in kept:
            if name == "registered_limits":
                row["parameter"] = RENAMED.get(row["parameter"], row["parameter"])
        columns = rows[0].keys()
        shown = [{key: row[key] for key in columns} for row in after[name]]
        assert sorted(map(repr, shown)) == sorted(map(repr, kept)), name


def test_what_is_new_of_an_old_alert_is_that_its_area_is_unknown(old: Path) -> None:
    upgrade(old)

    with closing(open_reader(old)) as reader:
        assert [(each.id, each.areas) for each in alerts(reader, 9, area="unknown")] == [
            ("leak:1", "")
        ]


def test_the_upgrade_says_what_it_did_and_the_second_does_nothing(
    old: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        first, second = upgrade(old), upgrade(old)

    assert (first, second) == ((1, 2, 1), None)
    assert len(caplog.messages) == 1
    assert "schema version 1 brought to 2 in " in caplog.text
    assert "2 states of rules were left behind" in caplog.text
    assert "1 open alerts stay" in caplog.text


def test_nothing_but_the_upgrade_touches_a_journal_of_an_older_version(old: Path) -> None:
    for open_ in (open_reader, open_writer):
        with pytest.raises(JournalError, match=r"schema version 1, this .* `gridwatch run` or"):
            open_(old)

    assert version_in(old) == 1


@pytest.mark.parametrize("version", [0, VERSION + 1])
def test_an_upgrade_refuses_a_version_that_it_does_not_know(old: Path, version: int) -> None:
    with closing(sqlite3.connect(old)) as database:
        database.execute(f"PRAGMA user_version = {version}")

    with pytest.raises(JournalError, match=f"schema version {version}, this program knows"):
        upgrade(old)


def test_a_kill_in_the_midst_of_an_upgrade_leaves_the_journal_as_it_was(old: Path) -> None:
    copy = old.with_name("copy.db")
    shutil.copy(old, copy)
    before = rows_by_column(old)
    steps = upgrade_killed_at(copy, -1)
    for kill in range(1, KILLS + 1):
        at = str(max(1, steps * kill // KILLS))
        command = [sys.executable, "-m", "tests.journal.version_1", str(old), at]
        done = subprocess.run(command, check=False, timeout=60)

        assert done.returncode == -signal.SIGKILL
        assert version_in(old) == 1
        assert rows_by_column(old) == before
    assert upgrade(old)


@pytest.mark.servers
def test_the_service_runs_on_a_journal_of_version_1(tmp_path: Path, mosquitto: Mosquitto) -> None:
    tables: Tables = {
        "mqtt": mqtt_table(mosquitto.port),
        "rules": {"judge": True},
        "journal": {"retention_days": 3650},
    }
    folder = tmp_path / "gridwatch"
    folder.mkdir()
    make_version_1(folder / "gridwatch.db")
    with Gridwatch(folder, tables) as service:
        metrics = service.metrics()
        log = service.log.read_text()

    assert metrics["gridwatch_alerts"] == 1
    assert "schema version 1 brought to 2" in log
    assert rows_of(service.journal, "SELECT count(*) FROM reading") == [(3,)]


def version_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        return version_of(database)
